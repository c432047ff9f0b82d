#!/bin/sh
# SPDX-License-Identifier: MIT
# assemble.sh BUILD: makes rows.hex from its sources and a sample of the tables' encodings, with an AArch64
# cross compiler (Debian: gcc-aarch64-linux-gnu), and rows.golden by running it on another emulator; and
# priv.hex. BUILD: the build folder, for the decoder. Run in this folder; not part of `make check`.
set -eu
build=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cc -O1 -I"$build/plugins/targets/aarch64" -I../../../sdk/include sample.c \
    "$build/plugins/targets/aarch64/a64-decode.c" -o "$tmp/sample"
"$tmp/sample" 3 >"$tmp/rows.inc"
for p in rows pauth bti; do
    own=; [ $p != bti ] || own='-mbranch-protection=bti -Wl,-z,force-bti'
    aarch64-linux-gnu-gcc -Os -march=armv8.5-a $own -mgeneral-regs-only -ffreestanding -fno-stack-protector \
        -fno-tree-loop-distribute-patterns -nostdlib -static -s -Wall -Wextra -Wl,--build-id=none,-z,norelro \
        -I"$tmp" rows.S $p.c -o "$tmp/$p"
    gzip -n -9 <"$tmp/$p" | basenc --base16 -w 96 >$p.hex
done
qemu-aarch64 -cpu max "$tmp/rows" >rows.golden
qemu-aarch64 -cpu max "$tmp/pauth" >/dev/null || echo "pauth: the other emulator fails"
qemu-aarch64 -cpu max "$tmp/bti" | grep -v 'illegal opcode' | grep FAILED # it says ILL_ILLOPN
aarch64-linux-gnu-gcc -O1 -march=armv8.2-a+nolse -mgeneral-regs-only -mstrict-align -ffreestanding \
    -fno-stack-protector -fno-tree-loop-distribute-patterns -fno-pic -no-pie -nostdlib -static -s -Wall -Wextra \
    -Wl,--build-id=none,--no-warn-rwx-segments,-z,norelro -T priv.ld priv.S priv*.c \
    -o "$tmp/priv"
gzip -n -9 <"$tmp/priv" | basenc --base16 -w 96 >priv.hex
aarch64-linux-gnu-gcc -nostdlib -static -s -Wl,-Ttext=0x40080000,--build-id=none,-z,max-page-size=4096 \
    pauth-system.S -o "$tmp/pauth-system"
gzip -n -9 <"$tmp/pauth-system" | basenc --base16 -w 96 >pauth-system.hex
qemu-system-aarch64 -M virt -cpu max -nographic -kernel "$tmp/pauth-system" </dev/null | tr -d '\r' >pauth-system.golden
aarch64-linux-gnu-as power.S -o "$tmp/power.o"
aarch64-linux-gnu-objcopy -O binary -j .text "$tmp/power.o" "$tmp/power"
basenc --base16 -w 96 <"$tmp/power" >power.hex
