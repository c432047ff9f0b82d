#!/bin/sh
# SPDX-License-Identifier: MIT
# scripts/binfmt: what it prints for each target that is installed, checked against the ELF header of a program.
script=${srcdir:-.}/scripts/binfmt
fail() { echo "FAILED: $*" >&2; exit 1; }
command -v python3 >/dev/null || exit 77
lines=$("$script" --form register --program ./backplane-user) || fail "no registrations"
echo "$lines" | grep -q "^:backplane-riscv64:M:0:.*:$(pwd -P)/backplane-user:POCF\$" || fail "no riscv64: $lines"
echo "$lines" | python3 -c '
import re, struct, sys
for line in sys.stdin:
    _, name, kind, offset, magic, mask, program, flags = line.strip().split(":")
    magic, mask = (bytes.fromhex(x.replace("\\x", "")) for x in (magic, mask))
    assert len(magic) == len(mask) == 20, line
    machine, bits = {"riscv64": (243, 64), "riscv32": (243, 32), "aarch64": (183, 64)}[name.split("-")[1]]
    for etype, abi, want in ((2, 0, True), (3, 0, True), (3, 3, True), (1, 0, False), (4, 0, False)):
        head = b"\x7fELF" + bytes([bits // 32, 1, 1, abi]) + bytes(8) + struct.pack("<HH", etype, machine)
        assert all(h & m == g & m for h, m, g in zip(head, mask, magic)) == want, (line, etype, abi)
    other = head[:18] + struct.pack("<H", 62)
    assert any(o & m != g & m for o, m, g in zip(other, mask, magic)), line
' || fail "magic or mask"
"$script" --form update-binfmts --program ./backplane-user riscv64 | grep -q -- '--fix-binary yes$' || fail "update-binfmts"
"$script" --program ./backplane-user vax 2>/dev/null && fail "an unknown target"
"$script" --program /nonexistent 2>&1 | grep -q 'cannot ask' || fail "a missing program"
exit 0
