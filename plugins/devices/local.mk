# SPDX-License-Identifier: MIT
# A device: three lines. The module lands in plugins/.libs of the build tree.
#   bpplugin_LTLIBRARIES += plugins/NAME.la
#   plugins_NAME_la_SOURCES = plugins/devices/KIND/NAME.c
#   plugins_NAME_la_LDFLAGS = $(plugin_ldflags)
include plugins/devices/block/block.mk
include plugins/devices/char/char.mk
include plugins/devices/firmware/firmware.mk
include plugins/devices/gpio/gpio.mk
include plugins/devices/intc/intc.mk
include plugins/devices/misc/misc.mk
include plugins/devices/pci/pci.mk
include plugins/devices/timer/timer.mk
include plugins/devices/virtio/virtio.mk
