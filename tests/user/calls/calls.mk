# SPDX-License-Identifier: MIT
# System calls from inside guests.
dist_check_SCRIPTS += tests/user/calls/test-calls.sh
TESTS += tests/user/calls/test-calls.sh
EXTRA_DIST += tests/user/calls/check.h tests/user/calls/file.c tests/user/calls/stat.c \
	tests/user/calls/poll.c tests/user/calls/socket.c tests/user/calls/process.c \
	tests/user/calls/ipc.c tests/user/calls/aio.c tests/user/calls/map.c tests/user/calls/exec.c tests/user/calls/rows.c tests/user/calls/fuzz.c
