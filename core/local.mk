# SPDX-License-Identifier: MIT
# The core: a convenience library that the program and the tests link. What accelerators use of it
# (face.h) is exported by the program.
include core/parts.mk

core_a_sources = \
	core/board.c core/builtin.h core/connect.c core/cpus.c core/face.h core/fdt.c core/fdt.h \
	core/fdt_check.c core/files.c core/files.h core/graph.c core/graph.h core/help.c core/help.h core/images.c \
	core/images.h core/instrument.c core/instrument.h core/lists.c core/loader.c core/loader.h \
	core/log.c core/log.h \
	core/manifest.c core/manifest.h core/normal.c core/normal.h core/options.c core/options.h \
	core/place.c \
	core/wires.c core/words.c

noinst_LTLIBRARIES += core/libbackplane.la
core_libbackplane_la_SOURCES = $(core_a_sources) $(core_b_sources)
core_libbackplane_la_CPPFLAGS = $(core_cppflags) \
	-DBACKPLANE_BIN_DIR='"$(bindir)"' -DBACKPLANE_PLUGIN_DIR='"$(bpplugindir)"'
core_libbackplane_la_LIBADD = $(GLIB_LIBS) $(ZLIB_LIBS) $(FDT_LIBS) -lpthread

bin_PROGRAMS += backplane
backplane_SOURCES = core/main.c
backplane_CPPFLAGS = $(core_cppflags)
backplane_LDADD = core/libbackplane.la
backplane_LDFLAGS = -Wl,--export-dynamic
