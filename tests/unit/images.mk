# SPDX-License-Identifier: MIT
if HAVE_CHECK
check_PROGRAMS += tests/unit/test_core_images
TESTS += tests/unit/test_core_images
tests_unit_test_core_images_SOURCES = tests/unit/test_core_images.c
tests_unit_test_core_images_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_unit_test_core_images_LDADD = core/libbackplane.la $(CHECK_LIBS) $(ZLIB_LIBS)
endif
