#!/bin/sh
# SPDX-License-Identifier: MIT
# test-arm-virt.sh: the arm-virt board from outside: its device tree, where vCPUs start and with what, its
# firmware, and its words for mistakes. Guests are a few instructions each, which print a character to
# the UART and power off. Runs in the build tree.
set -u
. "${srcdir:-.}/tests/board/counts.sh"
# prints WHAT TEXT ARGUMENT...: powers off by itself with status 0 and has written this.
prints() {
    what=$1 expected=$2
    shift 2
    output=$(timeout 300 "$bp" -M arm-virt -nographic -no-reboot "$@" </dev/null 2>"$work/err")
    is "$what: exit status" 0 $?
    is "$what" "$expected" "$output"
}
# refuses WORDS ARGUMENT...: fails, and says why in one line that has the words.
refuses() {
    expected=$1
    shift
    if timeout 300 "$bp" -nographic "$@" </dev/null >"$work/out" 2>"$work/err"; then
        bad "$*: accepted"
    elif [ "$(wc -l <"$work/err")" = 1 ] && grep -q -e "$expected" "$work/err"; then
        ok
    else
        bad "$*: said '$(cat "$work/err")'"
    fi
}

# Ends with "\n", PSCI SYSTEM_OFF by HVC (or SMC).
put='0x1100c084 0xd2a12001 0x39000024 0x52800144 0x39000024' # '0' + w4 to the UART, newline
off='0x52800100 0x72b08000'
hvc='0xd4000002 0x14000000' smc='0xd4000003 0x14000000'
words "$work/hello" 0xd2a12001 0x52800de2 0x39000022 0x52800d62 0x39000022 $off $hvc
# 0: x0 points to a device tree, x1 to x3 are 0.
words "$work/fdt" 0xb9400004 0x5ac00884 0x529fdda5 0x72ba01a5 0x4a050084 0xaa010084 0xaa020084 \
    0xaa030084 0xf100009f 0x1a9f07e4 $put $off $hvc
# CurrentEL.
words "$work/el1" 0xd5384244 0xd342fc84 $put $off $hvc
words "$work/el2" 0xd5384244 0xd342fc84 $put $off $smc
# DeviceID of the highest virtio slot.
words "$work/slot" 0xd287c100 0xf2a14000 0xb9400004 $put $off $hvc
# CPU_ON: vCPU 1 starts with '0' in x0 and prints it plus its number.
words "$work/smp" 0x52800060 0x72b88000 0xd2800021 0x100000a2 0xd2800603 0xd4000002 0xd503207f \
    0x17ffffff 0xd503201f 0xd53800a4 0x12001c84 0x0b000084 0xd2a12001 0x39000024 0x52800144 \
    0x39000024 $off $hvc
words "$work/again" 0x52800120 0x72b08000 $hvc # SYSTEM_RESET
# An ELF file of 64 bits for 0x40100000 around "hello", one segment.
elf() {
    printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\1\0\0\0\0\0\020\100\0\0\0\0\100\0\0\0\0\0\0\0'
    printf '\0\0\0\0\0\0\0\0\0\0\0\0\100\0\070\0\1\0\0\0\0\0\0\0'
    printf '\1\0\0\0\5\0\0\0\170\0\0\0\0\0\0\0\0\0\020\100\0\0\0\0\0\0\020\100\0\0\0\0'
    printf '\044\0\0\0\0\0\0\0\044\0\0\0\0\0\0\0\0\020\0\0\0\0\0\0'
    cat "$work/hello"
}
elf >"$work/elf"

for gic in 2 3 max; do
    prints "raw kernel, gic $gic" 0 -M gic-version=$gic -kernel "$work/fdt"
    prints "second vCPU, gic $gic" 1 -M gic-version=$gic -smp 2 -kernel "$work/smp"
    prints "EL1, gic $gic" 1 -M gic-version=$gic -kernel "$work/el1"
    prints "EL2, gic $gic" 2 -M gic-version=$gic,virtualization=on -kernel "$work/el2"
done
prints "ELF kernel" ok -kernel "$work/elf"
prints "-bios" ok -bios "$work/hello"
# CurrentEL; then line 0 of the secure GPIO powers off.
words "$work/el3" 0xd5384244 0xd342fc84 $put 0xd2a12160 0x52800021 0xb9040001 0xb9000401 0x14000000
for gic in 2 3; do
    prints "EL3, gic $gic" 3 -M gic-version=$gic,secure=on -bios "$work/el3"
