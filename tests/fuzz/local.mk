# SPDX-License-Identifier: MIT
# Fuzz targets of what the core reads from outside; each runs briefly in make check.
core_fuzz_ldadd = core/libbackplane.la
core_fuzzers = tests/fuzz/fuzz_images tests/fuzz/fuzz_manifest tests/fuzz/fuzz_dtb \
	tests/fuzz/fuzz_options
check_PROGRAMS += $(core_fuzzers)
TESTS += $(core_fuzzers)
tests_fuzz_fuzz_images_SOURCES = tests/fuzz/fuzz_images.c tests/fuzz/fuzz.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_images_CPPFLAGS = $(core_cppflags)
tests_fuzz_fuzz_images_LDADD = $(core_fuzz_ldadd) $(ZLIB_LIBS)
tests_fuzz_fuzz_manifest_SOURCES = tests/fuzz/fuzz_manifest.c tests/fuzz/fuzz.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_manifest_CPPFLAGS = $(core_cppflags)
tests_fuzz_fuzz_manifest_LDADD = $(core_fuzz_ldadd)
tests_fuzz_fuzz_dtb_SOURCES = tests/fuzz/fuzz_dtb.c tests/fuzz/fuzz.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_dtb_CPPFLAGS = $(core_cppflags)
tests_fuzz_fuzz_dtb_LDADD = $(core_fuzz_ldadd) $(FDT_LIBS)
tests_fuzz_fuzz_options_SOURCES = tests/fuzz/fuzz_options.c tests/fuzz/fuzz.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_options_CPPFLAGS = $(core_cppflags)
tests_fuzz_fuzz_options_LDADD = $(core_fuzz_ldadd)
