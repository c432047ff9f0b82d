# SPDX-License-Identifier: MIT
# Chardev drivers: the host's side of serial ports and consoles.
bpplugin_LTLIBRARIES += plugins/char-file.la plugins/char-null.la plugins/char-pty.la \
	plugins/char-socket.la plugins/char-stdio.la
plugins_char_file_la_SOURCES = plugins/backends/char-file.c plugins/backends/char-fd.h
plugins_char_file_la_LDFLAGS = $(plugin_ldflags)
plugins_char_null_la_SOURCES = plugins/backends/char-null.c
plugins_char_null_la_LDFLAGS = $(plugin_ldflags)
plugins_char_pty_la_SOURCES = plugins/backends/char-pty.c plugins/backends/char-fd.h
plugins_char_pty_la_LDFLAGS = $(plugin_ldflags)
plugins_char_socket_la_SOURCES = plugins/backends/char-socket.c plugins/backends/char-fd.h
plugins_char_socket_la_LDFLAGS = $(plugin_ldflags)
plugins_char_stdio_la_SOURCES = plugins/backends/char-stdio.c plugins/backends/char-fd.h
plugins_char_stdio_la_LDFLAGS = $(plugin_ldflags)
