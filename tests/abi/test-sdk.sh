#!/bin/sh
# SPDX-License-Identifier: MIT
# test-sdk.sh: a stranger's view: installs Backplane into an empty folder, builds the examples and
# the templates there
# with one cc line each against nothing but the installed SDK, checks, loads and runs them.
set -eu
srcdir=$(cd "${srcdir:-.}" && pwd)
top=$(pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/bp-sdk-XXXXXX")
trap 'rm -rf "$work"' EXIT
: "${CC:=cc}" "${CXX:=c++}"
fails=0
fail() { echo "FAIL: $*"; fails=$((fails + 1)); }

${MAKE:-make} -s install DESTDIR="$work/root" >"$work/install.log" 2>&1 ||
    { cat "$work/install.log"; exit 1; }
pc=$(find "$work/root" -name backplane-plugin.pc)
prefix=$(sed -n 's/^prefix=//p' "$pc")
bin=$(dirname "$(find "$work/root" -type f -name backplane)")
sdk() { PKG_CONFIG_PATH=$(dirname "$pc") pkg-config --define-variable=prefix="$work/root$prefix" \
    --cflags --libs backplane-plugin; }
[ -f "$work/root$prefix/share/backplane/sdk/docs/devices.md" ] || fail "the docs are not installed"
mkdir "$work/empty"
cd "$work/empty"

# the installed program finds the installed plugins, and nothing of the build tree
"$bin/backplane" --list-plugins=verbose >list
grep -q "file: $work/root" list || fail "the installed program does not find the installed plugins"
grep -q "file: $top" list && fail "the installed program looks into the build tree"

lines() { wc -l <"$1" | tr -d ' '; }
build() { # NAME MOST-LINES
    cp "$(find "$work/root" -path "*sdk/examples/$1.c")" .
    n=$(lines "$1.c")
    echo "$1.c: $n lines (at most $2)"
    [ "$n" -le "$2" ] || fail "$1.c has $n lines"
    # shellcheck disable=SC2046
    $CC "$1.c" -o "$1.so" $(sdk) || fail "$1.c does not build"
    "$bin/bp-check" "./$1.so" || fail "bp-check $1.so"
}
build tiny-uart 60
build tiny-board 60
build tiny-icount 25
build tiny-gpio 60
build tiny-pci 60
build tiny-timer 60

# prints "hi" through the UART at 0x10000000, then powers off through the finisher at 0x100000
printf '\067\005\000\020\223\005\200\006\043\000\265\000\223\005\220\006\043\000\265\000' >hi.bin
printf '\223\005\240\000\043\000\265\000\067\005\020\000\267\125\000\000\223\205\125\125' >>hi.bin
printf '\043\040\265\000\163\000\120\020\157\000\000\000' >>hi.bin
status=0
timeout 60 "$bin/backplane" --load-plugin ./tiny-uart.so --load-plugin ./tiny-board.so \
    --load-plugin ./tiny-icount.so -M tiny-board -kernel hi.bin </dev/null >out 2>err || status=$?
[ $status = 0 ] || { fail "the machine of examples ends with $status"; cat err; }
[ "$(cat out)" = hi ] || fail "the guest printed '$(cat out)'"
grep -q '^vcpu 0: 12 instructions$' err || { fail "the counter said:"; cat err; }

# an instrument by its name alone; properties that nothing takes are refused
timeout 60 "$bin/backplane" --load-plugin ./tiny-uart.so --load-plugin ./tiny-board.so \
    -plugin icount -M tiny-board -kernel hi.bin </dev/null >out 2>err || fail "-plugin icount"
grep -q '^total: 12 instructions$' err || { fail "icount said:"; cat err; }
"$bin/backplane" --load-plugin ./tiny-uart.so,depth=3 -M tiny-board 2>err && fail "properties for no instrument"
grep -q "no instrument that could take 'depth'" err || { fail "properties for a device plugin:"; cat err; }

# a device that no board has, on a board that knows nothing of it: raises out[2], waits for the
# interrupt that in[0] makes, claims it and prints its number less 2
printf '\067\005\000\004\267\005\000\014\023\006\020\000\043\244\305\014' >gpio.bin
printf '\267\046\000\014\067\007\004\000\043\242\346\000\067\006\040\014' >>gpio.bin
printf '\023\007\020\000\043\044\345\000\023\007\100\000\043\040\345\000' >>gpio.bin
printf '\363\047\100\064\223\322\267\000\343\214\002\376\003\047\106\000' >>gpio.bin
printf '\023\007\347\377\267\007\000\020\043\200\347\000\067\005\020\000' >>gpio.bin
printf '\267\125\000\000\223\205\125\125\043\040\265\000\157\000\000\000' >>gpio.bin
timeout 60 "$bin/backplane" -M riscv-virt -bios none -kernel gpio.bin --load-plugin ./tiny-gpio.so \
    -device 'tiny-gpio,id=gpio,addr=0x4000000,irq=plic.in[50],in[0]=gpio.out[2]' </dev/null >out ||
    fail "tiny-gpio's guest ends with $?"
[ "$(cat out)" = 0 ] || fail "tiny-gpio's guest printed '$(cat out)'"

# the timer: waits for its interrupt, prints ID's low byte, what the property made of CLOCK (0x441), and STATUS
printf '\067\005\000\015\267\005\000\014\023\006\020\000\043\244\305\014' >timer.bin
printf '\267\046\000\014\067\007\004\000\043\242\346\000\023\007\220\000' >>timer.bin
printf '\043\042\345\000\023\007\060\000\043\040\345\000\363\042\100\064' >>timer.bin
printf '\223\322\262\000\223\362\022\000\343\212\002\376\267\007\000\020' >>timer.bin
printf '\003\047\105\001\043\200\347\000\003\047\205\001\043\200\347\000' >>timer.bin
printf '\003\047\305\000\023\007\007\003\043\200\347\000\067\005\020\000' >>timer.bin
printf '\267\125\000\000\223\205\125\125\043\040\265\000\157\000\000\000' >>timer.bin
timeout 60 "$bin/backplane" -M riscv-virt -bios none -kernel timer.bin --load-plugin ./tiny-timer.so \
    -device 'tiny-timer,addr=0xD000000,irq=plic.in[50],frequency=1089' </dev/null >out ||
    fail "tiny-timer's guest ends with $?"
[ "$(cat out)" = EA1 ] || fail "tiny-timer's guest printed '$(cat out)'"
# the address of the docs is free on both boards
"$bin/backplane" -M arm-virt,dumpdtb=arm.dtb --load-plugin ./tiny-gpio.so \
    -device 'tiny-gpio,addr=0xD000000,irq=gic.spi[112]' && grep -qa 'gpio@d000000' arm.dtb ||
    fail "0xD000000 is not free on arm-virt"

# the same in C++, by both standards that the headers promise
for std in 17 20; do
    # shellcheck disable=SC2046
    $CXX -std=c++$std -Wall -Werror "$srcdir/tests/abi/plugin.cc" -o cpp.so $(sdk) ||
        fail "plugin.cc does not build as C++$std"
    "$bin/bp-check" ./cpp.so || fail "bp-check cpp.so, C++$std"
    timeout 60 "$bin/backplane" --load-plugin ./cpp.so -M cpp-board -kernel hi.bin </dev/null >out ||
        fail "the C++$std board ends with $?"
    [ "$(cat out)" = hi ] || fail "the guest of the C++$std board printed '$(cat out)'"
done

# what is given by path wins over a plugin of the same name found in a folder
sed 's/A small UART/The other UART/' tiny-uart.c >other-uart.c
mkdir found
# shellcheck disable=SC2046
$CC other-uart.c -o found/tiny-uart.so $(sdk)
"$bin/backplane" --plugin-path found -device help | grep -q 'tiny-uart.*The other UART' ||
    fail "--plugin-path finds nothing"
BACKPLANE_PLUGIN_PATH=found "$bin/backplane" -device help | grep -q 'tiny-uart.*The other UART' ||
    fail "BACKPLANE_PLUGIN_PATH finds nothing"
mkdir first
cp tiny-uart.so first
BACKPLANE_PLUGIN_PATH=found "$bin/backplane" --plugin-path first -device help |
    grep -q 'tiny-uart.*A small UART' || fail "--plugin-path does not come first"
"$bin/backplane" --plugin-path found --load-plugin ./tiny-uart.so -device help |
    grep -q 'tiny-uart.*A small UART' || fail "--load-plugin does not win"


# ... and says so; two files for one id are one too many: given both, or in one folder
notice="backplane: device 'tiny-uart' is taken from ./tiny-uart.so, not from found/tiny-uart.so"
"$bin/backplane" --plugin-path found --load-plugin ./tiny-uart.so -device help 2>err >/dev/null
[ "$(cat err)" = "$notice" ] || { fail "what wins is not said:"; cat err; }
"$bin/backplane" --load-plugin ./tiny-uart.so --load-plugin found/tiny-uart.so -device help 2>err >/dev/null &&
    fail "two files for device tiny-uart are taken"
[ "$(wc -l <err)" = 1 ] && grep -q "refused: found/tiny-uart.so: it provides device 'tiny-uart', and so does ./tiny-uart.so: leave one out" err ||
    { fail "two files for one device:"; cat err; }
cp tiny-uart.so first/zz.so
"$bin/backplane" --plugin-path first -device help 2>err | grep -q 'tiny-uart.*A small UART' || fail "first/tiny-uart.so"
[ "$(wc -l <err)" = 1 ] && grep -q "refused: first/zz.so: it provides device 'tiny-uart', and so does first/tiny-uart.so" err ||
    { fail "two files in one folder:"; cat err; }
# --list-plugins lists what is given by path, and what it hides, without loading it
"$bin/backplane" --load-plugin ./tiny-gpio.so --list-plugins | grep -q '^tiny-gpio  *1.0  *device tiny-gpio$' ||
    fail "--list-plugins lacks a plugin given by path"
"$bin/backplane" --plugin-path found --load-plugin ./tiny-uart.so --list-plugins=verbose |
    grep -qx '  hidden: device tiny-uart is taken from ./tiny-uart.so' || fail "--list-plugins does not say what is hidden"

for kind in device pci-device board instrument; do
    cp -r "$(find "$work/root" -type d -path '*sdk/templates')/$kind" .
    # shellcheck disable=SC2046
    $CC "$kind/$kind.c" -o "my-$kind.so" $(sdk) || fail "the $kind template does not build"
    "$bin/bp-check" "./my-$kind.so" || fail "bp-check my-$kind.so"
    (cd "$kind" && PKG_CONFIG_PATH=$(dirname "$pc") ${MAKE:-make} -n check) | grep -q "bp-check ./my-$kind.so" ||
        fail "the $kind template's Makefile checks nothing"
done
"$bin/backplane" --load-plugin ./my-device.so -device my-device,help |
    grep -qx '  model=<uint32>         - what ID reads, from 1 to 7 (default: 1)' ||
    fail "the device template shows no property"
# the PCI template: puts base address 0 at 0x40000000, sets CONTROL, prints STATUS, clears and prints it again
printf '\067\205\000\060\267\005\000\100\043\050\265\000\023\006\040\000' >pci.bin
printf '\043\042\305\000\023\006\020\000\043\240\305\000\003\247\105\000' >>pci.bin
printf '\023\007\007\003\267\007\000\020\043\200\347\000\043\242\305\000' >>pci.bin
printf '\003\247\105\000\023\007\007\003\043\200\347\000\067\005\020\000' >>pci.bin
printf '\267\125\000\000\223\205\125\125\043\040\265\000\157\000\000\000' >>pci.bin
timeout 60 "$bin/backplane" -M riscv-virt -bios none -kernel pci.bin --load-plugin ./my-pci-device.so \
    -device my-pci-device </dev/null >out || fail "the PCI template's guest ends with $?"
[ "$(cat out)" = 10 ] || fail "the PCI template's guest printed '$(cat out)'"
timeout 60 "$bin/backplane" --load-plugin ./my-board.so -M my-board,dumpdtb=none -kernel hi.bin 2>err &&
    fail "a board without device tree wrote one"
grep -q 'machine my-board has no device tree' err || { fail "the board template says:"; cat err; }

# a missing device matters to the machine that needs it alone
rm "$(find "$work/root" -name ns16550a.so)"
timeout 60 "$bin/backplane" --load-plugin ./tiny-uart.so --load-plugin ./tiny-board.so \
    -M tiny-board -kernel hi.bin </dev/null >out 2>err || fail "tiny-board needs a ns16550a"
timeout 60 "$bin/backplane" -M riscv-virt -bios none 2>err &&
    fail "riscv-virt runs without its UART"
grep -q "machine riscv-virt: part uart0 needs device 'ns16550a', which no plugin provides" err ||
    { fail "without ns16550a.so:"; cat err; }
[ "$(wc -l <err)" = 1 ] || { fail "more than one line:"; cat err; }

cd /
[ $fails = 0 ] && echo "sdk: examples and templates build, pass bp-check, load and run"
exit $((fails != 0))
