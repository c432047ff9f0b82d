# SPDX-License-Identifier: MIT
# PCI: the engine, host bridges.
bpplugin_LTLIBRARIES += plugins/pci.la plugins/pci-host-ecam.la
plugins_pci_la_SOURCES = plugins/devices/pci/pci.c plugins/devices/pci/msix.c \
	plugins/devices/pci/engine.h
plugins_pci_la_LDFLAGS = $(plugin_ldflags)
plugins_pci_host_ecam_la_SOURCES = plugins/devices/pci/pci-host-ecam.c
plugins_pci_host_ecam_la_LDFLAGS = $(plugin_ldflags)
