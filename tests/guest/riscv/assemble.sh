#!/bin/sh
# SPDX-License-Identifier: MIT
# assemble.sh: makes the committed programs (*.hex) from their sources with a RISC-V cross compiler
# (Debian: gcc-riscv64-linux-gnu), and with --reference the expected results (rows*.golden) by running
# rows on another emulator of the virt board. Run in this folder; not part of `make check`.
set -eu
cc=riscv64-linux-gnu-gcc
flags="-ffreestanding -fno-builtin -nostdlib -static -mcmodel=medany -fno-pic -no-pie -fno-stack-protector
    -Wall -Wextra -s -Wl,--build-id=none,--no-warn-rwx-segments -T rows.ld"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for bits in 64 32; do
    case $bits in
    64) abi=lp64 ;;
    32) abi=ilp32 ;;
    esac
    $cc -O2 -march=rv${bits}gc_zba_zbb_zbc_zbs -mabi=${abi}d $flags rows.S rows.c -o "$tmp/rows$bits"
    $cc -O1 -march=rv${bits}ima_zicsr_zifencei -mabi=$abi $flags priv.S priv.c -o "$tmp/priv$bits"
    for name in rows priv; do
        gzip -n -9 <"$tmp/$name$bits" | basenc --base16 -w 96 >$name$bits.hex
    done
    [ "${1-}" = --reference ] || continue
    qemu-system-riscv$bits -M virt -cpu rv$bits,svinval=true -bios none -kernel "$tmp/rows$bits" \
        -display none -monitor none -serial stdio </dev/null >"$tmp/out"
    # Where it lacks an instruction or has it wrong, other instructions with the same effect stand in.
    awk '{ sub(/\r/, ""); order[NR] = $1; hash[$1] = $2 }
         END { for (i = 1; i <= NR; i++) {
                   n = order[i]
                   print n, (n "@model" in hash) ? hash[n "@model"] : hash[n] } }' \
        "$tmp/out" >rows$bits.golden
done
