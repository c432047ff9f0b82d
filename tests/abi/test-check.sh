#!/bin/sh
# SPDX-License-Identifier: MIT
# test-check.sh: bp-check passes a device that keeps the rules, and says of each rule that broken.c
# breaks in one line what is wrong.
set -eu
srcdir=$(cd "${srcdir:-.}" && pwd)
top=$(pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/bp-check-XXXXXX")
trap 'rm -rf "$work"' EXIT
: "${CC:=cc}"
fails=0 n=0
fail() { echo "FAIL: $*"; fails=$((fails + 1)); }
cd "$work"

build() { # NUMBER
    # shellcheck disable=SC2086
    $CC -std=gnu11 -DBREAK="$1" -I"$srcdir/sdk/include" -fPIC -fvisibility=hidden \
        "$srcdir/tests/abi/broken.c" -o dev.so -shared -Wl,-z,defs \
        -Wl,--version-script="$srcdir/sdk/plugin.map" || fail "broken.c with BREAK=$1"
}
check() { "$top/bp-check" dev.so >out 2>err; }

build 0
check || { fail "a device that keeps the rules:"; cat out err; }
[ "$(cat out)" = "dev.so: ok (device my-device)" ] || { fail "it says:"; cat out; }
# sanitizers hide the static variables of what they compile
build 0 && nm dev.so | grep -q __asan_ && sanitized=yes || sanitized=no

broken() { # NUMBER PATTERN
    n=$((n + 1))
    build "$1"
    if check; then
        fail "BREAK=$1 passes"
    elif ! grep -qE -- "^dev.so: $2" out; then
        fail "BREAK=$1 does not say '$2' but:"
        cat out err
    elif [ "$(wc -l <out)" != 1 ]; then
        fail "BREAK=$1: more than one line:"
        cat out
    fi
}
broken 1 "calls rand\(\): time, chance and the outside world"
[ $sanitized = yes ] || broken 2 "variable 'shared' is static: .*make it const or a member"
broken 3 "my-device: registers CONTROL and COUNT overlap"
broken 4 "my-device: two registers are named CONTROL"
broken 5 "my-device: saved irq: irq is an address of the core's"
broken 6 "my-device: saved count: COUNT saves itself"
broken 7 "my-device: saved hidden: hidden is saved already"
broken 8 "my-device: it has no .state_size"
broken 9 "my-device: it has registers, but no .window or .windows"
broken 10 "my-device: byte(s| ).* of its state, behind COUNT, .*BP_SAVED or BP_TRANSIENT"
died='(Segmentation fault|exit status [0-9]+)' # sanitizers catch the signal
broken 11 "my-device: crashes at a write of 0x[0-9a-f]+, [124] bytes? at 0x[0-3] \(CONTROL\): $died"
broken 12 "my-device: crashes when one of its timers fires: $died \(seed 1\)"
broken 13 "my-device: crashes when its input gate is set: $died"
broken 14 "my-device: register ID has neither storage, hooks nor a value"
broken 15 "my-device: two of its properties, ports, links or pins are named 'irq'"
broken 16 "device 'my device': an id is made of letters, digits and -_.\+"
broken 17 "device 'my-device' has no doc"
broken 18 "my-device: a second reset gives another state"
broken 19 "my-device: saved kept lies outside the state"
broken 20 "my-device: a reset after use leaves another state than the first: kept: put it back in the reset hook"
broken 21 "my-device: register ID has the property 'id' for storage, which a reset overwrites: .*reset_prop"
broken 22 "my-device: register ID is reset to 'nothing', which is no number property"
broken 23 "my-device: cannot be made with its default properties: it needs a moon at full$"

# a PCI card, driven as a driver would, and what its author can get wrong: PATTERN SED-EXPRESSION
card() {
    n=$((n + 1))
    sed "$2" "$srcdir/sdk/examples/tiny-pci.c" >card.c
    [ -z "$2" ] || ! cmp -s card.c "$srcdir/sdk/examples/tiny-pci.c" || fail "$2 changes nothing"
    # shellcheck disable=SC2086
    $CC -std=gnu11 -I"$srcdir/sdk/include" -fPIC -fvisibility=hidden card.c -o dev.so -shared \
        -Wl,-z,defs -Wl,--version-script="$srcdir/sdk/plugin.map" || fail "a card with $2"
    check && [ -n "$2" ] && fail "a card with $2 passes"
    grep -qE -- "^dev.so: $1" out || { fail "of a card with $2 is not said '$1' but:"; cat out err; }
    [ "$(wc -l <out)" = 1 ] && [ ! -s err ] || { fail "a card with $2: not one line:"; cat out err; }
}
card 'ok \(device tiny-pci\)$' ''
made='tiny-pci: cannot be made with its default properties: its PCI face: '
card "$made.msix_window is 1, window 'msix', which has no .read and .write: make the row BP_PCI_MSIX_WINDOW" \
    's/BP_PCI_MSIX_WINDOW("msix")/{ .name = "msix", .size = 4096, .flags = BP_WINDOW_PLACED, .storage = BP_NO_STORAGE }/'
card "$made.msix_window is 2, but .windows has no row 2" 's/\.msix_window = 1/.msix_window = 2/'
card "$made.*window 'regs', which lacks BP_WINDOW_PLACED: add it" 's/0x100, .flags = BP_WINDOW_PLACED/0x100/'
card 'tiny-pci: it says while it runs: calls bp_pci_set_irq\(\), but its PCI face has no pin: add .interrupt_pin' \
    's/\.interrupt_pin = 1, //'
card 'tiny-pci: it says while it runs: calls bp_pci_msix\(\) for vector 3, but .*\.msix_vectors = 1$' \
    's/bp_pci_msix(&c->pci, 0)/bp_pci_msix(\&c->pci, 3)/'
card "tiny-pci: window regs has BP_WINDOW_PLACED, but there is no .post_load" 's/\.post_load = pci_post_load/.post_load = NULL/'
card "tiny-pci: its window 'regs' lies elsewhere after its state was loaded" \
    's/^BP_DEVICE_IN(/static int nothing(void *dev) { return 0; }\nBP_DEVICE_IN(/; s/post_load = pci_post_load/post_load = nothing/'

"$top/bp-check" --foo dev.so >out 2>err && fail "--foo is taken"
grep -q -- 'unknown option.*--foo' err || { fail "--foo:"; cat err; }

cd /
[ $fails = 0 ] && echo "bp-check: says what $n broken devices break"
exit $((fails != 0))
