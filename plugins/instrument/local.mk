# SPDX-License-Identifier: MIT
bpplugin_LTLIBRARIES += plugins/icount.la
plugins_icount_la_SOURCES = plugins/instrument/icount.c
plugins_icount_la_LDFLAGS = $(plugin_ldflags)
