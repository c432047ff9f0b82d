# SPDX-License-Identifier: MIT
# The TCG accelerator: a module that resolves core/face.h from the program that loads it.
include tcg-runtime/fp/local.mk
include tcg-runtime/ir/ir.mk
include tcg-runtime/alloc/alloc.mk

tcg_exec_sources = \
	tcg-runtime/exec/debug.c tcg-runtime/exec/debug.h tcg-runtime/exec/accel.c tcg-runtime/exec/access.c tcg-runtime/exec/cache.c \
	tcg-runtime/exec/exclusive.c tcg-runtime/exec/instruments.c tcg-runtime/exec/instruments.h \
	tcg-runtime/exec/jump_cache.c tcg-runtime/exec/run.c tcg-runtime/exec/services.c \
	tcg-runtime/exec/tb.c tcg-runtime/exec/tcg.h tcg-runtime/exec/tlb.c \
	tcg-runtime/exec/tlb_mail.c \
	tcg-runtime/exec/translate.c tcg-runtime/exec/user.h tcg-runtime/exec/user_fault.c \
	tcg-runtime/exec/user_fork.c tcg-runtime/exec/user_run.c tcg-runtime/exec/user_space.c

# Built with the plugins and found like them, but not a plugin: it sees the core's face.
bpplugin_LTLIBRARIES += plugins/accel-tcg.la
plugins_accel_tcg_la_SOURCES = $(tcg_fp_sources) $(tcg_ir_sources) $(tcg_alloc_sources) \
	$(tcg_exec_sources)
plugins_accel_tcg_la_CPPFLAGS = $(core_cppflags)
plugins_accel_tcg_la_LIBADD = $(GLIB_LIBS) -lpthread -lm
plugins_accel_tcg_la_LDFLAGS = -module -avoid-version -shared -Wl,-z,now \
	-Wl,--version-script=$(top_srcdir)/sdk/plugin.map
