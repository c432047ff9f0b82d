#!/bin/sh
# SPDX-License-Identifier: MIT
# backplane-user-static: lists the plugins that are linked in, loads no files, and runs a program in a root with nothing else.
# The guest's programs are made of a few instructions: exit(write(1, "static\n", 7)), and one that executes it.
[ -x ./backplane-user-static ] || { echo "built without --enable-static-user"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cp backplane-user-static "$work/any-name"
python3 - "$work" <<'END' || exit 77
import os, struct, sys
BASE, CODE = 0x10000, 0x10078
REG = {'zero': 0, 'a0': 10, 'a1': 11, 'a2': 12, 'a7': 17}
ECALL = 0x73
li = lambda r, n: [(n & 0xfff) << 20 | REG[r] << 7 | 0x13]
la = lambda r, at: [(BASE >> 12) << 12 | REG[r] << 7 | 0x37, (at - BASE) << 20 | REG[r] << 15 | REG[r] << 7 | 0x13]
def program(name, make):
    end = CODE + 4 * len(make(0)[0])
    code, data = make(end)
    body = b''.join(c.to_bytes(4, 'little') for c in code) + data
    head = b'\x7fELF\2\1\1' + bytes(9) + struct.pack('<HHIQQQIHHHHHH', 2, 243, 1, CODE, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    head += struct.pack('<IIQQQQQQ', 1, 7, 0, BASE, BASE, 120 + len(body), 120 + len(body), 4096)
    path = os.path.join(sys.argv[1], name)
    open(path, 'wb').write(head + body)
    os.chmod(path, 0o755)
program('guest', lambda at: (li('a7', 64) + li('a0', 1) + la('a1', at) + li('a2', 7) + [ECALL] + li('a7', 93) + [ECALL], b'static\n'))
# closes all but the standard files, then executes /guest
program('chain', lambda at: (li('a7', 436) + li('a0', 3) + li('a1', -1) + li('a2', 0) + [ECALL] + li('a7', 221) + la('a0', at) +
                             la('a1', at + 8) + li('a2', 0) + [ECALL] + li('a7', 93) + li('a0', 1) + [ECALL],
                             b'/guest\0\0' + struct.pack('<QQ', at, 0)))
END
run() { env -i "$@" >"$work/out" 2>"$work/err"; }
run "$work/any-name" "$work/guest"
status=$?
[ "$status" = 7 ] && [ "$(cat "$work/out")" = static ] || fail "exit status $status: $(cat "$work/err")"
run "$work/any-name" --list-plugins || fail "--list-plugins"
grep -q 'accel-tcg.*accel tcg' "$work/out" && grep -q 'board linux-user' "$work/out" || fail "built-in plugins: $(cat "$work/out")"
# What plugin folders hold is for the other program.
run BACKPLANE_PLUGIN_PATH="$PWD/plugins/.libs" "$work/any-name" "$work/guest"
[ $? = 7 ] || fail "a plugin path: $(cat "$work/err")"
run "$work/any-name" -plugin "$PWD/plugins/.libs/icount.so" "$work/guest" && fail "a plugin file was taken"
[ "$(wc -l <"$work/err")" = 1 ] && grep -q 'static and loads no plugins' "$work/err" || fail "a plugin file: $(cat "$work/err")"
if [ "$(id -u)" = 0 ] && chroot "$work" /any-name --version >/dev/null 2>&1; then
    chroot "$work" /any-name /guest >"$work/out" 2>"$work/err"
    status=$?
    [ $status = 7 ] || fail "in an empty root: status $status: $(cat "$work/err")"
    chroot "$work" /any-name /chain >"$work/out" 2>"$work/err"
    status=$?
    [ $status = 7 ] && [ "$(cat "$work/out")" = static ] || fail "exec in an empty root: status $status: $(cat "$work/err")"
fi
exit 0
