# SPDX-License-Identifier: MIT
# The host's side of drives and network cards.
bpplugin_LTLIBRARIES += plugins/block-raw.la plugins/net-socket.la plugins/net-stream.la
plugins_block_raw_la_SOURCES = plugins/backends/block-raw.c
plugins_block_raw_la_LDFLAGS = $(plugin_ldflags)
plugins_net_socket_la_SOURCES = plugins/backends/net-socket.c plugins/backends/net-wire.h
plugins_net_socket_la_LDFLAGS = $(plugin_ldflags)
plugins_net_stream_la_SOURCES = plugins/backends/net-stream.c plugins/backends/net-wire.h
plugins_net_stream_la_LDFLAGS = $(plugin_ldflags)

if HAVE_SLIRP
bpplugin_LTLIBRARIES += plugins/net-user.la
plugins_net_user_la_SOURCES = plugins/backends/net-user.c plugins/backends/net-user-frag.h
plugins_net_user_la_CFLAGS = $(AM_CFLAGS) $(SLIRP_CFLAGS)
plugins_net_user_la_LDFLAGS = $(plugin_ldflags)
plugins_net_user_la_LIBADD = $(SLIRP_LIBS)
endif
