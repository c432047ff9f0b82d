# SPDX-License-Identifier: MIT
# Virtio: the engine, transports and devices.
bpplugin_LTLIBRARIES += \
	plugins/virtio.la plugins/virtio-mmio.la plugins/virtio-blk.la plugins/virtio-net.la \
	plugins/virtio-rng.la plugins/virtio-serial.la plugins/virtconsole.la plugins/virtserialport.la \
	plugins/virtio-pci.la plugins/virtio-scsi.la plugins/virtio-balloon.la plugins/virtio-input.la
plugins_virtio_la_SOURCES = plugins/devices/virtio/virtio.c plugins/devices/virtio/ring.c \
	plugins/devices/virtio/ring.h
plugins_virtio_la_LDFLAGS = $(plugin_ldflags)
plugins_virtio_mmio_la_SOURCES = plugins/devices/virtio/virtio-mmio.c
plugins_virtio_mmio_la_LDFLAGS = $(plugin_ldflags)
plugins_virtio_blk_la_SOURCES = plugins/devices/virtio/virtio-blk.c
plugins_virtio_blk_la_LDFLAGS = $(plugin_ldflags)
plugins_virtio_net_la_SOURCES = plugins/devices/virtio/virtio-net.c
plugins_virtio_net_la_LDFLAGS = $(plugin_ldflags)
plugins_virtio_rng_la_SOURCES = plugins/devices/virtio/virtio-rng.c
plugins_virtio_rng_la_LDFLAGS = $(plugin_ldflags)
plugins_virtio_serial_la_SOURCES = plugins/devices/virtio/virtio-serial.c
plugins_virtio_serial_la_LDFLAGS = $(plugin_ldflags)
plugins_virtconsole_la_SOURCES = plugins/devices/virtio/virtconsole.c plugins/devices/virtio/virtio-port.h
plugins_virtconsole_la_LDFLAGS = $(plugin_ldflags)
plugins_virtserialport_la_SOURCES = plugins/devices/virtio/virtserialport.c \
	plugins/devices/virtio/virtio-port.h
plugins_virtserialport_la_LDFLAGS = $(plugin_ldflags)
plugins_virtio_pci_la_SOURCES = plugins/devices/virtio/virtio-pci.c
plugins_virtio_pci_la_LDFLAGS = $(plugin_ldflags)
plugins_virtio_scsi_la_SOURCES = plugins/devices/virtio/virtio-scsi.c
plugins_virtio_scsi_la_LDFLAGS = $(plugin_ldflags)
plugins_virtio_balloon_la_SOURCES = plugins/devices/virtio/virtio-balloon.c
plugins_virtio_balloon_la_LDFLAGS = $(plugin_ldflags)
plugins_virtio_input_la_SOURCES = plugins/devices/virtio/virtio-input.c
plugins_virtio_input_la_LDFLAGS = $(plugin_ldflags)
