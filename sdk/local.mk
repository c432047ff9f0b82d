# SPDX-License-Identifier: MIT
bpincludedir = $(includedir)/backplane
sdk_headers = \
	sdk/include/backplane/abi.h sdk/include/backplane/backend.h sdk/include/backplane/block.h \
	sdk/include/backplane/board.h sdk/include/backplane/chardev.h \
	sdk/include/backplane/codegen.h sdk/include/backplane/debug.h \
	sdk/include/backplane/debuggee.h \
	sdk/include/backplane/device.h \
	sdk/include/backplane/fifo.h sdk/include/backplane/files.h \
	sdk/include/backplane/host.h \
	sdk/include/backplane/instrument.h sdk/include/backplane/iovec.h \
	sdk/include/backplane/ir.h sdk/include/backplane/memory.h sdk/include/backplane/net.h \
	sdk/include/backplane/softfloat.h sdk/include/backplane/target.h \
	sdk/include/backplane/time.h sdk/include/backplane/user.h sdk/include/backplane/linux.h \
	sdk/include/backplane/linux-calls.h sdk/include/backplane/linux-host.h
bpinclude_HEADERS = $(sdk_headers)
bpincludebusdir = $(includedir)/backplane/bus
bpincludebus_HEADERS = sdk/include/backplane/bus/button.h \
	sdk/include/backplane/bus/fwcfg.h sdk/include/backplane/bus/gic-cpu.h \
	sdk/include/backplane/bus/input.h sdk/include/backplane/bus/msi.h \
	sdk/include/backplane/bus/pci.h sdk/include/backplane/bus/scsi.h \
	sdk/include/backplane/bus/riscv-time.h \
	sdk/include/backplane/bus/semihosting.h sdk/include/backplane/bus/smccc.h \
	sdk/include/backplane/bus/virtio.h sdk/include/backplane/bus/virtio-serial.h
bpsdkdir = $(datadir)/backplane/sdk
bpsdk_DATA = sdk/plugin.map
pkgconfig_DATA += sdk/backplane-plugin.pc
EXTRA_DIST += sdk/plugin.map
include core/bp-check/local.mk

# the pages link to each other; the headers are the reference
bpsdkdocdir = $(bpsdkdir)/docs
dist_bpsdkdoc_DATA = docs/README.md docs/aarch64.md docs/abi.md docs/backends.md \
	docs/boards.md docs/debugging.md docs/decode-tables.md docs/devices.md \
	docs/io.md docs/ir.md docs/linux-user.md docs/pci.md \
	docs/targets.md docs/testing.md docs/threads.md docs/translation.md \
	docs/user-mode.md docs/virtio.md

bpexamplesdir = $(bpsdkdir)/examples
dist_bpexamples_DATA = sdk/examples/tiny-board.c sdk/examples/tiny-gpio.c \
	sdk/examples/tiny-icount.c sdk/examples/tiny-pci.c sdk/examples/tiny-timer.c \
	sdk/examples/tiny-uart.c
bpdevicedir = $(bpsdkdir)/templates/device
dist_bpdevice_DATA = sdk/templates/device/Makefile sdk/templates/device/device.c
bppcidevicedir = $(bpsdkdir)/templates/pci-device
dist_bppcidevice_DATA = sdk/templates/pci-device/Makefile sdk/templates/pci-device/pci-device.c
bpboarddir = $(bpsdkdir)/templates/board
dist_bpboard_DATA = sdk/templates/board/Makefile sdk/templates/board/board.c
bpinstrumentdir = $(bpsdkdir)/templates/instrument
dist_bpinstrument_DATA = sdk/templates/instrument/Makefile sdk/templates/instrument/instrument.c
