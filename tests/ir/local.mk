# SPDX-License-Identifier: MIT
# Tests of the IR and the interpreter; everything is linked in, so that sanitizers see it.
tests_ir_rig = tests/ir/rig.c tests/ir/rig.h $(tcg_ir_sources) tcg-runtime/fp/softfloat.c \
	plugins/backends/interp/compile.c plugins/backends/interp/disassemble.c \
	plugins/backends/interp/memory.c plugins/backends/interp/run.c tcg-runtime/alloc/crypto.c \
	tcg-runtime/alloc/exact.c tcg-runtime/alloc/exact.h tcg-runtime/alloc/vector.c
tests_ir_cppflags = -I$(top_srcdir) -I$(top_srcdir)/sdk/include -I$(top_builddir) $(FFI_CFLAGS)

check_LTLIBRARIES += tests/ir/librig.la
tests_ir_librig_la_SOURCES = $(tests_ir_rig)
tests_ir_librig_la_CPPFLAGS = $(tests_ir_cppflags)
tests_ir_librig_la_LIBADD = $(FFI_LIBS)

check_PROGRAMS += tests/ir/run_ir tests/ir/test_interp tests/ir/test_interp_run tests/ir/test_rules \
	tests/ir/fuzz_ir tests/ir/bench_fold
tests_ir_run_ir_SOURCES = tests/ir/run_ir.c
tests_ir_run_ir_CPPFLAGS = $(tests_ir_cppflags)
tests_ir_run_ir_LDADD = tests/ir/librig.la
tests_ir_test_interp_SOURCES = tests/ir/test_interp.c tests/ir/interp.h
tests_ir_test_interp_CPPFLAGS = $(tests_ir_cppflags)
tests_ir_test_interp_LDADD = tests/ir/librig.la
tests_ir_test_interp_run_SOURCES = tests/ir/test_interp_run.c tests/ir/interp.h
tests_ir_test_interp_run_CPPFLAGS = $(tests_ir_cppflags)
tests_ir_test_interp_run_LDADD = tests/ir/librig.la
tests_ir_test_rules_SOURCES = tests/ir/test_rules.c
tests_ir_test_rules_CPPFLAGS = $(tests_ir_cppflags)
tests_ir_test_rules_LDADD = tests/ir/librig.la
$(tests_ir_test_rules_OBJECTS): | tcg-runtime/ir/fold_proofs.inc
$(tests_ir_librig_la_OBJECTS): | tcg-runtime/ir/fold_rules.inc
tests_ir_fuzz_ir_SOURCES = tests/ir/fuzz_ir.c
tests_ir_fuzz_ir_CPPFLAGS = $(tests_ir_cppflags)
tests_ir_fuzz_ir_LDADD = tests/ir/librig.la
tests_ir_bench_fold_SOURCES = tests/ir/bench_fold.c
tests_ir_bench_fold_CPPFLAGS = $(tests_ir_cppflags)
tests_ir_bench_fold_LDADD = tests/ir/librig.la

tests_ir_texts = tests/ir/parse.ir tests/ir/check.ir tests/ir/fold.ir tests/ir/optimise.ir
dist_check_SCRIPTS += tests/ir/test-text.sh
TESTS += tests/ir/test-text.sh tests/ir/test_interp tests/ir/test_interp_run tests/ir/test_rules tests/ir/fuzz_ir
EXTRA_DIST += $(tests_ir_texts)
