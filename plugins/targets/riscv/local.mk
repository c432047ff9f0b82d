# SPDX-License-Identifier: MIT
include plugins/targets/riscv/decode.mk
bpplugin_LTLIBRARIES += plugins/riscv.la
plugins_riscv_la_SOURCES = \
	plugins/targets/riscv/cpu.h plugins/targets/riscv/csr.c plugins/targets/riscv/csr.h \
	plugins/targets/riscv/debug.c plugins/targets/riscv/fdt.c plugins/targets/riscv/fp.c \
	plugins/targets/riscv/linux.c plugins/targets/riscv/mmu.c \
	plugins/targets/riscv/pmp.c plugins/targets/riscv/semihosting.c \
	plugins/targets/riscv/target.c plugins/targets/riscv/tr.h \
	plugins/targets/riscv/tr_bit.c plugins/targets/riscv/tr_fp.c plugins/targets/riscv/tr_int.c \
	plugins/targets/riscv/tr_mem.c plugins/targets/riscv/tr_sys.c \
	plugins/targets/riscv/translate.c plugins/targets/riscv/trap.c
nodist_plugins_riscv_la_SOURCES = plugins/targets/riscv/riscv-decode.c
plugins_riscv_la_CPPFLAGS = $(AM_CPPFLAGS) $(riscv_decode_cppflags)
plugins_riscv_la_LDFLAGS = $(plugin_ldflags)
$(plugins_riscv_la_OBJECTS): $(riscv_decode_generated)
