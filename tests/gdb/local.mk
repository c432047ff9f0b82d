# SPDX-License-Identifier: MIT
# The gdb stub from outside, and its fuzz target.
dist_check_SCRIPTS += tests/gdb/test-protocol.py tests/gdb/test-sessions.sh \
	tests/gdb/test-program.sh tests/gdb/test-program.py
EXTRA_DIST += tests/gdb/assemble.sh tests/gdb/guest.S tests/gdb/guest.c tests/gdb/guest.ld \
	tests/gdb/guest32.hex tests/gdb/guest64.hex tests/gdb/kernel.py tests/gdb/program.c \
	tests/gdb/remote.py tests/gdb/session.sh
TESTS += tests/gdb/test-protocol.py tests/gdb/test-sessions.sh tests/gdb/test-program.sh tests/gdb/test-program.py

check_PROGRAMS += tests/fuzz/fuzz_gdb
TESTS += tests/fuzz/fuzz_gdb
tests_fuzz_fuzz_gdb_SOURCES = tests/fuzz/fuzz_gdb.c tests/fuzz/fuzz.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_gdb_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) $(GLIB_CFLAGS)
tests_fuzz_fuzz_gdb_LDADD = $(GLIB_LIBS)
