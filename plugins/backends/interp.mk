# SPDX-License-Identifier: MIT
# The interpreter: a backend for any host.
bpplugin_LTLIBRARIES += plugins/tcg-interp.la
plugins_tcg_interp_la_SOURCES = \
	plugins/backends/interp/alu.h \
	plugins/backends/interp/code.h \
	plugins/backends/interp/compile.c \
	plugins/backends/interp/disassemble.c \
	plugins/backends/interp/float.h \
	plugins/backends/interp/memory.c \
	plugins/backends/interp/memory.h \
	plugins/backends/interp/run.c
plugins_tcg_interp_la_CPPFLAGS = $(AM_CPPFLAGS) $(FFI_CFLAGS)
plugins_tcg_interp_la_LDFLAGS = $(plugin_ldflags)
plugins_tcg_interp_la_LIBADD = $(FFI_LIBS)
