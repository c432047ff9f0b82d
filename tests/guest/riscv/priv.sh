#!/bin/sh
# SPDX-License-Identifier: MIT
# priv.sh: privileged behaviour (priv.c) by each backend. Run by `make check` in the build folder.
set -u
here=${srcdir:-.}/tests/guest/riscv
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
status=0
for bits in 64 32; do
    basenc -d --base16 -i "$here/priv$bits.hex" >"$tmp/priv$bits" || exit 1
    for backend in plugins/tcg-*.la; do
        backend=$(basename "$backend" .la)
        if timeout 300 ./backplane -M riscv-virt -cpu rv$bits -accel tcg,backend=$backend -bios none \
            -kernel "$tmp/priv$bits" -nographic </dev/null >"$tmp/out" 2>&1 &&
            grep -q '^passed: 0x' "$tmp/out"; then
            echo "ok: RV$bits, $backend: $(tail -n 1 "$tmp/out")"
        else
            echo "FAILED: RV$bits, $backend:"
            tail -n 20 "$tmp/out"
            status=1
        fi
    done
done
exit $status
