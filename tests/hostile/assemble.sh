#!/bin/sh
# SPDX-License-Identifier: MIT
# assemble.sh: makes the committed guests (*.hex) from their sources with a RISC-V cross compiler (Debian:
# gcc-riscv64-linux-gnu). Run in this folder; not part of `make check`.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
flags="-O2 -ffreestanding -fno-builtin -nostdlib -static -mcmodel=medany -fno-pic -no-pie -fno-stack-protector
    -Wall -Wextra -Wno-unused-parameter -s -Wl,--build-id=none,--no-warn-rwx-segments -T guest.ld"
for bits in 64 32; do
    case $bits in
    64) abi=lp64 ;;
    32) abi=ilp32 ;;
    esac
    for name in mmio chaos work; do
        riscv64-linux-gnu-gcc $flags -march=rv${bits}gc_zicsr_zifencei -mabi=${abi}d guest.S guest.c $name.c -o "$tmp/elf"
        riscv64-linux-gnu-objcopy -O binary "$tmp/elf" "$tmp/flat"
        gzip -n -9 <"$tmp/flat" | basenc --base16 -w 96 >$name$bits.hex
    done
done
