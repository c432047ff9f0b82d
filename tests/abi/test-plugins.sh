#!/bin/sh
# SPDX-License-Identifier: MIT
# test-plugins.sh: bp-check has nothing to say about the plugins of this tree.
set -eu
top=$(pwd)
n=0 fails=0
for so in "$top"/plugins/.libs/*.so; do
    n=$((n + 1))
    out=$(timeout 300 "$top/bp-check" --accesses 2000 "$so" 2>&1) || { echo "$out"; fails=$((fails + 1)); }
done
[ "$n" -gt 20 ] || { echo "FAIL: there are $n plugins in plugins/.libs"; exit 1; }
[ $fails = 0 ] && echo "bp-check: $n plugins of this tree are ok"
exit $((fails != 0))
