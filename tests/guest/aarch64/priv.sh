#!/bin/sh
# SPDX-License-Identifier: MIT
# priv.sh: privileged behaviour (priv.c) at EL2 and at EL3, by each backend. Run by `make check` in the build
# folder.
set -u
here=${srcdir:-.}/tests/guest/aarch64
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
status=0
basenc -d --base16 -i "$here/priv.hex" | gzip -d >"$tmp/priv" || exit 1
for backend in plugins/tcg-*.la; do
    backend=$(basename "$backend" .la)
    for levels in virtualization=on virtualization=on,secure=on; do
        if timeout 240 ./backplane -M arm-virt,$levels -cpu max -accel tcg,backend=$backend \
            -device loader,file="$tmp/priv",cpu-num=0 -nographic </dev/null >"$tmp/out" 2>&1 &&
            grep -q '^passed: 0x' "$tmp/out"; then
            echo "ok: $levels, $backend: $(tail -n 1 "$tmp/out")"
        else
            echo "FAILED: $levels, $backend:"
            tail -n 20 "$tmp/out"
            status=1
        fi
    done
done
exit $status
