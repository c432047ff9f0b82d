# SPDX-License-Identifier: MIT
# Register allocation and the emission driver.
tcg_alloc_sources = \
	tcg-runtime/alloc/alloc.h \
	tcg-runtime/alloc/call.c \
	tcg-runtime/alloc/crypto.c \
	tcg-runtime/alloc/emit.c \
	tcg-runtime/alloc/exact.c \
	tcg-runtime/alloc/exact.h \
	tcg-runtime/alloc/internal.h \
	tcg-runtime/alloc/regs.c \
	tcg-runtime/alloc/repeat.c \
	tcg-runtime/alloc/rules.c \
	tcg-runtime/alloc/scan.c \
	tcg-runtime/alloc/state.c \
	tcg-runtime/alloc/vector.c
