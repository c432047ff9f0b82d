# SPDX-License-Identifier: MIT
include plugins/targets/aarch64/decode.mk
bpplugin_LTLIBRARIES += plugins/aarch64.la
plugins_aarch64_la_SOURCES = \
	plugins/targets/aarch64/cpu.h \
	plugins/targets/aarch64/crc.c \
	plugins/targets/aarch64/crypto.c \
	plugins/targets/aarch64/crypto.h \
	plugins/targets/aarch64/debug.c \
	plugins/targets/aarch64/exc.c \
	plugins/targets/aarch64/fdt.c \
	plugins/targets/aarch64/flags.c \
	plugins/targets/aarch64/fp.c \
	plugins/targets/aarch64/fp.h \
	plugins/targets/aarch64/fp_bf16.c \
	plugins/targets/aarch64/fp_half.c \
	plugins/targets/aarch64/hwdebug.c \
	plugins/targets/aarch64/linux.c \
	plugins/targets/aarch64/mmu.c \
	plugins/targets/aarch64/mmu.h \
	plugins/targets/aarch64/mmu_fault.c \
	plugins/targets/aarch64/mmu_op.c \
	plugins/targets/aarch64/mmu_walk.c \
	plugins/targets/aarch64/pauth.c \
	plugins/targets/aarch64/pauth.h \
	plugins/targets/aarch64/pmu.c \
	plugins/targets/aarch64/pmu.h \
	plugins/targets/aarch64/power.c \
	plugins/targets/aarch64/qarma.c \
	plugins/targets/aarch64/simd.c \
	plugins/targets/aarch64/simd.h \
	plugins/targets/aarch64/sm.c \
	plugins/targets/aarch64/state.h \
	plugins/targets/aarch64/sysreg.c \
	plugins/targets/aarch64/sysreg.h \
	plugins/targets/aarch64/sysreg_el.c \
	plugins/targets/aarch64/sysreg_id.c \
	plugins/targets/aarch64/target.c \
	plugins/targets/aarch64/timer.c \
	plugins/targets/aarch64/timer.h \
	plugins/targets/aarch64/tr.h \
	plugins/targets/aarch64/tr_branch.c \
	plugins/targets/aarch64/tr_crypto.c \
	plugins/targets/aarch64/tr_flags.c \
	plugins/targets/aarch64/tr_fp.c \
	plugins/targets/aarch64/tr_int.c \
	plugins/targets/aarch64/tr_mem.c \
	plugins/targets/aarch64/tr_mte.c \
	plugins/targets/aarch64/tr_pauth.c \
	plugins/targets/aarch64/tr_simd.c \
	plugins/targets/aarch64/tr_simd_fp.c \
	plugins/targets/aarch64/tr_simd_half.c \
	plugins/targets/aarch64/tr_simd_misc.c \
	plugins/targets/aarch64/tr_sys.c \
	plugins/targets/aarch64/tr_vmem.c \
	plugins/targets/aarch64/translate.c \
	plugins/targets/aarch64/trap.c
nodist_plugins_aarch64_la_SOURCES = plugins/targets/aarch64/a64-decode.c
plugins_aarch64_la_CPPFLAGS = $(AM_CPPFLAGS) $(aarch64_decode_cppflags)
plugins_aarch64_la_LDFLAGS = $(plugin_ldflags)
$(plugins_aarch64_la_OBJECTS): $(aarch64_decode_generated)
