# SPDX-License-Identifier: MIT
# What a hostile guest can do to Arm's interrupt controllers; the device bench without libcheck.
check_PROGRAMS += tests/fuzz/fuzz_gic
TESTS += tests/fuzz/fuzz_gic
tests_fuzz_fuzz_gic_SOURCES = tests/fuzz/fuzz_gic.c tests/fuzz/fuzz.c tests/fuzz/fuzz.h \
	tests/fuzz/plain/check.h tests/device/rig.c tests/device/rig.h
tests_fuzz_fuzz_gic_CPPFLAGS = -I$(top_srcdir)/tests/fuzz/plain $(core_cppflags)
tests_fuzz_fuzz_gic_LDADD = core/libbackplane.la
