#!/bin/sh
# SPDX-License-Identifier: MIT
# test-user.sh: pieces of code in user mode (rig.h), by each backend; with guest memory at address 0 and
# elsewhere; in a code cache that overflows; an instruction at a time.
set -u
top=$(pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/bp-user-XXXXXX")
trap 'rm -rf "$work"' EXIT
fails=0 n=0
run() { # MACHINE ACCEL [WORD...]
    n=$((n + 1)) status=0
    timeout 300 "$top/backplane" --plugin-path "$top/tests/user/.libs" -accel "tcg,$2" \
        -M "user-rig$1" ${3:-} all >"$work/out" 2>&1 || status=$?
    grep -q '^0 failures$' "$work/out" && [ $status = 0 ] && return
    fails=$((fails + 1))
    echo "FAIL: -M user-rig$1 -accel tcg,$2: status $status"
    grep -v '^ok' "$work/out" | head -40
}
backends=tcg-interp
[ -e "$top/plugins/.libs/tcg-x86_64.so" ] && backends="tcg-x86_64 $backends"
for b in $backends; do
    run "" "backend=$b"
    run ",base=0x300000000000" "backend=$b,tb-size=1"
    run "" "backend=$b,one-insn-per-tb=on"
    run ",bytes=4G" "backend=$b" riscv32
    run ",bytes=4G,base=0x300000000000" "backend=$b" riscv32
done
[ $fails = 0 ] && echo "$n runs"
[ $fails = 0 ]
