# SPDX-License-Identifier: MIT
# The instruction tables of AArch64 and what bp-decode makes of them, in the build tree.
aarch64_tables = \
	plugins/targets/aarch64/aarch64.decode \
	plugins/targets/aarch64/a64_branch.decode \
	plugins/targets/aarch64/a64_int.decode \
	plugins/targets/aarch64/a64_mem.decode \
	plugins/targets/aarch64/a64_pauth.decode \
	plugins/targets/aarch64/a64_vmem.decode \
	plugins/targets/aarch64/a64_fp.decode \
	plugins/targets/aarch64/a64_simd.decode \
	plugins/targets/aarch64/a64_half.decode \
	plugins/targets/aarch64/a64_crypto.decode \
	plugins/targets/aarch64/a64_mte.decode
aarch64_decode_generated = \
	plugins/targets/aarch64/a64-decode.h plugins/targets/aarch64/a64-decode.c \
	plugins/targets/aarch64/a64-handlers.inc
# For whoever includes them: add to its CPPFLAGS.
aarch64_decode_cppflags = -I$(top_builddir)/plugins/targets/aarch64

EXTRA_DIST += $(aarch64_tables)
BUILT_SOURCES += $(aarch64_decode_generated)
CLEANFILES += $(aarch64_decode_generated) plugins/targets/aarch64/a64-decode.stamp

plugins/targets/aarch64/a64-decode.stamp: $(aarch64_tables) $(bp_decode_built)
	$(AM_V_GEN)$(MKDIR_P) plugins/targets/aarch64 && rm -f $@ && set -- && \
	for t in $(aarch64_tables); do set -- "$$@" "$(srcdir)/$$t"; done && \
	$(run_bp_decode) --isa a64 --header plugins/targets/aarch64/a64-decode.h \
	    --source plugins/targets/aarch64/a64-decode.c \
	    --handlers plugins/targets/aarch64/a64-handlers.inc "$$@" && : > $@
$(aarch64_decode_generated): plugins/targets/aarch64/a64-decode.stamp
	@test -f $@ || { rm -f plugins/targets/aarch64/a64-decode.stamp; \
	    $(MAKE) $(AM_MAKEFLAGS) plugins/targets/aarch64/a64-decode.stamp; }