done
prints "little RAM" 0 -m 8M -kernel "$work/fdt"
prints "much RAM" 0 -m 64G -kernel "$work/fdt"
prints "initrd" 0 -kernel "$work/fdt" -initrd "$work/hello"
prints "64 vCPUs" 0 -M gic-version=3 -smp 64 -kernel "$work/fdt"
prints "first device, highest slot" 4 -kernel "$work/slot" -device virtio-rng-device
prints "loader" ok -device loader,file="$work/elf",cpu-num=0
prints "reset without reboot" '' -kernel "$work/again"
cp "$work/hello" "$work/flash"
truncate -s 64M "$work/flash"
prints "flash" ok -drive if=pflash,format=raw,file="$work/flash"

# Semihosting: WRITE0 of "ok\n" behind the code, EXIT with 7; standard error has the console.
words "$work/semi" 0x52800080 0x10000101 0xd45e0000 0x52800300 0x100000c1 0xd45e0000 0x14000000 \
    0xd503201f 0xd503201f 0x000a6b6f 0x00020026 0 7 0
timeout 300 "$bp" -M arm-virt -nographic -semihosting -kernel "$work/semi" </dev/null 2>"$work/err"
is 'semihosting: exit status' 7 $?
is 'semihosting: text' ok "$(cat "$work/err")"
output=$(timeout 300 "$bp" -M arm-virt -chardev stdio,id=c -serial none -kernel "$work/semi" \
    -semihosting-config enable=on,target=native,chardev=c </dev/null)
is 'semihosting: chardev' "ok 7" "$output $?"

refuses 'nothing to run' -M arm-virt
refuses 'gic-version=3' -M arm-virt -smp 9 -kernel "$work/hello"
refuses '65' -M arm-virt,gic-version=3 -smp 65 -kernel "$work/hello"
refuses 'initrd needs -kernel' -M arm-virt -bios "$work/hello" -initrd "$work/hello"
refuses 'ELF' -M arm-virt -kernel "$work/elf" -initrd "$work/hello"
refuses 'both give' -M arm-virt -bios "$work/hello" -drive if=pflash,format=raw,file="$work/flash"
refuses '3G' -M arm-virt,highmem=off -m 4G -kernel "$work/hello"
refuses 'secure=on starts in EL3' -M arm-virt,secure=on -kernel "$work/hello"
truncate -s 200M "$work/big"
refuses 'there is room for' -M arm-virt -kernel "$work/hello" -initrd "$work/big" -m 64M
refuses 'give more -m' -M arm-virt -kernel "$work/hello" -m 2M

