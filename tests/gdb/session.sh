# SPDX-License-Identifier: MIT
# session.sh: what test-sessions.sh and test-program.sh share: gdb (Debian's gdb-multiarch) at the emulator, and what it must say. Runs
# in the build tree.
set -u
bp=${BACKPLANE:-./backplane}
here=$(cd "$(dirname "$0")" && pwd)
command -v gdb-multiarch >/dev/null || { echo "SKIP: there is no gdb-multiarch"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/bp-gdb-XXXXXX") || exit 99
export work
emulator=
trap '[ -z "$emulator" ] || kill -9 $emulator 2>/dev/null; rm -rf "$work"' EXIT
passed=0 failed=0

fail() {
    failed=$((failed + 1))
    echo "FAILED: $name: $*"
}
# emulate ARGUMENT...: starts the emulator, which is to listen at $work/s; what it says is in $work/said.
emulate() {
    "$bp" "$@" </dev/null >"$work/said" 2>&1 &
    emulator=$!
    tries=600
    while [ ! -S "$work/s" ] && [ $tries -gt 0 ] && kill -0 $emulator 2>/dev/null; do
        tries=$((tries - 1))
        sleep 0.1
    done
}
# debug FILE: gdb on it, connected, with commands from standard input; what it said is in $work/out.
debug() {
    { echo "set confirm off"; echo "set pagination off"; echo "set width 0"; echo "directory $here"
      echo "target remote $work/s"; cat; } >"$work/commands"
    timeout 300 gdb-multiarch -nx -batch -x "$work/commands" "$1" >"$work/out" 2>&1 </dev/null ||
        fail "gdb ended with $?"
}
# ended: the emulator's end; its exit status is $status.
ended() {
    wait $emulator
    status=$?
    emulator=
    rm -f "$work/s"
}
# want REGEX...: each is in a line of what gdb said.
want() {
    shown=
    for regex; do
        if grep -Eq -- "$regex" "$work/out"; then
            passed=$((passed + 1))
        else
            fail "no line matches '$regex'"
            shown=1
        fi
    done
    [ -z "$shown" ] || head -n 80 "$work/out" | sed 's/^/    /'
}
