# SPDX-License-Identifier: MIT
# System calls of the linux-user board: the table, its printer and the handlers.
noinst_LTLIBRARIES += plugins/boards/linux-user/libcalls.la
plugins_boards_linux_user_libcalls_la_SOURCES = \
	plugins/boards/linux-user/calls.c plugins/boards/linux-user/calls.h \
	plugins/boards/linux-user/calls.def plugins/boards/linux-user/calls-state.h \
	plugins/boards/linux-user/host-calls.h \
	plugins/boards/linux-user/strace.c plugins/boards/linux-user/strace.h \
	plugins/boards/linux-user/strace_names.c plugins/boards/linux-user/strace_types.c \
	plugins/boards/linux-user/open_flags.c plugins/boards/linux-user/open_flags.h \
	plugins/boards/linux-user/ioctl.c plugins/boards/linux-user/ioctl.h \
	plugins/boards/linux-user/ioctl_table.c \
	plugins/boards/linux-user/call_aio.c plugins/boards/linux-user/call_fd.c \
	plugins/boards/linux-user/call_file.c \
	plugins/boards/linux-user/call_ipc.c plugins/boards/linux-user/call_poll.c \
	plugins/boards/linux-user/call_process.c plugins/boards/linux-user/call_stat.c \
	plugins/boards/linux-user/call_socket.c plugins/boards/linux-user/call_vm.c
plugins_boards_linux_user_libcalls_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
