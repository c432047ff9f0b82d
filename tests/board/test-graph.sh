#!/bin/sh
# SPDX-License-Identifier: MIT
# test-graph.sh: boards as graphs: arrays of parts, ranges of pins and the device tree made from
# them; and what is
# said of a board that is wrong.
set -eu
top=$(pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/bp-graph-XXXXXX")
trap 'rm -rf "$work"' EXIT
boards=$top/tests/board/.libs/fixture-boards.so
fails=0 n=0
fail() { echo "FAIL: $*"; fails=$((fails + 1)); }
bp() { timeout 300 "$top/backplane" --load-plugin "$boards" "$@" </dev/null; }
cd "$work"

# BOARD WORDS: making it fails with one line that has these words
wrong() {
    n=$((n + 1)) status=0
    bp -M "$1" >out 2>err || status=$?
    [ $status = 1 ] || fail "$1 ends with $status"
    grep -qF "$2" err || { fail "$1 does not say '$2' but:"; cat err; }
    [ "$(wc -l <err)" = 1 ] || { fail "$1: more than one line:"; cat err; }
}
wrong wrong-pin "wire end 'dev.uot': dev (test-dev) has no output 'uot'; it has: out[0-3]"
wrong wrong-direction "wire end 'dev.in[0]': dev (test-dev) has no output 'in'; it has: out[0-3]"
wrong wrong-index "wire end 'dev.out[4]': dev.out has 4 lines"
wrong wrong-ends "wire dev.out[0-3] -> intc.in[1-3] joins 4 lines to 3"
wrong wrong-part "wire end 'dve.out[0]': there is no such part (did you mean 'dev'?)"
wrong wrong-array "wire end 'dev.out[0]': dev is an array; write dev[*] or an index in it"
wrong wrong-element "wire end 'dev[2].out[0]'"
wrong wrong-syntax "wire end 'dev.out[3-1]' is not PART.PIN, with [n], [first-last] or [*] behind either"
wrong wrong-no-pin "wire end 'dev' is not PART.PIN"
wrong wrong-of-ram "wire end 'ram.out': ram has no pins"
wrong wrong-twice "dev.out[0]"
wrong wrong-device "machine wrong-device: part x needs device 'test-dve', which no plugin provides"
wrong wrong-prop "dev (test-dev) has no property 'levle' (did you mean 'level'?)"
wrong wrong-value "level"
wrong wrong-overlap "overlap"
wrong wrong-name "machine wrong-name: two parts are named 'dev'"
wrong wrong-size "machine wrong-size: part tcm has size 0"
wrong test-arrays "machine test-arrays has nothing to run: give -kernel FILE or -bios FILE"
wrong wrong-setting "machine wrong-setting: there is no part dve to set"
wrong wrong-late "machine wrong-late: wires can be added in build() only"

# DTB PATH PROPERTY VALUE
is() {
    n=$((n + 1))
    value=$("$top/tests/board/dtb-get" "$1.dtb" "$2" "$3") || value="(none)"
    [ "$value" = "$4" ] || fail "$1: $2 $3 is '$value', not '$4'"
}
has_not() {
    n=$((n + 1))
    ! "$top/tests/board/dtb-get" "$1.dtb" "$2" "$3" >/dev/null || fail "$1: $2 has $3"
}
bp -M test-arrays,dumpdtb=a.dtb -m 64M || fail "test-arrays has no device tree"
is a / compatible "test,arrays test,board"
is a / model arrays
is a /memory@80000000 reg "0 80000000 0 4000000"
intc=$("$top/tests/board/dtb-get" a.dtb /soc/interrupt-controller@10000000 phandle)
is a /soc/interrupt-controller@10000000 '#interrupt-cells' 2
is a /soc/dev@20000000 compatible "test,dev test,any"
is a /soc/dev@20000000 reg "0 20000000 0 100"
is a /soc/dev@20002000 reg "0 20002000 0 100"
# pins number 32 on, two lines of each element, level high
is a /soc/dev@20000000 interrupts "24 4 25 4"
is a /soc/dev@20001000 interrupts "26 4 27 4"
is a /soc/dev@20002000 interrupts "28 4 29 4"
is a /soc/dev@20000000 interrupt-parent "$intc"
is a /soc/dev@20000000 test,level 28
is a /soc/dev@20001000 test,level 29
is a /soc/dev@20002000 test,level 4d
is a /extra/dev@20010000 interrupts "2a 4 2b 4 2c 4 2d 4"
is a /soc/dev@20030000 interrupts "34 4"
has_not a /soc/dev@20020000 reg
cause=$("$top/tests/board/dtb-get" a.dtb /soc/interrupt-controller@10000000 interrupts-extended)
[ "${cause#* }" = b ] || fail "the controller's own interrupt is $cause"

# a controller with its own words for an interrupt, and a board that asks for them
bp -M test-kinds,dumpdtb=k.dtb -m 64M || fail "test-kinds has no device tree"
kinds=$("$top/tests/board/dtb-get" k.dtb /soc/intc3@30000000 phandle)
is k /soc/intc3@30000000 '#interrupt-cells' 3
is k /soc/dev@20000000 interrupts "9 5 4 7 3 4"
is k /soc/pulse@30001000 interrupts "7 4 1"
is k /map lines "3 7 3 4 3 7 4 1 0 0"
is k /map parent "$kinds"

# what firmware and kernels expect of the virt machine: addresses, bindings, numbers
bp -M riscv-virt,dumpdtb=v.dtb -smp 2 -m 1G -bios none -append 'one two' ||
    fail "riscv-virt has no device tree"
is v / compatible riscv-virtio
is v / '#address-cells' 2
is v /cpus timebase-frequency 989680
is v /cpus/cpu@1 reg 1
is v /cpus/cpu@0 compatible riscv
is v /cpus/cpu@0 mmu-type riscv,sv57
is v /cpus/cpu@0/interrupt-controller compatible riscv,cpu-intc
is v /memory@80000000 device_type memory
is v /memory@80000000 reg "0 80000000 0 40000000"
is v /chosen stdout-path /soc/serial@10000000
is v /chosen bootargs "one two"
is v /aliases serial0 /soc/serial@10000000
is v /soc compatible simple-bus
is v /soc/serial@10000000 compatible ns16550a
is v /soc/serial@10000000 interrupts a
is v /soc/rtc@101000 interrupts b
is v /soc/test@100000 compatible "sifive,test1 sifive,test0 syscon"
is v /soc/fw-cfg@10100000 compatible qemu,fw-cfg-mmio
is v /poweroff value 5555
is v /reboot value 7777
is v /flash@20000000 reg "0 20000000 0 2000000 0 22000000 0 2000000"
for i in 0 1 2 3 4 5 6 7; do
    node=/soc/virtio_mmio@1000$((i + 1))000
    is v $node interrupts $((i + 1))
    is v $node compatible virtio,mmio
done
plic=/soc/interrupt-controller@c000000
[ "$("$top/tests/board/dtb-get" v.dtb /soc | grep -c interrupt-controller@c000000)" = 1 ] ||
    plic=/soc/plic@c000000
is v $plic compatible "sifive,plic-1.0.0 riscv,plic0"
is v $plic riscv,ndev 5f
is v $plic reg "0 c000000 0 600000"
h0=$("$top/tests/board/dtb-get" v.dtb /cpus/cpu@0/interrupt-controller phandle)
h1=$("$top/tests/board/dtb-get" v.dtb /cpus/cpu@1/interrupt-controller phandle)
is v $plic interrupts-extended "$h0 b $h0 9 $h1 b $h1 9"
is v /soc/clint@2000000 interrupts-extended "$h0 3 $h0 7 $h1 3 $h1 7"
is v /soc/clint@2000000 compatible "sifive,clint0 riscv,clint0"

# a device that no board has, placed and wired by the command line: the guest raises out[2], which
# is wired to in[0], and prints what it reads there
printf '\067\005\000\004\223\005\020\000\223\225\045\000\043\042\265\000' >in.bin
printf '\203\045\005\000\223\205\005\003\067\006\000\020\043\000\266\000' >>in.bin
printf '\067\005\020\000\267\125\000\000\223\205\125\125\043\040\265\000' >>in.bin
printf '\157\000\000\000' >>in.bin
place() { bp -M riscv-virt -bios none "$@"; }
d=id=d,addr=0x4000000
place -kernel in.bin -device "test-dev,$d,out[2]=d.in[0]" >out || fail "a placed device: $?"
[ "$(cat out)" = 1 ] || fail "the wire of a placed device: '$(cat out)'"
place -kernel in.bin -device "test-dev,$d,in[0]=d.out[1]" >out
[ "$(cat out)" = 0 ] || fail "another wire: '$(cat out)'"
n=$((n + 2))
place -kernel in.bin -device "test-dev,$d,out[2]=plic.in[96]" -d guest_errors >out 2>err
grep -qF 'plic: guest error: in[96] rises; its sources are 1 to 95' err ||
    { fail "a line too far:"; cat err; }
n=$((n + 1))
place -M riscv-virt,dumpdtb=p.dtb -device "test-dev,$d,out=plic.in[50-53],level=7" ||
    fail "no device tree of a placed device"
is p /soc/dev@4000000 reg "0 4000000 0 100"
is p /soc/dev@4000000 interrupts "32 33 34 35"
is p /soc/dev@4000000 test,level 7
place -M riscv-virt,dumpdtb=u.dtb -chardev null,id=c \
    -device ns16550a,addr=0x4000000,irq=plic.in[20],chardev=c || fail "a second UART"
is u /soc/serial@4000000 interrupts 14
is u /aliases serial0 /soc/serial@10000000
# WORDS DEVICE: refused with one line that has these words
misplaced() {
    n=$((n + 1)) status=0
    place -device "$2" >out 2>err || status=$?
    [ $status = 1 ] || fail "$2 ends with $status"
    grep -qF -- "$1" err || { fail "$2 does not say '$1' but:"; cat err; }
    [ "$(wc -l <err)" = 1 ] || { fail "$2: more than one line:"; cat err; }
}
misplaced "-device test-dev: add addr=ADDRESS for its registers, where machine riscv-virt has \
nothing; wires are added as out=PART.PIN" test-dev
misplaced "add mtimecmp-addr=ADDRESS" riscv-aclint-mtimer,addr=0x4000000
misplaced "d: addr=0x4000001 is no address: write a multiple of 8" "test-dev,id=d,addr=0x4000001"
misplaced "d: addr=on is no address" "test-dev,id=d,addr"
misplaced "overlaps uart0" "test-dev,id=d,addr=0x10000000"
misplaced "past the end" "test-dev,id=d,addr=0xfffffffffffffff8"
misplaced "no property 'adr' (did you mean 'addr'?); it has level, addr, out, in" \
    "test-dev,id=d,adr=0x4000000"
misplaced "wire end 'plic.im[5]': plic (sifive-plic) has no input 'im'; it has: in" \
    "test-dev,$d,out[0]=plic.im[5]"
misplaced "wire end 'd.out[4]': d.out has 4 lines" "test-dev,$d,out[4]=plic.in[50]"
misplaced "joins 4 lines to 1" "test-dev,$d,out=plic.in[50]"
misplaced "wire end 'plic' is not PART.PIN" "test-dev,$d,out[1]=plic"
misplaced "'virtio-mmio' can only be part of a machine" virtio-mmio
bp -device test-dev,help >out || fail "-device test-dev,help"
for line in "addr=<uint64>" "out\[0-3\]=<str>" "in\[0-1\]=<str>"; do
    n=$((n + 1))
    grep -q "^  $line *- " out || { fail "help has no $line but:"; cat out; }
done

# the same seed gives the same random numbers, another one others
bp -M riscv-virt,dumpdtb=s1.dtb -bios none -seed 5
bp -M riscv-virt,dumpdtb=s2.dtb -bios none -seed 5
bp -M riscv-virt,dumpdtb=s3.dtb -bios none -seed 6
cmp -s s1.dtb s2.dtb || fail "-seed 5 gives different machines"
cmp -s s1.dtb s3.dtb && fail "-seed does not matter"

cd /
[ $fails = 0 ] && echo "graphs: $n facts of boards and their device trees hold"
exit $((fails != 0))
