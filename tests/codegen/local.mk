# SPDX-License-Identifier: MIT
# Tests of register allocation and of the backends that make host code; all linked in, so that
# sanitizers see it.
if HOST_X86_64
tests_codegen_cppflags = -I$(top_srcdir) -I$(top_srcdir)/sdk/include -I$(top_builddir)
check_LTLIBRARIES += tests/codegen/librig.la
tests_codegen_librig_la_SOURCES = tests/codegen/generate.c tests/codegen/generate.h \
	tests/codegen/oracle.c tests/codegen/rig.c tests/codegen/rig.h $(tcg_ir_sources) \
	$(tcg_alloc_sources) tcg-runtime/fp/softfloat.c $(plugins_tcg_x86_64_la_SOURCES)
tests_codegen_librig_la_CPPFLAGS = $(tests_codegen_cppflags)
tests_codegen_librig_la_LIBADD = -ldl -lm -lpthread
if HAVE_CAPSTONE
tests_codegen_librig_la_CPPFLAGS += $(CAPSTONE_CFLAGS) -DHAVE_CAPSTONE
tests_codegen_librig_la_LIBADD += $(CAPSTONE_LIBS)
endif
$(tests_codegen_librig_la_OBJECTS): | tcg-runtime/ir/fold_rules.inc

check_PROGRAMS += tests/codegen/test_counts tests/codegen/test_leave tests/codegen/test_ops \
	tests/codegen/test_random tests/codegen/test_vector
tests_codegen_test_counts_SOURCES = tests/codegen/test_counts.c
tests_codegen_test_counts_CPPFLAGS = $(tests_codegen_cppflags)
tests_codegen_test_counts_LDADD = tests/codegen/librig.la
tests_codegen_test_leave_SOURCES = tests/codegen/test_leave.c
tests_codegen_test_leave_CPPFLAGS = $(tests_codegen_cppflags)
tests_codegen_test_leave_LDADD = tests/codegen/librig.la
tests_codegen_test_ops_SOURCES = tests/codegen/test_ops.c
tests_codegen_test_ops_CPPFLAGS = $(tests_codegen_cppflags)
tests_codegen_test_ops_LDADD = tests/codegen/librig.la
tests_codegen_test_random_SOURCES = tests/codegen/test_random.c
tests_codegen_test_random_CPPFLAGS = $(tests_codegen_cppflags)
tests_codegen_test_random_LDADD = tests/codegen/librig.la
tests_codegen_test_vector_SOURCES = tests/codegen/test_vector.c
tests_codegen_test_vector_CPPFLAGS = $(tests_codegen_cppflags)
tests_codegen_test_vector_LDADD = tests/codegen/librig.la
TESTS += tests/codegen/test_leave tests/codegen/test_ops tests/codegen/test_random tests/codegen/test_vector
TESTS += tests/codegen/test-counts.sh
endif
dist_check_SCRIPTS += tests/codegen/test-counts.sh
EXTRA_DIST += tests/codegen/counts.ir tests/codegen/counts.x86_64
