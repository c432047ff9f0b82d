# SPDX-License-Identifier: MIT
# User mode: a board that runs pieces of riscv64 code.
check_LTLIBRARIES += tests/user/user-rig.la
tests_user_user_rig_la_SOURCES = tests/user/code.c tests/user/life.c \
	tests/user/memory.c tests/user/rig.c tests/user/rig.h
tests_user_user_rig_la_LDFLAGS = $(plugin_ldflags) -rpath /nowhere
tests_user_user_rig_la_LIBADD = -lpthread
EXTRA_DIST += tests/user/test-user.sh
TESTS += tests/user/test-user.sh
dist_check_SCRIPTS += tests/user/test-programs.sh tests/user/test-loops.sh
TESTS += tests/user/test-programs.sh tests/user/test-loops.sh
# Programs that need Debian's cross compiler.
user_signal_programs = altstack ends faults frames restart siginfo wakeups
user_thread_programs = atomics basic cancel futex litmus processes sharers sync
dist_check_SCRIPTS += tests/user/test-tasks.sh
TESTS += tests/user/test-tasks.sh
EXTRA_DIST += tests/user/check.h $(user_signal_programs:%=tests/user/signals/%.c) \
	$(user_thread_programs:%=tests/user/threads/%.c)
EXTRA_DIST += tests/user/test-static.sh tests/user/test-binfmt.sh
TESTS += tests/user/test-static.sh tests/user/test-binfmt.sh
EXTRA_DIST += tests/user/busybox-applets tests/user/check-busybox tests/user/check-cpython tests/user/check-stress tests/user/check-debootstrap tests/user/check-programs tests/user/in-guest tests/user/in-root
user_programs = archive bash coreutils curl dash gcc git lua make node openssl perl python sqlite
EXTRA_DIST += $(user_programs:%=tests/user/programs/%.sh) $(user_programs:%=tests/user/programs/%.out)
