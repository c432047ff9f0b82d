# SPDX-License-Identifier: MIT
# Parts of the linux-user board that need no program, and how its command lines are read.
user_unit_tests = tests/unit/test_user_areas tests/unit/test_user_path \
	tests/unit/test_program_options tests/fuzz/fuzz_user_elf
check_PROGRAMS += $(user_unit_tests)
TESTS += $(user_unit_tests)
user_unit_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir) -D_GNU_SOURCE
tests_unit_test_user_areas_SOURCES = tests/unit/test_user_areas.c \
	plugins/boards/linux-user/areas.c plugins/boards/linux-user/areas.h
tests_unit_test_user_areas_CPPFLAGS = $(user_unit_cppflags)
tests_unit_test_user_path_SOURCES = tests/unit/test_user_path.c plugins/boards/linux-user/path.c
tests_unit_test_user_path_CPPFLAGS = $(user_unit_cppflags)
tests_unit_test_program_options_SOURCES = tests/unit/test_program_options.c
tests_unit_test_program_options_CPPFLAGS = $(core_cppflags)
tests_unit_test_program_options_LDADD = core/libbackplane.la $(GLIB_LIBS)
tests_fuzz_fuzz_user_elf_SOURCES = tests/fuzz/fuzz_user_elf.c tests/fuzz/fuzz.c tests/fuzz/fuzz.h \
	plugins/boards/linux-user/elf_file.c plugins/boards/linux-user/elf_file.h
tests_fuzz_fuzz_user_elf_CPPFLAGS = $(core_cppflags) -D_GNU_SOURCE
tests_fuzz_fuzz_user_elf_LDADD = $(GLIB_LIBS)
