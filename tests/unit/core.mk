# SPDX-License-Identifier: MIT
# The core: parts, registers, memory, time, the outside world, saved state.
EXTRA_DIST += tests/unit/core_fixture.h
core_unit_tests = tests/unit/test_core_memory tests/unit/test_core_outside \
	tests/unit/test_core_parts tests/unit/test_core_place tests/unit/test_core_regs tests/unit/test_core_state \
	tests/unit/test_core_time tests/unit/test_tcg_tlb
if HAVE_CHECK
check_PROGRAMS += $(core_unit_tests)
TESTS += $(core_unit_tests)
core_unit_libs = core/libbackplane.la $(CHECK_LIBS) $(GLIB_LIBS)
core_unit_cppflags = $(core_cppflags) $(CHECK_CFLAGS)

tests_unit_test_core_memory_SOURCES = tests/unit/test_core_memory.c
tests_unit_test_core_memory_CPPFLAGS = $(core_unit_cppflags)
tests_unit_test_core_memory_LDADD = $(core_unit_libs)

tests_unit_test_core_parts_SOURCES = tests/unit/test_core_parts.c
tests_unit_test_core_parts_CPPFLAGS = $(core_unit_cppflags)
tests_unit_test_core_parts_LDADD = $(core_unit_libs)

tests_unit_test_core_place_SOURCES = tests/unit/test_core_place.c
tests_unit_test_core_place_CPPFLAGS = $(core_unit_cppflags)
tests_unit_test_core_place_LDADD = $(core_unit_libs)

tests_unit_test_core_regs_SOURCES = tests/unit/test_core_regs.c
tests_unit_test_core_regs_CPPFLAGS = $(core_unit_cppflags)
tests_unit_test_core_regs_LDADD = $(core_unit_libs)

tests_unit_test_core_outside_SOURCES = tests/unit/test_core_outside.c
tests_unit_test_core_outside_CPPFLAGS = $(core_unit_cppflags)
tests_unit_test_core_outside_LDADD = $(core_unit_libs)

tests_unit_test_core_state_SOURCES = tests/unit/test_core_state.c
tests_unit_test_core_state_CPPFLAGS = $(core_unit_cppflags)
tests_unit_test_core_state_LDADD = $(core_unit_libs)

tests_unit_test_core_time_SOURCES = tests/unit/test_core_time.c
tests_unit_test_core_time_CPPFLAGS = $(core_unit_cppflags)
tests_unit_test_core_time_LDADD = $(core_unit_libs)

# The accelerator is a module that uses what the program exports.
tests_unit_test_tcg_tlb_SOURCES = tests/unit/test_tcg_tlb.c
tests_unit_test_tcg_tlb_CPPFLAGS = $(core_unit_cppflags)
tests_unit_test_tcg_tlb_LDADD = $(core_unit_libs)
tests_unit_test_tcg_tlb_LDFLAGS = -Wl,--export-dynamic -Wl,-u,machine_instrument
else
EXTRA_DIST += $(core_unit_tests:=.c)
endif
