# SPDX-License-Identifier: MIT
# Devices through their registers: see rig.h. Run from the top of the build tree.
if HAVE_CHECK
device_tests = tests/device/test_chardev tests/device/test_flash tests/device/test_fwcfg \
	tests/device/test_pci \
	tests/device/test_pl011 tests/device/test_plic tests/device/test_primecell \
	tests/device/test_psci tests/device/test_random tests/device/test_semihosting \
	tests/device/test_timers tests/device/test_uart
check_PROGRAMS += $(device_tests)
TESTS += $(device_tests)

check_LTLIBRARIES += tests/device/librig.la
tests_device_librig_la_SOURCES = tests/device/rig.c tests/device/rig.h
tests_device_librig_la_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_librig_la_LIBADD = core/libbackplane.la $(CHECK_LIBS)

tests_device_test_chardev_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_chardev_LDADD = tests/device/librig.la
tests_device_test_flash_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_flash_LDADD = tests/device/librig.la
tests_device_test_fwcfg_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_fwcfg_LDADD = tests/device/librig.la
tests_device_test_pci_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_pci_LDADD = tests/device/librig.la
tests_device_test_plic_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_plic_LDADD = tests/device/librig.la
tests_device_test_pl011_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_pl011_LDADD = tests/device/librig.la
tests_device_test_primecell_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_primecell_LDADD = tests/device/librig.la
tests_device_test_psci_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_psci_LDADD = tests/device/librig.la
tests_device_test_random_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_random_LDADD = tests/device/librig.la
tests_device_test_semihosting_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_semihosting_LDADD = tests/device/librig.la
tests_device_test_timers_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_timers_LDADD = tests/device/librig.la
tests_device_test_uart_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_uart_LDADD = tests/device/librig.la
endif
