# SPDX-License-Identifier: MIT
# Sampled instruction streams on all engines and on a peer: docs/testing.md. `make check-diff DIFF_INSNS=N` runs more.
check_PROGRAMS += tests/diff/stream tests/diff/a64_stream
TESTS += tests/diff/check-diff tests/diff/check-diff-a64
dist_check_SCRIPTS += tests/diff/check-diff tests/diff/check-diff-a64
tests_diff_a64_stream_SOURCES = tests/diff/a64_stream.c tests/diff/rng.h
nodist_tests_diff_a64_stream_SOURCES = plugins/targets/aarch64/a64-decode.c
tests_diff_a64_stream_CPPFLAGS = $(AM_CPPFLAGS) $(aarch64_decode_cppflags)
$(tests_diff_a64_stream_OBJECTS): $(aarch64_decode_generated)
tests_diff_stream_SOURCES = \
	tests/diff/chunk.c tests/diff/chunk.h tests/diff/harness.c tests/diff/harness.h \
	tests/diff/image.c tests/diff/image.h tests/diff/ops.c tests/diff/ops.h tests/diff/rng.h \
	tests/diff/stream.c tests/diff/system.c tests/diff/system.h tests/diff/values.c \
	tests/diff/values.h
nodist_tests_diff_stream_SOURCES = plugins/targets/riscv/riscv-decode.c
tests_diff_stream_CPPFLAGS = $(AM_CPPFLAGS) $(riscv_decode_cppflags)
$(tests_diff_stream_OBJECTS): $(riscv_decode_generated)

.PHONY: check-diff
check-diff: all tests/diff/stream tests/diff/a64_stream
	"$(srcdir)/tests/diff/check-diff" -n $${DIFF_INSNS:-10000000} .
	"$(srcdir)/tests/diff/check-diff-a64" -n $${DIFF_INSNS:-10000000} .
