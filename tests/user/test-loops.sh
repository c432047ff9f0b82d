#!/bin/sh
# SPDX-License-Identifier: MIT
# A loop of one block is translated as one: its way back carries what it reads, and stores nothing on the way. The guest is a loop of
# 100 rounds that adds 3; its exit status is the sum's low byte.
fail() { echo "FAILED: $*" >&2; exit 1; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
python3 - "$work/guest" <<'END' || exit 77
import os, struct, sys
BASE, CODE = 0x10000, 0x10078
code = [0x06400513,  # li a0, 100
        0x00358593,  # loop: addi a1, a1, 3
        0xfff50513,  # addi a0, a0, -1
        0xfe051ce3,  # bnez a0, loop
        0x00058513,  # mv a0, a1
        0x05d00893,  # li a7, 93
        0x00000073]  # ecall
body = b''.join(c.to_bytes(4, 'little') for c in code)
head = b'\x7fELF\2\1\1' + bytes(9) + struct.pack('<HHIQQQIHHHHHH', 2, 243, 1, CODE, 64, 0, 0, 64, 56, 1, 0, 0, 0)
head += struct.pack('<IIQQQQQQ', 1, 5, 0, BASE, BASE, 120 + len(body), 120 + len(body), 4096)
open(sys.argv[1], 'wb').write(head + body)
os.chmod(sys.argv[1], 0o755)
END
# run ARGUMENT...: the sum must be right.
run() { ./backplane-user "$@" "$work/guest"; status=$?; [ $status = 44 ] || fail "status $status with $*"; }
run -d op_opt,out_asm -D "$work/log"
run -one-insn-per-tb
grep -A 3 'carry x10' "$work/log" | grep -q 'exit_if.ne .* -> 0x1007c loop repeat' || fail "no way back: $(cat "$work/log")"
grep -q 'carry x11' "$work/log" || fail "the sum is not carried"
[ "$(uname -m)" = x86_64 ] || exit 0
# Between the loads at the start and the first jump: nothing that goes to memory.
sed -n '/^OUT: 0*1007c/,/ jne /p' "$work/log" >"$work/code"
grep -q ' jne ' "$work/code" || fail "no code: $(cat "$work/log")"
! grep -q ' mov [a-z]* ptr \[' "$work/code" || fail "a store in the loop: $(cat "$work/code")"
