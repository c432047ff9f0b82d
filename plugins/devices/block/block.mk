# SPDX-License-Identifier: MIT
# Devices that store blocks.
bpplugin_LTLIBRARIES += plugins/cfi-flash.la
plugins_cfi_flash_la_SOURCES = plugins/devices/block/cfi-flash.c
plugins_cfi_flash_la_LDFLAGS = $(plugin_ldflags)
bpplugin_LTLIBRARIES += plugins/scsi-disk.la
plugins_scsi_disk_la_SOURCES = plugins/devices/block/scsi-disk.c plugins/devices/block/scsi-disk.h \
	plugins/devices/block/scsi-pages.c
plugins_scsi_disk_la_LDFLAGS = $(plugin_ldflags)
