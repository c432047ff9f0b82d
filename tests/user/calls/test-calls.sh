#!/bin/sh
# SPDX-License-Identifier: MIT
# test-calls.sh: programs that look at system calls from inside (check.h), built for this machine
# and for riscv64 and, where there is a compiler, aarch64: the same output as a guest as natively.
# Every call has its line under -strace; calls with random arguments never hurt the emulator.
set -u
top=$(pwd)
src=${srcdir:-.}/tests/user/calls
case $src in /*) ;; *) src=$top/$src ;; esac
cross=${RISCV64_CC:-riscv64-linux-gnu-gcc}
bp=$top/backplane-user
# A program's end is no place to look for leaks: its exit frees nothing. What is freed before is to be
# used again at once: a test looks at how much memory stays.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0:quarantine_size_mb=1"
builds() {
    command -v "$1" >/dev/null && printf 'int main(void) { return 0; }' |
        "$1" -static -x c -o /dev/null - 2>/dev/null
}
builds "$cross" || {
    echo "skipped: no $cross with a static C library (packages gcc-riscv64-linux-gnu, libc6-dev-riscv64-cross)"
    exit 77
}
work=$(mktemp -d "${TMPDIR:-/tmp}/bp-calls-XXXXXX") || exit 99
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED: $*"; }

build() { # COMPILER PROGRAM OUTPUT
    "$1" -w -O1 -static -I "$src/../../../sdk/include" -o "$3" "$src/$2.c" || bad "$1 does not build $2.c"
}
# inside COMMAND...: in an empty folder; output in $work/out, status in $status.
inside() {
    rm -rf "$work/here"
    mkdir "$work/here"
    (cd "$work/here" && exec timeout 300 "$@") >"$work/out" 2>&1 </dev/null
    status=$?
}

arches=riscv64
aarch64=${AARCH64_CC:-aarch64-linux-gnu-gcc}
builds "$aarch64" && arches="$arches aarch64"
for group in file stat poll socket process ipc map exec aio; do
    build "${CC_FOR_BUILD:-cc}" $group "$work/native-$group"
    inside "$work/native-$group"
    mv "$work/out" "$work/native"
    [ $status = 0 ] || bad "$group: natively: status $status: $(grep "not so" "$work/native" || tail -3 "$work/native")"
    for arch in $arches; do
        compiler=$cross guest=$work/guest-$arch-$group
        [ $arch = riscv64 ] || compiler=$aarch64
        build "$compiler" $group "$guest"
        inside "$bp" "$guest"
        if [ $status = 0 ] && cmp -s "$work/native" "$work/out"; then
            ok
        else
            bad "$group, $arch: status $status, - natively, + as a guest:"
            diff -u "$work/native" "$work/out" | sed -n '3,30p'
        fi
    done
done

# A line each call.
build "$cross" rows "$work/rows"
inside "$bp" -strace -D "$work/log" "$work/rows"
[ $status = 0 ] || bad "rows: status $status: $(tail -3 "$work/out")"
for name in $(grep -o 'X([a-z0-9_]*, [0-9]*)' "$src/../../../sdk/include/backplane/linux-calls.h" |
    sed 's/X(//;s/,.*//'); do
    if grep -qE "^[0-9]+ $name\(.*\) = (-1 E[A-Z0-9]+ \(.*\)|-?[0-9]+|0x[0-9a-f]+|\?)$" "$work/log"; then
        ok
    else
        bad "-strace: no line of $name"
    fi
done
line() { # WHAT PATTERN
    if grep -qE "^[0-9]+ $2\$" "$work/log"; then ok; else bad "-strace: $1: no line '$2'"; fi
}
inside "$bp" -strace -D "$work/log" "$work/guest-riscv64-file"
line "names of flags" 'openat\(AT_FDCWD,"a",O_RDWR\|O_CREAT\|O_EXCL\|O_CLOEXEC,0640\) = 3'
line "an error" 'openat\(AT_FDCWD,"nothing",O_RDONLY,00?\) = -1 ENOENT \(No such file or directory\)'
line "bytes and a length" 'write\([0-9]+,"hello, world",12\) = 12'
inside "$bp" -d strace -D "$work/log" "$work/guest-riscv64-socket"
line "an address" 'connect\([0-9]+,\{sa_family=AF_UNIX,sun_path="sock"\},110\) = 0'

# Random arguments.
build "$cross" fuzz "$work/fuzz"
seed=$(date +%s)
inside "$bp" "$work/fuzz" "$seed" "${FUZZ_SECONDS:-10}"
if [ $status = 0 ]; then ok; else bad "fuzz $seed: status $status: $(tail -5 "$work/out")"; fi

echo "$passed passed, $failed failed"
[ $failed = 0 ]
