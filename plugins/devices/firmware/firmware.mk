# SPDX-License-Identifier: MIT
# Services that guests take for firmware, carried out by the host.
bpplugin_LTLIBRARIES += plugins/psci.la
plugins_psci_la_SOURCES = plugins/devices/firmware/psci.c
plugins_psci_la_LDFLAGS = $(plugin_ldflags)

bpplugin_LTLIBRARIES += plugins/semihosting.la
plugins_semihosting_la_SOURCES = plugins/devices/firmware/semihosting.c \
	plugins/devices/firmware/semihosting-files.c plugins/devices/firmware/semihosting.h
plugins_semihosting_la_LDFLAGS = $(plugin_ldflags)
