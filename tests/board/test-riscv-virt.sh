#!/bin/sh
# SPDX-License-Identifier: MIT
# test-riscv-virt.sh: the riscv-virt board from outside: its device tree, where harts start and with
# what, and its words for mistakes. Guests are a few instructions each. Runs in the build tree.
set -u
. "${srcdir:-.}/tests/board/counts.sh"
# run NAME ARGUMENT...: sets status and output.
run() {
    shift
    timeout 300 "$bp" -M riscv-virt -nographic "$@" </dev/null >"$work/out" 2>"$work/err"
    status=$?
    output=$(cat "$work/out")
}
# exits NAME STATUS ARGUMENT...
exits() {
    name=$1 expected=$2
    shift 2
    run "$name" "$@"
    is "$name" "$expected" "$status"
}
# refuses WORDS ARGUMENT...: fails, and says why in one line that has the words.
refuses() {
    expected=$1
    shift
    run "$expected" "$@"
    [ "$status" != 0 ] || bad "$*: accepted"
    lines=$(wc -l <"$work/err")
    if [ "$lines" = 1 ] && grep -q "$expected" "$work/err"; then
        ok
    else
        bad "$*: said '$(cat "$work/err")'"
    fi
}

# Writes "ok" to the UART and ends with status 7.
words "$work/hello" 0x100002b7 0x06f00313 0x00628023 0x06b00313 0x00628023 0x00a00313 0x00628023 \
    0x001002b7 0x00073337 0x33330313 0x0062a023 0x0000006f
# All others end with status t2.
finish='0x01039393 0x00003337 0x33330313 0x00730333 0x001002b7 0x0062a023 0x0000006f'
# a1 points to a device tree and a0 is 0: 0.
words "$work/fdt" 0x0005a383 0xedfe1337 0xdd030313 0x406383b3 0x007033b3 0x00a3e3b3 $finish
# a2 points to "OSBI": 0.
words "$work/info" 0x00062383 0x49425337 0x34f30313 0x406383b3 0x007033b3 $finish
# DeviceID of the highest and the lowest virtio slot.
words "$work/virtio7" 0x100082b7 0x0082a383 $finish
words "$work/virtio0" 0x100012b7 0x0082a383 $finish
# Asks for a reset for ever.
words "$work/again" 0x001002b7 0x00007337 0x77730313 0x0062a023 0x0000006f

for cpu in rv64 rv32; do
    run "$cpu raw kernel" -cpu $cpu -bios none -kernel "$work/hello"
    is "$cpu: exit status" 7 $status
    is "$cpu: output" ok "$output"
    exits "$cpu: firmware" 7 -cpu $cpu -bios "$work/hello"
    exits "$cpu: a0, a1" 0 -cpu $cpu -bios none -kernel "$work/fdt"
    exits "$cpu: a2" 0 -cpu $cpu -bios "$work/info"
done
exits "little RAM" 0 -m 64K -bios none -kernel "$work/fdt"
exits "much RAM" 0 -m 8G -bios none -kernel "$work/fdt"
exits "reset without reboot" 0 -bios none -kernel "$work/again" -no-reboot
exits "first device, highest slot" 4 -bios none -kernel "$work/virtio7" -device virtio-rng-device
exits "lowest slot empty" 0 -bios none -kernel "$work/virtio0" -device virtio-rng-device

# -device loader: a program and where to start it; numbers that a program at 0x80000000 finds in memory.
exits "loader: cpu-num" 7 -bios none -device loader,file="$work/hello",addr=0x80100000,cpu-num=0
exits "loader: address alone" 7 -bios none -kernel "$work/again" -device \
    loader,file="$work/hello",addr=0x80100000 -device loader,addr=0x80100000,cpu-num=0
