# SPDX-License-Identifier: MIT
# Decode tables: generated decoder against naive matching, golden disassembly, refused tables, fuzzing.
decode_test_cppflags = $(AM_CPPFLAGS) $(riscv_decode_cppflags)

check_PROGRAMS += tests/decode/a64_list tests/decode/test_decoder tests/decode/test_golden tests/decode/test_toy \
	tests/decode/fuzz_tables
TESTS += tests/decode/test_decoder tests/decode/test_golden tests/decode/test_toy \
	tests/decode/fuzz_tables tests/decode/test-tables.sh tests/decode/against-binutils.sh \
	tests/decode/against-objdump-a64.sh
dist_check_SCRIPTS += tests/decode/test-tables.sh tests/decode/against-binutils.sh \
	tests/decode/against-objdump-a64.sh
tests_decode_a64_list_SOURCES = tests/decode/a64_list.c
nodist_tests_decode_a64_list_SOURCES = plugins/targets/aarch64/a64-decode.c
tests_decode_a64_list_CPPFLAGS = $(AM_CPPFLAGS) $(aarch64_decode_cppflags)
$(tests_decode_a64_list_OBJECTS): $(aarch64_decode_generated)
EXTRA_DIST += tests/decode/riscv.golden tests/decode/riscv-own.golden tests/decode/toy.decode

tests_decode_test_decoder_SOURCES = tests/decode/test_decoder.c tests/decode/rng.h
nodist_tests_decode_test_decoder_SOURCES = plugins/targets/riscv/riscv-decode.c
tests_decode_test_decoder_CPPFLAGS = $(decode_test_cppflags)

tests_decode_test_golden_SOURCES = tests/decode/test_golden.c
nodist_tests_decode_test_golden_SOURCES = plugins/targets/riscv/riscv-decode.c
tests_decode_test_golden_CPPFLAGS = $(decode_test_cppflags)

tests_decode_test_toy_SOURCES = tests/decode/test_toy.c
nodist_tests_decode_test_toy_SOURCES = tests/decode/toy-decode.c
tests_decode_test_toy_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/tests/decode

tests_decode_fuzz_tables_SOURCES = tests/decode/fuzz_tables.c tests/decode/rng.h $(bp_decode_core)
tests_decode_fuzz_tables_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)

toy_generated = tests/decode/toy-decode.h tests/decode/toy-decode.c tests/decode/toy-handlers.inc
CLEANFILES += $(toy_generated) tests/decode/toy-decode.stamp
tests/decode/toy-decode.stamp: tests/decode/toy.decode $(bp_decode_built)
	$(AM_V_GEN)$(MKDIR_P) tests/decode && rm -f $@ && \
	$(run_bp_decode) --isa toy --header tests/decode/toy-decode.h \
	    --source tests/decode/toy-decode.c --handlers tests/decode/toy-handlers.inc \
	    "$(srcdir)/tests/decode/toy.decode" && : > $@
$(toy_generated): tests/decode/toy-decode.stamp
	@test -f $@ || { rm -f tests/decode/toy-decode.stamp; \
	    $(MAKE) $(AM_MAKEFLAGS) tests/decode/toy-decode.stamp; }
$(tests_decode_test_toy_OBJECTS): $(toy_generated)
$(tests_decode_test_decoder_OBJECTS) $(tests_decode_test_golden_OBJECTS): $(riscv_decode_generated)
