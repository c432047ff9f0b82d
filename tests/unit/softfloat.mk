# SPDX-License-Identifier: MIT
# The exact floating-point library against the host's FPU, tables and, where installed, MPFR.
softfloat_test_cflags = $(AM_CFLAGS) -frounding-math -ffp-contract=off
softfloat_test_sources = tests/unit/softfloat_cases.h tcg-runtime/fp/arith.h \
	tcg-runtime/fp/convert.h tcg-runtime/fp/num.h tcg-runtime/fp/pack.h \
	tcg-runtime/fp/softfloat.c tcg-runtime/fp/softfloat.h

check_PROGRAMS += tests/unit/test_softfloat
TESTS += tests/unit/test_softfloat
tests_unit_test_softfloat_SOURCES = tests/unit/test_softfloat.c $(softfloat_test_sources)
tests_unit_test_softfloat_CPPFLAGS = $(core_cppflags)
tests_unit_test_softfloat_CFLAGS = $(softfloat_test_cflags)
tests_unit_test_softfloat_LDADD = -lm

if HAVE_MPFR
check_PROGRAMS += tests/unit/test_softfloat_mpfr
TESTS += tests/unit/test_softfloat_mpfr
tests_unit_test_softfloat_mpfr_SOURCES = tests/unit/test_softfloat_mpfr.c \
	$(softfloat_test_sources)
tests_unit_test_softfloat_mpfr_CPPFLAGS = $(core_cppflags)
tests_unit_test_softfloat_mpfr_CFLAGS = $(softfloat_test_cflags)
tests_unit_test_softfloat_mpfr_LDADD = -lmpfr -lgmp
else
EXTRA_DIST += tests/unit/test_softfloat_mpfr.c
endif