words "$work/byte" 0x00200297 0x0032c383 $finish
data=loader,addr=0x80200000,data=0x2a,data-len=4
exits "loader: data" 0 -bios none -kernel "$work/byte" -device $data
exits "loader: big-endian data" 42 -bios none -kernel "$work/byte" -device $data,data-be=on
refuses 'needs memory at 0x0' -bios none -device loader,file="$work/hello"
refuses 'addr=ADDRESS' -bios none -device loader,data=1,data-len=4
refuses 'more than data-len=1' -bios none -device loader,addr=0x80000000,data=256,data-len=1
refuses 'write file=FILE' -bios none -device loader,addr=0x80000000
refuses 'no vCPU 3' -bios none -device loader,addr=0x80000000,cpu-num=3
refuses 'there are no 8 bytes of memory' -bios none -device loader,addr=0x70000000,data=1,data-len=8

# Semihosting: EXIT with 42 by the three words in a row.
words "$work/semi" 0x01800513 0x00000597 0x01c58593 0x01f01013 0x00100073 0x40705013 0x0000006f \
    0x00000013 0x00020026 0 42 0
exits "semihosting" 42 -bios none -kernel "$work/semi" -semihosting

# Flash: the program runs from it; what is too short is refused.
cp "$work/hello" "$work/flash"
truncate -s 32M "$work/flash"
exits "flash" 7 -bios none -drive if=pflash,format=raw,file="$work/flash"
truncate -s 1M "$work/flash"
refuses 'truncate -s 33554432' -bios none -drive if=pflash,format=raw,file="$work/flash"

truncate -s 200M "$work/big"
refuses 'initrd needs -kernel' -bios none -initrd "$work/hello"
refuses '65' -smp 65 -bios none
refuses '2G' -cpu rv32 -m 3G -bios none
refuses 'bios' -cpu rv32
refuses 'big' -bios none -kernel "$work/big"
refuses 'nothere' -bios none -kernel "$work/nothere"

