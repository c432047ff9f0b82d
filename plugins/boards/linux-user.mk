# SPDX-License-Identifier: MIT
bpplugin_LTLIBRARIES += plugins/linux-user.la
plugins_linux_user_la_SOURCES = \
	plugins/boards/linux-user/areas.c plugins/boards/linux-user/areas.h \
	plugins/boards/linux-user/call_memory.c \
	plugins/boards/linux-user/call_path.c plugins/boards/linux-user/elf.c \
	plugins/boards/linux-user/elf_file.c plugins/boards/linux-user/elf_file.h \
	plugins/boards/linux-user/exec.c plugins/boards/linux-user/linux-user.h \
	plugins/boards/linux-user/main.c plugins/boards/linux-user/memory.c \
	plugins/boards/linux-user/path.c plugins/boards/linux-user/proc.c \
	plugins/boards/linux-user/program.c plugins/boards/linux-user/program.h \
	plugins/boards/linux-user/space.c plugins/boards/linux-user/space.h \
	plugins/boards/linux-user/space_move.c plugins/boards/linux-user/stack.c
plugins_linux_user_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
plugins_linux_user_la_LDFLAGS = $(plugin_ldflags)
plugins_linux_user_la_LIBADD = plugins/boards/linux-user/libcalls.la \
	plugins/boards/linux-user/libtasks.la
