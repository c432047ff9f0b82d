#!/bin/sh
# SPDX-License-Identifier: MIT
# pauth-system.sh: codes of pointer authentication on a machine, with known keys, against those of another emulator. Run by `make check`
# in the build folder.
set -u
here=${srcdir:-.}/tests/guest/aarch64
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
basenc -d --base16 -i "$here/pauth-system.hex" | gzip -d >"$tmp/kernel" || exit 1
timeout 300 ./backplane -M arm-virt -cpu max,pauth-impdef=off -nographic -kernel "$tmp/kernel" </dev/null |
    tr -d '\r' >"$tmp/out" || exit 1
diff "$here/pauth-system.golden" "$tmp/out" && echo "ok: $(wc -l <"$tmp/out") codes agree"
