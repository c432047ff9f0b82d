#!/bin/sh
# SPDX-License-Identifier: MIT
# assemble.sh: makes the committed guests (*.hex, ELF with debugging information) from their sources with a RISC-V cross
# compiler (Debian: gcc-riscv64-linux-gnu). Run in this folder; not part of `make check`.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
flags="-O1 -g -gz=none -ffreestanding -fno-builtin -nostdlib -static -mcmodel=medany -fno-pic -no-pie -fno-stack-protector
    -Wall -Wextra -Wl,--build-id=none,--no-warn-rwx-segments -T guest.ld -ffile-prefix-map=$PWD=."
for bits in 64 32; do
    case $bits in
    64) abi=lp64d ;;
    32) abi=ilp32d ;;
    esac
    riscv64-linux-gnu-gcc $flags -march=rv${bits}gc_zicsr_zifencei -mabi=$abi guest.S guest.c -o "$tmp/elf"
    gzip -n -9 <"$tmp/elf" | basenc --base16 -w 96 >guest$bits.hex
done