# The device tree.
if command -v fdtget >/dev/null; then
    "$bp" -M riscv-virt,dumpdtb="$work/dtb" -smp 3 -m 3G -bios none -append 'a b' || bad dumpdtb
    "$bp" -M riscv-virt,aclint=on,dumpdtb="$work/aclint" -smp 2 -bios none || bad 'dumpdtb, aclint'
    prop() { fdtget -t "$1" "$work/dtb" "$2" "$3" 2>&1; }
    is model riscv-virtio,qemu "$(prop s / model)"
    is memory '0 80000000 0 c0000000' "$(prop x /memory@80000000 reg)"
    is timebase 10000000 "$(prop u /cpus timebase-frequency)"
    is harts 2 "$(prop u /cpus/cpu@2 reg)"
    h0=$(prop x /cpus/cpu@0/interrupt-controller phandle)
    h1=$(prop x /cpus/cpu@1/interrupt-controller phandle)
    h2=$(prop x /cpus/cpu@2/interrupt-controller phandle)
    is clint "$h0 3 $h0 7 $h1 3 $h1 7 $h2 3 $h2 7" \
        "$(prop x /soc/clint@2000000 interrupts-extended)"
    is plic "$h0 b $h0 9 $h1 b $h1 9 $h2 b $h2 9" \
        "$(prop x /soc/interrupt-controller@c000000 interrupts-extended)"
    plic=$(prop x /soc/interrupt-controller@c000000 phandle)
    is 'plic sources' 95 "$(prop u /soc/interrupt-controller@c000000 riscv,ndev)"
    is 'plic size' '0 c000000 0 600000' "$(prop x /soc/interrupt-controller@c000000 reg)"
    is serial "$plic 10" "$(prop x /soc/serial@10000000 interrupt-parent) $(prop u \
        /soc/serial@10000000 interrupts)"
    is 'serial clock' 3686400 "$(prop u /soc/serial@10000000 clock-frequency)"
    is rtc 11 "$(prop u /soc/rtc@101000 interrupts)"
    for n in 0 1 2 3 4 5 6 7; do
        is "virtio $n" $((n + 1)) "$(prop u /soc/virtio_mmio@1000$((n + 1))000 interrupts)"
    done
    is pcie '0 30000000 0 10000000' "$(prop x /soc/pcie@30000000 reg)"
    is 'pcie windows' '1000000 0 0 0 3000000 0 10000 2000000 0 40000000 0 40000000 0 40000000 3000000 4 0 4 0 4 0' \
        "$(prop x /soc/pcie@30000000 ranges)"
    is 'pcie interrupts' "0 0 0 1 $plic 20 0 0 0 2 $plic 21" "$(prop x /soc/pcie@30000000 interrupt-map |
        cut -d' ' -f1-12)"
    is 'pcie, slot 3' "1800 0 0 1 $plic 23" "$(prop x /soc/pcie@30000000 interrupt-map | cut -d' ' -f73-78)"
    is 'pcie has no interrupts' none "$(fdtget -d none "$work/dtb" /soc/pcie@30000000 interrupts)"
    is fw_cfg '0 10100000 0 18' "$(prop x /soc/fw-cfg@10100000 reg)"
    is flash '0 20000000 0 2000000 0 22000000 0 2000000' "$(prop x /flash@20000000 reg)"
    is 'flash width' 4 "$(prop u /flash@20000000 bank-width)"
    test=$(prop x /soc/test@100000 phandle)
    is poweroff "$test 0 5555" "$(prop x /poweroff regmap) $(prop x /poweroff offset) $(prop x \
        /poweroff value)"
    is reboot "$test 0 7777" "$(prop x /reboot regmap) $(prop x /reboot offset) $(prop x \
        /reboot value)"
    is stdout /soc/serial@10000000 "$(prop s /chosen stdout-path)"
    is bootargs 'a b' "$(prop s /chosen bootargs)"
    for m in 128M:84200000 1G:a0200000 4G:a0200000; do
        "$bp" -M riscv-virt,dumpdtb="$work/dtb" -m ${m%:*} -bios "$work/hello" \
            -kernel "$work/hello" -initrd "$work/info" || bad 'dumpdtb, initrd'
        is "initrd, ${m%:*}" "0 ${m#*:}" "$(prop x /chosen linux,initrd-start)"
    done
    h0=$(fdtget -t x "$work/aclint" /cpus/cpu@0/interrupt-controller phandle)
    h1=$(fdtget -t x "$work/aclint" /cpus/cpu@1/interrupt-controller phandle)
    aclint() { fdtget -t x "$work/aclint" "/soc/$1" "$2" 2>&1; }
    is mswi "$h0 3 $h1 3" "$(aclint mswi@2000000 interrupts-extended)"
    is mtimer "$h0 7 $h1 7" "$(aclint mtimer@200bff8 interrupts-extended)"
    is sswi "$h0 1 $h1 1" "$(aclint sswi@2f00000 interrupts-extended)"
    is 'mtimer reg' '0 200bff8 0 4008 0 2004000 0 7ff8' "$(aclint mtimer@200bff8 reg)"
fi

# ---- devices on a function of their own ----
refuses 'addr=3.0 is taken by a.virtio-pci' -bios none -device virtio-rng-pci,id=a,addr=3 \
    -device virtio-rng-pci,addr=3
refuses "no property 'vector' (did you mean 'vectors'?)" -bios none -device virtio-rng-pci,vector=3
refuses '200 MSI-X vectors (.msix_vectors of its PCI face) are more than 128' -bios none -device virtio-rng-pci,vectors=200
refuses 'virtio-rng-pci.0.virtio-pci: vectors=x' -bios none -global virtio-rng-pci.vectors=x -device virtio-rng-pci
refuses 'it offers no backplane.bus.pci' -bios none -device virtio-rng-pci,bus=pcie.1
refuses 'has no legacy interface' -bios none -device virtio-mouse-pci,disable-legacy=off
refuses 'can only be part of a machine' -bios none -device virtio-pci
# the function of one device is not a free slot for another
slots=
for n in 0 1 2 3 4 5 6 7 8; do slots="$slots -device virtio-rng-device"; done
# shellcheck disable=SC2086
refuses 'no part of the machine has one free' -bios none -device virtio-rng-pci $slots
# shellcheck disable=SC2086
is 'help of both' '1 1' "$("$bp" -device virtio-blk-pci,help | grep -c '^  drive=<') $("$bp" -device \
    virtio-blk-pci,help | grep -c '^  disable-legacy=<')"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
