# SPDX-License-Identifier: MIT
# The gdb stub.
bpplugin_LTLIBRARIES += plugins/control-gdb.la
gdb_sources = \
	plugins/backends/gdb/file.c plugins/backends/gdb/gdb.c plugins/backends/gdb/gdb.h \
	plugins/backends/gdb/memory.c plugins/backends/gdb/monitor.c plugins/backends/gdb/packet.c \
	plugins/backends/gdb/packet.h plugins/backends/gdb/query.c plugins/backends/gdb/registers.c \
	plugins/backends/gdb/run.c plugins/backends/gdb/signals.c plugins/backends/gdb/threads.c
plugins_control_gdb_la_SOURCES = $(gdb_sources)
plugins_control_gdb_la_LDFLAGS = $(plugin_ldflags)
