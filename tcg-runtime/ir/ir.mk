# SPDX-License-Identifier: MIT
# The IR: buffer, text, checker, folding, dead code.
tcg_ir_sources = \
	tcg-runtime/ir/check.c \
	tcg-runtime/ir/eval.c \
	tcg-runtime/ir/fold.c \
	tcg-runtime/ir/fold.h \
	tcg-runtime/ir/ir.c \
	tcg-runtime/ir/ir.h \
	tcg-runtime/ir/names.h \
	tcg-runtime/ir/opt.c \
	tcg-runtime/ir/opt.h \
	tcg-runtime/ir/parse.c \
	tcg-runtime/ir/print.c

# fold.rules becomes C. The tool runs on the build machine: for cross builds make it there first and
# say make GENFOLD=/path/to/genfold.
GENFOLD = tcg-runtime/ir/genfold$(EXEEXT)
noinst_PROGRAMS += tcg-runtime/ir/genfold
tcg_runtime_ir_genfold_SOURCES = tcg-runtime/ir/genfold.c tcg-runtime/ir/genfold.h \
	tcg-runtime/ir/genfold_emit.c
tcg-runtime/ir/fold_rules.inc: $(srcdir)/tcg-runtime/ir/fold.rules $(GENFOLD)
	$(AM_V_GEN)$(GENFOLD) match $(srcdir)/tcg-runtime/ir/fold.rules > $@.tmp && mv $@.tmp $@
tcg-runtime/ir/fold_proofs.inc: $(srcdir)/tcg-runtime/ir/fold.rules $(GENFOLD)
	$(AM_V_GEN)$(GENFOLD) prove $(srcdir)/tcg-runtime/ir/fold.rules > $@.tmp && mv $@.tmp $@
$(plugins_accel_tcg_la_OBJECTS): | tcg-runtime/ir/fold_rules.inc
BUILT_SOURCES += tcg-runtime/ir/fold_rules.inc
CLEANFILES += tcg-runtime/ir/fold_rules.inc tcg-runtime/ir/fold_proofs.inc
EXTRA_DIST += tcg-runtime/ir/fold.rules
