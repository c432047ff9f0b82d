# SPDX-License-Identifier: MIT
# The decoder generator: built first, used for the targets, installed for everybody's.
bin_PROGRAMS += bp-decode
bp_decode_core = \
	sdk/bp-decode/check.c sdk/bp-decode/decode.h sdk/bp-decode/emit_decoder.c \
	sdk/bp-decode/emit_disassembler.c sdk/bp-decode/emit_encoder.c sdk/bp-decode/emit_header.c \
	sdk/bp-decode/expr.c sdk/bp-decode/parse.c sdk/bp-decode/template.c sdk/bp-decode/util.c
bp_decode_SOURCES = $(bp_decode_core) sdk/bp-decode/main.c

# Cross builds run the one of the build machine: configure BP_DECODE=/usr/bin/bp-decode.
if CROSS_DECODE
run_bp_decode = $(BP_DECODE)
bp_decode_built =
else
run_bp_decode = ./bp-decode$(EXEEXT)
bp_decode_built = bp-decode$(EXEEXT)
endif
EXTRA_DIST += docs/decode-tables.md
