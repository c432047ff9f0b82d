#!/bin/sh
# SPDX-License-Identifier: MIT
# against-objdump-a64.sh: sampled encodings of every A64 row are the same instruction for GNU objdump. Our text leaves to the
# reader what some bits say (acquire and release, the upper half, keys of pointer authentication), and objdump
# refuses reserved words that we refuse only when they are translated. Skipped without the cross binutils.
# Run by `make check` in the build folder.
set -u
objdump=aarch64-linux-gnu-objdump
command -v $objdump >/dev/null || { echo "$objdump is not installed"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tests/decode/a64_list "${1:-16}" "$tmp/words" >"$tmp/ours" || exit 1
$objdump -D -b binary -m aarch64 -M no-aliases "$tmp/words" |
    sed -n 's/^ *[0-9a-f]*:\t\([0-9a-f]*\) \t\(.*\)$/\1\t\2/p' >"$tmp/theirs"
paste "$tmp/ours" "$tmp/theirs" | awk -F'\t' '
    # Whether theirs is ours with what our text leaves out.
    function same(row, a, b,    size) {
        if (a == b || b == a "2" || b == a "v") return 1
        if (row ~ /^(ld(add|clr|eor|set|smax|smin|umax|umin)|swp)_/) {
            size = a ~ /[bh]$/ && row ~ /_[bh]$/ ? substr(a, length(a)) : ""
            a = substr(a, 1, length(a) - length(size))
            return b == a "a" size || b == a "l" size || b == a "al" size
        }
        if (row == "rev32") return b == "rev" # of 32 bits
        if (row == "movi_v") return b ~ /^(mvni|orr|bic|fmov)$/
        if (row ~ /^(bra|blra|braz|blraz|reta|ereta|ldra)$/) {
            return b == substr(a, 1, index(a, "ra") + (a ~ /ret/ ? 2 : 1)) (b ~ /b(z?)$/ ? "b" : "a") (a ~ /z$/ ? "z" : "") ||
                   b == a "a" || b == a "b"
        }
        if (row == "pac" || row == "aut" || row == "xpac") return index(b, a) == 1
        return 0
    }
    $1 != $4 { print "FAILED: lines differ: " $0; bad++; next }
    $5 ~ /^\.inst/ { reserved++; next }
    {
        split($3, ours, " "); split($5, theirs, " ")
        seen[$2]++
        if (same($2, ours[1], theirs[1])) good++
        else if (bad++ < 20) print "FAILED: " $1 ": " $3 "; objdump: " $5
    }
    END {
        for (row in seen) rows++
        printf "%d encodings of %d rows are the same instructions, %d reserved\n", good, rows, reserved
        exit bad != 0
    }'
