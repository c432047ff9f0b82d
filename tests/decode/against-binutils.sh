#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares riscv.golden with what GNU binutils prints for the same words; skipped without it (exit 77).
# With a file as argument compares that one; `-v` before it prints all lines of both that differ.
verbose=
if test "$1" = -v; then verbose=1; shift; fi
golden=${1:-${srcdir:-.}/tests/decode/riscv.golden}
as=riscv64-linux-gnu-as
objdump=riscv64-linux-gnu-objdump
for tool in $as $objdump; do
    command -v $tool >/dev/null || { echo "SKIP: no $tool"; exit 77; }
done
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
extensions=imafdc_zicsr_zifencei_zba_zbb_zbc_zbs_zicbom_zicboz_svinval
echo 'nop' > "$dir/probe.s"
$as -march=rv64$extensions "$dir/probe.s" -o "$dir/probe.o" 2>/dev/null ||
    { echo "SKIP: $as is too old for $extensions"; exit 77; }

: > "$dir/ours"
: > "$dir/theirs"
for xlen in 32 64; do
    # Each word in a section of its own: at address 0, as in the golden file.
    awk -v xlen=$xlen '$1 == xlen {
        printf ".section .w%d,\"ax\"\n.%dbyte 0x%s\n", n++, length($2) / 2, $2 }' \
        "$golden" > "$dir/words.s"
    $as -march=rv$xlen$extensions -mabi=$(test $xlen = 32 && echo ilp32d || echo lp64d) \
        "$dir/words.s" -o "$dir/words.o" || exit 1
    awk -v xlen=$xlen '$1 == xlen { sub(/^[^ ]* /, ""); gsub(/, /, ","); print }' \
        "$golden" > "$dir/ours.$xlen"
    # "   0:\t00b50533          \tadd\ta0,a0,a1", comments and symbols cut off.
    $objdump -D -M no-aliases "$dir/words.o" | awk -F '\t' '
        /^Disassembly of section/ { ours = / \.w[0-9]+:$/ }
        /^ +0:\t/ && ours {
        word = $2; gsub(/ /, "", word)
        text = $3; if (NF > 3) text = text " " $4
        sub(/ *[#<].*/, "", text); sub(/ +$/, "", text)
        print word, text }' | sed 's/^\(\([^ ]*\) c\{0,1\}\.\{0,1\}\(beq\|bne\|blt\|bge\|bltu\|bgeu\|jal\|j\|beqz\|bnez\) \(.*,\)\{0,1\}\)\([0-9a-f]*\)$/\10x\5/;
            s/0x0x/0x/' > "$dir/theirs.$xlen"
    sed "s/^/$xlen /" "$dir/ours.$xlen" >> "$dir/ours"
    sed "s/^/$xlen /" "$dir/theirs.$xlen" >> "$dir/theirs"
done
if test -n "$verbose"; then
    diff "$dir/ours" "$dir/theirs"
    exit
fi
if diff "$dir/ours" "$dir/theirs" > "$dir/difference" && test -s "$dir/ours"; then
    echo "$(wc -l < "$dir/ours") lines agree with binutils"
else
    echo "FAIL: ours <, binutils >"
    cat "$dir/difference"
    exit 1
fi
