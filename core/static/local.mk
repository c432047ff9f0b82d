# SPDX-License-Identifier: MIT
# backplane-user-static: runs Linux programs where there is nothing else, as in a chroot. The same plugins, linked in.
EXTRA_DIST += core/static/link-plugin core/static/list-plugins
if STATIC_USER
static_plugins = accel-tcg riscv aarch64 tcg-interp linux-user control-gdb char-socket
if HOST_X86_64
static_plugins += tcg-x86_64 linux-host-x86_64
endif
static_objects = $(static_plugins:%=core/static/%.o)
static_parts = $(plugins_$(subst -,_,$(1))_la_OBJECTS) $(filter %.la,$(plugins_$(subst -,_,$(1))_la_LIBADD))
.SECONDEXPANSION:
$(static_objects): core/static/%.o: $$(call static_parts,$$*) core/static/link-plugin
	$(AM_V_GEN)$(MKDIR_P) core/static && LD='$(LD)' OBJCOPY='$(OBJCOPY)' \
	  $(srcdir)/core/static/link-plugin $* $@ $(call static_parts,$*)
core/static/table.c: core/static/local.mk core/static/list-plugins
	$(AM_V_GEN)$(MKDIR_P) core/static && $(srcdir)/core/static/list-plugins user $(static_plugins) >$@.tmp && mv $@.tmp $@
CLEANFILES += $(static_objects) core/static/table.c

bin_PROGRAMS += backplane-user-static
backplane_user_static_SOURCES = core/main.c
nodist_backplane_user_static_SOURCES = core/static/table.c
backplane_user_static_CPPFLAGS = $(core_cppflags)
backplane_user_static_LDADD = $(static_objects) core/libbackplane.la $(STATIC_LIBS)
backplane_user_static_LDFLAGS = -all-static
backplane_user_static_DEPENDENCIES = $(static_objects) core/libbackplane.la
endif
