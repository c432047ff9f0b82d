#!/bin/sh
# SPDX-License-Identifier: MIT
# rows.sh: pauth.c, bti.c, and encodings of every row of the A64 tables, and sequences of them, on many inputs (rows.c), by each
# backend, against results of another emulator (rows.golden). Run by `make check` in the build folder.
set -u
here=${srcdir:-.}/tests/guest/aarch64
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
status=0
basenc -d --base16 -i "$here/rows.hex" | gzip -d >"$tmp/rows" || exit 1
chmod +x "$tmp/rows"
backends=tcg-interp
[ -e plugins/.libs/tcg-x86_64.so ] && backends="tcg-x86_64 $backends"
# The interpreter needs half a minute, with sanitizers twenty times that: one line of sixteen is enough there.
sanitized=no
grep -aq __asan_ plugins/.libs/aarch64.so && sanitized=yes
check() { # WHAT BACKEND ACCEL
    every=1
    [ "$sanitized $2" = "yes tcg-interp" ] && every=16
    timeout 1200 ./backplane-user -accel "tcg,backend=$2$3" "$tmp/rows" / 0 $every >"$tmp/out" 2>"$tmp/err"
    awk -v every=$every '$1 == "sequence" { if (s++ % every == 0) print; next } n++ % every == 0' \
        "$here/rows.golden" >"$tmp/golden"
    if cmp -s "$tmp/out" "$tmp/golden"; then
        echo "ok: $1: $(wc -l <"$tmp/out") encodings and sequences agree"
    else
        echo "FAILED: $1:"
        cat "$tmp/err"
        diff "$tmp/golden" "$tmp/out" | head -40
        status=1
    fi
}
for b in $backends; do
    check "$b" "$b" ""
done
[ "$backends" = tcg-interp ] ||
    BACKPLANE_X86_64_FEATURES=0 check "tcg-x86_64 on an old processor" tcg-x86_64 ""
basenc -d --base16 -i "$here/pauth.hex" | gzip -d >"$tmp/pauth" || exit 1
chmod +x "$tmp/pauth"
for b in $backends; do
    for cpu in max max,pauth-impdef=off; do
        if ./backplane-user -accel "tcg,backend=$b" -cpu $cpu "$tmp/pauth" >"$tmp/out" 2>&1; then
            echo "ok: $b: pointer authentication, $cpu"
        else
            echo "FAILED: $b: pointer authentication, $cpu:"
            cat "$tmp/out"
            status=1
        fi
    done
done
basenc -d --base16 -i "$here/bti.hex" | gzip -d >"$tmp/bti" || exit 1
chmod +x "$tmp/bti"
for b in $backends; do
    for one in off on; do
        if ./backplane-user -accel "tcg,backend=$b,one-insn-per-tb=$one" "$tmp/bti" >"$tmp/out" 2>&1; then
            echo "ok: $b: branch targets, one-insn-per-tb=$one"
        else
            echo "FAILED: $b: branch targets, one-insn-per-tb=$one:"
            grep -v '^ok' "$tmp/out"
            status=1
        fi
    done
done
for cpu in max,bti=off cortex-a76; do
    if ./backplane-user -cpu $cpu "$tmp/bti" | grep -q 'FAILED HWCAP2'; then
        echo "ok: no branch targets: $cpu"
    else
        echo "FAILED: $cpu has branch targets"
        status=1
    fi
done
exit $status
