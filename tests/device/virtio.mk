# SPDX-License-Identifier: MIT
# Virtio devices driven as a guest's driver would, and by one that misbehaves.
if HAVE_CHECK
virtio_tests = tests/device/test_virtio_blk tests/device/test_virtio_host \
	tests/device/test_virtio_input tests/device/test_virtio_net tests/device/test_virtio_pci \
	tests/device/test_virtio_ring tests/device/test_virtio_scsi tests/device/test_virtio_serial
check_PROGRAMS += $(virtio_tests)
TESTS += $(virtio_tests)

check_LTLIBRARIES += tests/device/libvirtiorig.la
tests_device_libvirtiorig_la_SOURCES = tests/device/virtio_rig.c tests/device/virtio_rig.h
tests_device_libvirtiorig_la_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_libvirtiorig_la_LIBADD = tests/device/librig.la

tests_device_test_virtio_blk_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_virtio_blk_LDADD = tests/device/libvirtiorig.la
tests_device_test_virtio_ring_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_virtio_ring_LDADD = tests/device/libvirtiorig.la
tests_device_test_virtio_net_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_virtio_net_LDADD = tests/device/libvirtiorig.la
tests_device_test_virtio_serial_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_virtio_serial_LDADD = tests/device/libvirtiorig.la
tests_device_test_virtio_host_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_virtio_host_LDADD = tests/device/libvirtiorig.la
tests_device_test_virtio_input_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_virtio_input_LDADD = tests/device/libvirtiorig.la
tests_device_test_virtio_pci_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_virtio_pci_LDADD = tests/device/libvirtiorig.la
tests_device_test_virtio_scsi_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_device_test_virtio_scsi_LDADD = tests/device/libvirtiorig.la
endif
