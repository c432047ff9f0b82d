# SPDX-License-Identifier: MIT
# Tests of the RISC-V target that run guest code. The *.hex are programs; assemble.sh makes them.
check_PROGRAMS += tests/guest/riscv/covered
tests_guest_riscv_covered_SOURCES = tests/guest/riscv/covered.c
nodist_tests_guest_riscv_covered_SOURCES = plugins/targets/riscv/riscv-decode.c
tests_guest_riscv_covered_CPPFLAGS = $(AM_CPPFLAGS) $(riscv_decode_cppflags)
$(tests_guest_riscv_covered_OBJECTS): $(riscv_decode_generated)
dist_check_SCRIPTS += tests/guest/riscv/rows.sh tests/guest/riscv/priv.sh
TESTS += tests/guest/riscv/covered tests/guest/riscv/rows.sh tests/guest/riscv/priv.sh
EXTRA_DIST += \
	tests/guest/riscv/assemble.sh tests/guest/riscv/priv.S tests/guest/riscv/priv.c \
	tests/guest/riscv/priv32.hex tests/guest/riscv/priv64.hex tests/guest/riscv/rows.S \
	tests/guest/riscv/rows.c tests/guest/riscv/rows.h tests/guest/riscv/rows.ld \
	tests/guest/riscv/rows32.golden tests/guest/riscv/rows32.hex \
	tests/guest/riscv/rows64.golden tests/guest/riscv/rows64.hex
