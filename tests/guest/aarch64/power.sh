#!/bin/sh
# SPDX-License-Identifier: MIT
# power.sh: a vCPU that is off until it is switched on (power.S), by each backend. Run by `make check` in the
# build folder.
set -u
here=${srcdir:-.}/tests/guest/aarch64
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
status=0
basenc -d --base16 -i "$here/power.hex" >"$tmp/power" || exit 1
for backend in plugins/tcg-*.la; do
    backend=$(basename "$backend" .la)
    if timeout 300 ./backplane -M arm-virt -cpu cortex-a72 -smp 2 -accel tcg,backend=$backend \
        -device loader,file="$tmp/power",addr=0x40100000,cpu-num=0,force-raw=on -nographic \
        </dev/null >"$tmp/out" 2>&1 && grep -q '^passed' "$tmp/out"; then
        echo "ok: $backend"
    else
        echo "FAILED: $backend:"
        cat "$tmp/out"
        status=1
    fi
done
exit $status
