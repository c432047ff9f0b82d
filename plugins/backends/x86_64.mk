# SPDX-License-Identifier: MIT
# The x86-64 code generator; built on x86-64 hosts.
bpplugin_LTLIBRARIES += plugins/tcg-x86_64.la
plugins_tcg_x86_64_la_SOURCES = \
	plugins/backends/x86_64/backend.c \
	plugins/backends/x86_64/fault.c \
	plugins/backends/x86_64/float.c \
	plugins/backends/x86_64/integer.c \
	plugins/backends/x86_64/leave.c \
	plugins/backends/x86_64/memory.c \
	plugins/backends/x86_64/prologue.c plugins/backends/x86_64/vector.c \
	plugins/backends/x86_64/x86.h
plugins_tcg_x86_64_la_CPPFLAGS = $(AM_CPPFLAGS)
plugins_tcg_x86_64_la_LDFLAGS = $(plugin_ldflags)
if HAVE_CAPSTONE
plugins_tcg_x86_64_la_CPPFLAGS += $(CAPSTONE_CFLAGS) -DHAVE_CAPSTONE
endif

# Linux programs on this host.
bpplugin_LTLIBRARIES += plugins/linux-host-x86_64.la
plugins_linux_host_x86_64_la_SOURCES = plugins/backends/x86_64/linux-host.c
plugins_linux_host_x86_64_la_LDFLAGS = $(plugin_ldflags)