# The device tree, as firmware and kernels know it.
if command -v fdtget >/dev/null; then
    dump() {
        options=$1
        shift
        "$bp" -M "arm-virt,$options,dumpdtb=$work/dtb" "$@" || bad "dumpdtb, $options"
    }
    prop() { fdtget -t "$1" "$work/dtb" "$2" "$3" 2>&1; }
    dump gic-version=2 -smp 2 -m 1G -kernel "$work/fdt" -append 'a b' -initrd "$work/hello"
    gic=$(prop x /intc@8000000 phandle)
    clock=$(prop x /apb-pclk phandle)
    is model linux,dummy-virt "$(prop s / model)"
    is compatible linux,dummy-virt "$(prop s / compatible)"
    is parent "$gic" "$(prop x / interrupt-parent)"
    is memory '0 40000000 0 40000000' "$(prop x /memory@40000000 reg)"
    is intc 'arm,cortex-a15-gic' "$(prop s /intc@8000000 compatible)"
    is 'intc reg' '0 8000000 0 10000 0 8010000 0 10000' "$(prop x /intc@8000000 reg)"
    is v2m '0 8020000 0 1000' "$(prop x /intc@8000000/v2m@8020000 reg)"
    is timer '1 d 304 1 e 304 1 b 304 1 a 304' "$(prop x /timer interrupts)"
    is pmu '1 7 304' "$(prop x /pmu interrupts)"
    is uart '0 1 4' "$(prop x /pl011@9000000 interrupts)"
    is 'uart clocks' "$clock $clock" "$(prop x /pl011@9000000 clocks)"
    is 'uart clock names' 'uartclk apb_pclk' "$(prop s /pl011@9000000 clock-names)"
    is rtc '0 2 4' "$(prop x /pl031@9010000 interrupts)"
    is gpio '0 7 4' "$(prop x /pl061@9030000 interrupts)"
    is key "$(prop x /pl061@9030000 phandle) 3 0" "$(prop x /gpio-keys/poweroff gpios)"
    is 'key code' 116 "$(prop u /gpio-keys/poweroff linux,code)"
    is 'fw_cfg' '0 9020000 0 18' "$(prop x /fw-cfg@9020000 reg)"
    is 'virtio 0' '0 10' "$(prop x /virtio_mmio@a000000 interrupts | cut -d' ' -f1,2)"
    is 'virtio 31' '0 2f' "$(prop x /virtio_mmio@a003e00 interrupts | cut -d' ' -f1,2)"
    is 'virtio size' '0 a003e00 0 200' "$(prop x /virtio_mmio@a003e00 reg)"
    is flash '0 0 0 4000000 0 4000000 0 4000000' "$(prop x /flash@0 reg)"
    is psci hvc "$(prop s /psci method)"
    is 'cpu_on' c4000003 "$(prop x /psci cpu_on)"
    is enable psci "$(prop s /cpus/cpu@1 enable-method)"
    is stdout /pl011@9000000 "$(prop s /chosen stdout-path)"
    is bootargs 'a b' "$(prop s /chosen bootargs)"
    is initrd '0 48000000' "$(prop x /chosen linux,initrd-start)"
    pcie=/pcie@4010000000
    is 'PCI configuration' '40 10000000 0 10000000' "$(prop x $pcie reg)"
    is 'PCI windows' '1000000 0 0 0 3eff0000 0 10000 2000000 0 10000000 0 10000000 0 2eff0000 3000000 80 0 80 0 80 0' \
        "$(prop x $pcie ranges)"
    is 'PCI slot 0, INTA' "0 0 0 1 $gic 0 0 0 3 4" "$(prop x $pcie interrupt-map | cut -d' ' -f1-10)"
    is 'PCI messages' "0 $(prop x /intc@8000000/v2m@8020000 phandle) 0 10000" "$(prop x $pcie msi-map)"
    is 'one UART' no "$(fdtget "$work/dtb" /pl011@9040000 reg 2>/dev/null || echo no)"
    dump gic-version=2,virtualization=on -serial null -serial null
    is 'intc reg, EL2' '0 8000000 0 10000 0 8010000 0 10000 0 8030000 0 10000 0 8040000 0 10000' \
        "$(prop x /intc@8000000 reg)"
    is maintenance '1 9 104' "$(prop x /intc@8000000 interrupts)"
    is 'psci, EL2' smc "$(prop s /psci method)"
    is 'second UART' '0 8 4' "$(prop x /pl011@9040000 interrupts)"
    dump gic-version=3 -smp 20
    is 'intc, v3' arm,gic-v3 "$(prop s /intc@8000000 compatible)"
    is 'intc reg, v3' '0 8000000 0 10000 0 80a0000 0 f60000' "$(prop x /intc@8000000 reg)"
    is its '0 8080000 0 20000' "$(prop x /intc@8000000/its@8080000 reg)"
    is 'its cells' 1 "$(prop u /intc@8000000/its@8080000 '#msi-cells')"
    is 'timer, v3' '1 d 4 1 e 4 1 b 4 1 a 4' "$(prop x /timer interrupts)"
    is 'vCPU 17' 101 "$(prop x /cpus/cpu@11 reg)"
    is 'PCI messages, v3' "0 $(prop x /intc@8000000/its@8080000 phandle) 0 10000" \
        "$(prop x $pcie msi-map)"
    dump gic-version=3,its=off,highmem=off
    is 'PCI configuration, highmem=off' '0 3f000000 0 1000000' "$(prop x /pcie@3f000000 reg)"
    is 'PCI buses, highmem=off' '0 f' "$(prop x /pcie@3f000000 bus-range)"
    is 'no PCI messages' no "$(fdtget "$work/dtb" /pcie@3f000000 msi-map 2>/dev/null || echo no)"
    is 'no its' no "$(fdtget "$work/dtb" /intc@8000000/its@8080000 reg 2>/dev/null || echo no)"
    dump gic-version=3,secure=on
    is 'no psci' no "$(fdtget "$work/dtb" /psci method 2>/dev/null || echo no)"
    is 'secure flash' okay "$(prop s /secflash@0 secure-status)"
    is 'secure RAM' '0 e000000 0 1000000' "$(prop x /secram@e000000 reg)"
    is 'flash beside it' '0 4000000 0 4000000' "$(prop x /flash@4000000 reg)"
    is 'secure UART' disabled "$(prop s /pl011@9040000 status)"
fi

echo "$passed passed, $failed failed"
[ $failed = 0 ]
