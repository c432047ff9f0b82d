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
broken 14 "my-device: register ID has neither storage nor hooks"
broken 15 "my-device: two of its properties, ports, links or pins are named 'irq'"
broken 16 "device 'my device': an id is made of letters, digits and -_.\+"
broken 17 "device 'my-device' has no doc"
broken 18 "my-device: a second reset gives another state"
broken 19 "my-device: saved kept lies outside the state"

"$top/bp-check" --foo dev.so >out 2>err && fail "--foo is taken"
grep -q -- 'unknown option.*--foo' err || { fail "--foo:"; cat err; }

cd /
[ $fails = 0 ] && echo "bp-check: says what $n broken devices break"
exit $((fails != 0))
