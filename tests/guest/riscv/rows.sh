#!/bin/sh
# SPDX-License-Identifier: MIT
# rows.sh: every instruction on many inputs (rows.c), by each backend, against results of another
# emulator (rows*.golden). Run by `make check` in the build folder.
set -u
here=${srcdir:-.}/tests/guest/riscv
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
status=0
for bits in 64 32; do
    basenc -d --base16 -i "$here/rows$bits.hex" >"$tmp/rows$bits" || exit 1
    for backend in plugins/tcg-*.la; do
        backend=$(basename "$backend" .la)
        timeout 300 ./backplane -M riscv-virt -cpu rv$bits -accel tcg,backend=$backend -bios none \
            -kernel "$tmp/rows$bits" -nographic </dev/null | tr -d '\r' >"$tmp/out"
        if cmp -s "$tmp/out" "$here/rows$bits.golden"; then
            echo "ok: RV$bits, $backend: $(($(wc -l <"$tmp/out") - 1)) instruction forms agree"
        else
            echo "FAILED: RV$bits, $backend:"
            diff "$here/rows$bits.golden" "$tmp/out" | head -40
            status=1
        fi
    done
done
exit $status
