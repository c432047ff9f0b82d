# SPDX-License-Identifier: MIT
# What a hostile driver can do to virtio devices and PCI functions. The device bench is built once more, without libcheck.
check_PROGRAMS += tests/fuzz/fuzz_virtio
TESTS += tests/fuzz/fuzz_virtio
tests_fuzz_fuzz_virtio_SOURCES = tests/fuzz/fuzz_virtio.c tests/fuzz/fuzz.c tests/fuzz/fuzz.h \
	tests/fuzz/plain/check.h tests/device/rig.c tests/device/rig.h tests/device/virtio_rig.c \
	tests/device/virtio_rig.h
tests_fuzz_fuzz_virtio_CPPFLAGS = -I$(top_srcdir)/tests/fuzz/plain $(core_cppflags)
tests_fuzz_fuzz_virtio_LDADD = core/libbackplane.la

check_PROGRAMS += tests/fuzz/fuzz_pci
TESTS += tests/fuzz/fuzz_pci
tests_fuzz_fuzz_pci_SOURCES = tests/fuzz/fuzz_pci.c tests/fuzz/fuzz.c tests/fuzz/fuzz.h \
	tests/fuzz/plain/check.h tests/device/rig.c tests/device/rig.h tests/device/virtio_rig.c \
	tests/device/virtio_rig.h
tests_fuzz_fuzz_pci_CPPFLAGS = -I$(top_srcdir)/tests/fuzz/plain $(core_cppflags)
tests_fuzz_fuzz_pci_LDADD = core/libbackplane.la
