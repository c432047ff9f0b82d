# SPDX-License-Identifier: MIT
# What a hostile guest's tables can do to AArch64 address translation.
check_PROGRAMS += tests/fuzz/fuzz_a64_mmu
TESTS += tests/fuzz/fuzz_a64_mmu
tests_fuzz_fuzz_a64_mmu_SOURCES = tests/fuzz/fuzz_a64_mmu.c tests/fuzz/fuzz.c tests/fuzz/fuzz.h \
	plugins/targets/aarch64/mmu.c plugins/targets/aarch64/mmu.h plugins/targets/aarch64/mmu_fault.c \
	plugins/targets/aarch64/mmu_op.c plugins/targets/aarch64/mmu_walk.c
tests_fuzz_fuzz_a64_mmu_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) $(GLIB_CFLAGS)
tests_fuzz_fuzz_a64_mmu_LDADD = $(GLIB_LIBS)
