# SPDX-License-Identifier: MIT
# Devices that carry characters.
bpplugin_LTLIBRARIES += plugins/ns16550a.la
plugins_ns16550a_la_SOURCES = plugins/devices/char/ns16550a.c
plugins_ns16550a_la_LDFLAGS = $(plugin_ldflags)

bpplugin_LTLIBRARIES += plugins/pl011.la
plugins_pl011_la_SOURCES = plugins/devices/char/pl011.c
plugins_pl011_la_LDFLAGS = $(plugin_ldflags)
