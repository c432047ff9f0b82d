#!/bin/sh
# SPDX-License-Identifier: MIT
# test-tasks.sh [NAME...]: small programs that look at what the system under them does, signals/*.c
# and threads/*.c: made for riscv64 with Debian's cross compiler, linked statically, run in user mode.
# Status 0 is good, what they print says what is wrong. Without names: all. LONG=1: longer loops.
# RUN=COMMAND: under that instead; RUN=env CC=cc runs them natively: that is how they are proved.
set -u
# A sanitizer's own handlers would be found instead of what was inherited.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:handle_segv=0:handle_sigbus=0:detect_leaks=0"
src=${srcdir:-$(dirname "$0")/../..}
CC=${CC:-riscv64-linux-gnu-gcc}
bp=$(pwd)/backplane-user
# run PROGRAM [ARGUMENT...]: under RUN's words or the program built here.
run() {
    if [ -n "${RUN:-}" ]; then timeout -k 5 900 $RUN "$@"; else timeout -k 5 900 "$bp" "$@"; fi
}
work=$(mktemp -d "${TMPDIR:-/tmp}/bp-programs-XXXXXX")
trap 'rm -rf "$work"' EXIT
if ! echo 'int main(void) { return 0; }' | "$CC" -x c -static -pthread - -o "$work/empty" 2>/dev/null; then
    echo "SKIP: $CC makes no static programs: install gcc-riscv64-linux-gnu and libc6-dev-riscv64-cross"
    exit 77
fi
[ $# -gt 0 ] || set -- $(cd "$src/tests/user" && echo signals/*.c threads/*.c)

# More rounds of those that hunt for races.
arguments() {
    case ${LONG:-}$1 in
    1signals/wakeups.c) echo 100000 600 ;;
    1threads/litmus.c) echo 2000 ;;
    signals/wakeups.c) echo 4000 ;;
    esac
}

make_all() {
    for f; do
        printf '%s\0' "$src/tests/user/$f" "$work/$(echo "${f%.c}" | tr / -)"
    done | xargs -0 -P 2 -n 2 sh -c '"$0" -std=gnu11 -O2 -static -pthread "$1" -o "$2"' "$CC"
}
make_all "$@" || { echo "FAIL: a program cannot be made"; exit 1; }

fails=0 n=0
for f; do
    n=$((n + 1)) status=0
    # Unquoted: words.
    program=./$(echo "${f%.c}" | tr / -)
    (cd "$work" && run "$program" $(arguments "$f")) >"$work/out" 2>&1 </dev/null ||
        status=$?
    [ $status = 0 ] && continue
    fails=$((fails + 1))
    echo "FAIL: $f: status $status"
    head -40 "$work/out"
done

# How a program ends is how we end.
ends() { # STATUS HOW
    n=$((n + 1)) status=0
    { (run "$work/signals-ends" "$2") </dev/null || status=$?; } >"$work/out" 2>&1
    [ $status = "$1" ] && return
    fails=$((fails + 1))
    echo "FAIL: ends $2: status $status instead of $1"
}
if [ -e "$work/signals-ends" ]; then
    ends 7 exit7
    ends 143 signal15
    ends 139 signal11
    ends 134 abort
    ends 9 thread-exits
    ends 11 main-ends-thread-exits
    ends 139 thread-faults
    ends 143 thread-killed
fi
[ $fails = 0 ] && echo "$n runs"
[ $fails = 0 ]
