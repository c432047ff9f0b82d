# SPDX-License-Identifier: MIT
# Devices of their own kind.
bpplugin_LTLIBRARIES += plugins/sifive-test.la
plugins_sifive_test_la_SOURCES = plugins/devices/misc/sifive-test.c
plugins_sifive_test_la_LDFLAGS = $(plugin_ldflags)

bpplugin_LTLIBRARIES += plugins/fw-cfg-mmio.la
plugins_fw_cfg_mmio_la_SOURCES = plugins/devices/misc/fw-cfg-mmio.c
plugins_fw_cfg_mmio_la_LDFLAGS = $(plugin_ldflags)

bpplugin_LTLIBRARIES += plugins/loader.la
plugins_loader_la_SOURCES = plugins/devices/misc/loader.c
plugins_loader_la_LDFLAGS = $(plugin_ldflags)
