# SPDX-License-Identifier: MIT
# What the core takes from outside, mutated; also a libFuzzer target (-DLIBFUZZER).
if HAVE_CHECK
check_PROGRAMS += tests/fuzz/fuzz_core
TESTS += tests/fuzz/fuzz_core
tests_fuzz_fuzz_core_SOURCES = tests/fuzz/fuzz_core.c
tests_fuzz_fuzz_core_CPPFLAGS = $(core_unit_cppflags)
tests_fuzz_fuzz_core_LDADD = $(core_unit_libs)
else
EXTRA_DIST += tests/fuzz/fuzz_core.c
endif
