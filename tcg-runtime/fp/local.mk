# SPDX-License-Identifier: MIT
# The exact floating-point library of the TCG runtime.
tcg_fp_sources = \
	tcg-runtime/fp/arith.h \
	tcg-runtime/fp/convert.h \
	tcg-runtime/fp/num.h \
	tcg-runtime/fp/pack.h \
	tcg-runtime/fp/softfloat.c \
	tcg-runtime/fp/softfloat.h
