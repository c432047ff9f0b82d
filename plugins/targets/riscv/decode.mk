# SPDX-License-Identifier: MIT
# The instruction tables of RISC-V and what bp-decode makes of them, in the build tree.
riscv_tables = \
	plugins/targets/riscv/riscv.decode plugins/targets/riscv/rv_i.decode \
	plugins/targets/riscv/rv_m.decode plugins/targets/riscv/rv_a.decode \
	plugins/targets/riscv/rv_f.decode plugins/targets/riscv/rv_d.decode \
	plugins/targets/riscv/rv_c.decode plugins/targets/riscv/rv_zicsr.decode \
	plugins/targets/riscv/rv_zifencei.decode plugins/targets/riscv/rv_zba.decode \
	plugins/targets/riscv/rv_zbb.decode plugins/targets/riscv/rv_zbc.decode \
	plugins/targets/riscv/rv_zbs.decode plugins/targets/riscv/rv_zicbo.decode \
	plugins/targets/riscv/rv_zicond.decode plugins/targets/riscv/rv_priv.decode \
	plugins/targets/riscv/rv_svinval.decode
riscv_decode_generated = \
	plugins/targets/riscv/riscv-decode.h plugins/targets/riscv/riscv-decode.c \
	plugins/targets/riscv/riscv-handlers.inc
# For whoever includes them: add to its CPPFLAGS.
riscv_decode_cppflags = -I$(top_builddir)/plugins/targets/riscv

EXTRA_DIST += $(riscv_tables)
BUILT_SOURCES += $(riscv_decode_generated)
CLEANFILES += $(riscv_decode_generated) plugins/targets/riscv/riscv-decode.stamp

plugins/targets/riscv/riscv-decode.stamp: $(riscv_tables) $(bp_decode_built)
	$(AM_V_GEN)$(MKDIR_P) plugins/targets/riscv && rm -f $@ && set -- && \
	for t in $(riscv_tables); do set -- "$$@" "$(srcdir)/$$t"; done && \
	$(run_bp_decode) --isa riscv --header plugins/targets/riscv/riscv-decode.h \
	    --source plugins/targets/riscv/riscv-decode.c \
	    --handlers plugins/targets/riscv/riscv-handlers.inc "$$@" && : > $@
$(riscv_decode_generated): plugins/targets/riscv/riscv-decode.stamp
	@test -f $@ || { rm -f plugins/targets/riscv/riscv-decode.stamp; \
	    $(MAKE) $(AM_MAKEFLAGS) plugins/targets/riscv/riscv-decode.stamp; }
