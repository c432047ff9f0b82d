# SPDX-License-Identifier: MIT
# Tests of the AArch64 target. The *.hex are programs; assemble.sh makes them.
dist_check_SCRIPTS += tests/guest/aarch64/power.sh tests/guest/aarch64/rows.sh tests/guest/aarch64/priv.sh \
	tests/guest/aarch64/pauth-system.sh
TESTS += tests/guest/aarch64/power.sh tests/guest/aarch64/rows.sh tests/guest/aarch64/priv.sh \
	tests/guest/aarch64/pauth-system.sh
check_PROGRAMS += tests/unit/test_aarch64_qarma
TESTS += tests/unit/test_aarch64_qarma
tests_unit_test_aarch64_qarma_SOURCES = tests/unit/test_aarch64_qarma.c \
	plugins/targets/aarch64/pauth.h plugins/targets/aarch64/qarma.c
tests_unit_test_aarch64_qarma_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
EXTRA_DIST += tests/guest/aarch64/kvm.c tests/guest/aarch64/kvm-guest.S \
	tests/guest/aarch64/bti.c tests/guest/aarch64/bti.hex \
	tests/guest/aarch64/pauth.c tests/guest/aarch64/pauth.hex \
	tests/guest/aarch64/pauth-system.S tests/guest/aarch64/pauth-system.golden \
	tests/guest/aarch64/pauth-system.hex \
	tests/guest/aarch64/assemble.sh tests/guest/aarch64/rows.S tests/guest/aarch64/rows.c \
	tests/guest/aarch64/rows.golden tests/guest/aarch64/rows.hex tests/guest/aarch64/sample.c
EXTRA_DIST += \
	tests/guest/aarch64/priv.S tests/guest/aarch64/priv.c tests/guest/aarch64/priv.h \
	tests/guest/aarch64/priv.hex tests/guest/aarch64/priv.ld tests/guest/aarch64/priv_bti.c tests/guest/aarch64/priv_debug.c \
	tests/guest/aarch64/priv_irq.c \
	tests/guest/aarch64/priv_mmu.c tests/guest/aarch64/priv_mmu.h tests/guest/aarch64/priv_stage2.c
EXTRA_DIST += tests/guest/aarch64/power.S tests/guest/aarch64/power.hex
