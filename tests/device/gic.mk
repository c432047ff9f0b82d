# SPDX-License-Identifier: MIT
# Arm's interrupt controllers.
if HAVE_CHECK
gic_tests = tests/device/test_gicv2 tests/device/test_gicv3 tests/device/test_gicv3_its
check_PROGRAMS += $(gic_tests)
TESTS += $(gic_tests)
check_LTLIBRARIES += tests/device/libgicrig.la
tests_device_libgicrig_la_SOURCES = tests/device/gic_rig.c tests/device/gic_rig.h
tests_device_libgicrig_la_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_libgicrig_la_LIBADD = tests/device/librig.la
tests_device_test_gicv2_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_gicv2_LDADD = tests/device/libgicrig.la
tests_device_test_gicv3_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_gicv3_LDADD = tests/device/libgicrig.la
tests_device_test_gicv3_its_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_gicv3_its_LDADD = tests/device/libgicrig.la
endif
