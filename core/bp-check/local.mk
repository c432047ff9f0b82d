# SPDX-License-Identifier: MIT
# bp-check: checks plugin files; see docs and main.c.
bin_PROGRAMS += bp-check
bp_check_SOURCES = core/bp-check/check.h core/bp-check/elf.c core/bp-check/live.c core/bp-check/main.c \
	core/bp-check/outside.c core/bp-check/outside.h core/bp-check/pcihost.c \
	core/bp-check/pcihost.h core/bp-check/stubs.h core/bp-check/tables.c
bp_check_CPPFLAGS = $(core_cppflags)
bp_check_LDADD = core/libbackplane.la
