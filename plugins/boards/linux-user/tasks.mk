# SPDX-License-Identifier: MIT
# Tasks and signals of the linux-user board, and the system calls about them.
noinst_LTLIBRARIES += plugins/boards/linux-user/libtasks.la
plugins_boards_linux_user_libtasks_la_SOURCES = \
	plugins/boards/linux-user/call_clone.c plugins/boards/linux-user/call_futex.c \
	plugins/boards/linux-user/debug.c plugins/boards/linux-user/debug.h \
	plugins/boards/linux-user/call_signal.c plugins/boards/linux-user/call_task.c \
	plugins/boards/linux-user/signals.c plugins/boards/linux-user/signals.h \
	plugins/boards/linux-user/task.c plugins/boards/linux-user/task.h
plugins_boards_linux_user_libtasks_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
