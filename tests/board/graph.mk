# SPDX-License-Identifier: MIT
# Boards as graphs.
check_LTLIBRARIES += tests/board/fixture-boards.la
tests_board_fixture_boards_la_SOURCES = tests/board/fixture-boards.c
tests_board_fixture_boards_la_LDFLAGS = $(plugin_ldflags) -rpath /nowhere
check_PROGRAMS += tests/board/dtb-get
tests_board_dtb_get_SOURCES = tests/board/dtb-get.c
tests_board_dtb_get_CPPFLAGS = $(GLIB_CFLAGS)
tests_board_dtb_get_LDADD = $(GLIB_LIBS) $(FDT_LIBS)
TESTS += tests/board/test-graph.sh
EXTRA_DIST += tests/board/test-graph.sh
