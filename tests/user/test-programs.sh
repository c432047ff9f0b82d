#!/bin/sh
# SPDX-License-Identifier: MIT
# test-programs.sh: what becomes of a file that is given as a program: a tiny one runs; others are refused with one
# line and a shell's status (127: not there, 126: cannot be run). ELF files are written here, so no compiler is needed.
set -u
bp=$(pwd)/backplane-user
work=$(mktemp -d "${TMPDIR:-/tmp}/bp-programs-XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
# A program that cannot be run leaves at once, without freeing what it had.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED: $*"; }

# le BYTES NUMBER: little-endian, as octal escapes.
le() {
    n=$1 v=$(($2)) text=
    while [ "$n" -gt 0 ]; do
        text="$text\\0$(printf %03o $((v & 255)))"
        v=$((v >> 8)) n=$((n - 1))
    done
    printf %s "$text"
}
# header TYPE MACHINE ENTRY PHNUM [PHENTSIZE [PHOFF]]
header() {
    printf %b "\\0177ELF\\02\\01\\01$(le 9 0)$(le 2 "$1")$(le 2 "$2")$(le 4 1)$(le 8 "$3")$(le 8 "${6:-64}")$(le 8 0)"
    printf %b "$(le 4 5)$(le 2 64)$(le 2 "${5:-56}")$(le 2 "$4")$(le 6 0)"
}
# segment TYPE FLAGS OFFSET VADDR FILESZ MEMSZ [ALIGN]
segment() {
    printf %b "$(le 4 "$1")$(le 4 "$2")$(le 8 "$3")$(le 8 "$4")$(le 8 "$4")$(le 8 "$5")$(le 8 "$6")$(le 8 "${7:-4096}")"
}
code() { printf %b "$(le 4 0x05e00893)$(le 4 0x02a00513)$(le 4 0x00000073)"; } # exit_group(42)
LOAD=1 INTERP=3 EXEC=2 DYN=3 RISCV=243

# run STATUS PATTERN ARGUMENT...: the status, and the one line of output (none where the pattern is empty).
run() {
    want=$1 pattern=$2
    shift 2
    timeout 300 "$bp" "$@" >out 2>&1 </dev/null
    got=$?
    if [ $got != "$want" ]; then
        bad "$*: status $got, not $want: $(head -3 out)"
    elif [ -z "$pattern" ] && [ -s out ]; then
        bad "$*: says $(head -3 out)"
    elif [ -n "$pattern" ] && { [ "$(wc -l <out)" != 1 ] || ! grep -q -- "$pattern" out; }; then
        bad "$*: no line '$pattern': $(head -3 out)"
    else
        ok
    fi
}
# file NAME: standard input becomes a program.
file() { cat >"$1" && chmod +x "$1"; }

{ header $EXEC $RISCV 0x10078 1; segment $LOAD 5 0 0x10000 132 132; code; } | file good
if ! timeout 300 "$bp" ./good 2>out && grep -q 'no installed plugin' out; then
    echo "skipped: no riscv64"
    exit 77
fi
run 42 '' ./good
run 42 '' -- ./good a b
run 42 '' "$work/good"
run 42 '' -s 16M -r 9.9 -0 name -E A=1,B=2 -U A -seed 1 ./good
run 42 '' -M linux-user ./good
run 42 '' -one-insn-per-tb ./good
run 42 '' -R 64M ./good
if ! grep -q __asan_init "$(readlink -f "$bp")"; then # has its own opinion on addresses
    run 42 '' -B 0x20000000000 ./good
    (ulimit -v 4000000 && run 42 '' ./good && exit $failed) || bad "with a limit of 4 GB"
fi
BACKPLANE_STACK_SIZE=1M BACKPLANE_SEED=3 run 42 '' ./good
{ header $DYN $RISCV 0x78 1; segment $LOAD 5 0 0 132 132; code; } | file anywhere
run 42 '' ./anywhere
{ header $DYN $RISCV 0x78 1; segment $LOAD 5 0 0 132 132 0x200000; code; } | file aligned
run 42 '' ./aligned
echo '#!./good' | file script
run 42 '' ./script
printf '#! ./script with arguments' | file script2
run 42 '' ./script2
echo '#!/bin/sh
exit 7' | file native
run 7 '' ./native

run 126 'no program' -strace
run 127 'does not exist' ./nothing
run 127 'does not exist' "$(printf 'no\001thing')"
run 126 'is a directory' /
run 126 'not a regular file' /dev/null
: | file empty
run 126 'is empty' ./empty
echo nonsense | file nonsense
run 126 'neither an ELF file nor a script' ./nonsense
cp good plain && chmod -x plain
run 126 'may not be executed' ./plain
echo '#!/no/such/interpreter' | file lost
run 127 'lost does not exist\|does not exist' ./lost
echo '#!./circle' | file circle
run 126 'script for a script' ./circle
run 126 'Not a directory' ./good/x

for n in 5 20 63; do head -c $n good | file cut; run 126 'truncated' ./cut; done
for n in 64 100 119; do head -c $n good | file cut; run 126 'program headers are missing' ./cut; done
{ header 1 $RISCV 0 1; segment $LOAD 5 0 0 1 1; } | file object
run 126 'object file' ./object
{ header 4 $RISCV 0 1; segment $LOAD 5 0 0 1 1; } | file dump
run 126 'core dump' ./dump
{ header $EXEC 22 0 1; segment $LOAD 5 0 0 1 1; } | file other
run 126 'ELF machine 22' ./other
{ header $EXEC 0xb7 0 1; segment $LOAD 5 0 0x10000 1 1; } | file arm
header $EXEC $RISCV 0 0 | file headless
run 126 'no program headers' ./headless
{ header $EXEC $RISCV 0 1 32; segment $LOAD 5 0 0 1 1; } | file size
run 126 'wrong size' ./size
{ header $EXEC $RISCV 0 60000; segment $LOAD 5 0 0 1 1; } | file many
run 126 'too many' ./many
{ header $EXEC $RISCV 0 1 56 0x7ffffffffffffff0; segment $LOAD 5 0 0 1 1; } | file far
run 126 'program headers are missing' ./far
{ header $EXEC $RISCV 0x10078 1; segment 2 5 0 0x10000 132 132; code; } | file unloaded
run 126 'no segment to load' ./unloaded

bad_segment() { # PATTERN FLAGS OFFSET VADDR FILESZ MEMSZ
    pattern=$1
    shift
    { header $EXEC $RISCV 0x10078 2; segment $LOAD 5 0 0x10000 188 188; segment $LOAD "$@"; code; } | file seg
    run 126 "$pattern" ./seg
}
bad_segment 'larger in the file' 6 0 0x20000 200 100
bad_segment 'beyond the address space' 6 0 0x7fffffffffff0000 100 100
bad_segment 'beyond the address space' 6 0 0x20000 100 0x7fffffffffffffff
bad_segment 'does not fit its address' 6 1 0x20000 100 100
bad_segment 'segment ends behind the file' 6 0x100000 0x20000 100 200
bad_segment 'beyond the end of any file' 6 0x7fffffffffff0000 0x20000 0xffff 0x10000
bad_segment 'does not fit' 6 0 0x3ffff00000 100 0xff000
# overlapping ones are allowed: the later lies on top
{ header $EXEC $RISCV 0x100b0 2; segment $LOAD 5 0 0x10000 188 188; segment $LOAD 5 0 0x10000 188 188; code; } | file twice
run 42 '' ./twice
{ header $EXEC $RISCV 0x90000 1; segment $LOAD 5 0 0x10000 132 132; code; } | file nowhere
timeout 300 "$bp" ./nowhere >out 2>&1
[ $? = 139 ] && ok || bad "./nowhere: $(head -3 out)"

interp() { # TEXT-WITH-ESCAPES BYTES
    { header $DYN $RISCV 0x78 2; segment $LOAD 5 0 0 188 188; segment $INTERP 4 176 176 "$2" "$2"; printf %b "$1"; } | file dynamic
}
interp '/no/such/ld.so\000' 15
run 127 'needs the interpreter /no/such/ld.so, .*-L PREFIX' ./dynamic
interp 'not-terminated' 14
run 126 'no good name of an interpreter' ./dynamic
interp 'x\000' 9999999
run 126 'no good name of an interpreter' ./dynamic
interp './nonsense\000' 11
run 126 'interpreter of ./dynamic' ./dynamic
interp './arm\000' 6
run 126 'another machine' ./dynamic
interp './anywhere\000' 11
run 42 '' ./dynamic
mkdir -p root/lib && cp anywhere root/lib/ld.so
interp '/lib/ld.so\000' 11
run 42 '' -L root ./dynamic
run 126 '-L root/nothing' -L root/nothing ./dynamic
cp good root/program
run 42 '' -L root /program
run 127 'does not exist' -L root /program2

run 1 'stack-size=1' -s 1 ./good
run 126 'VAR=VALUE' -E nonsense ./good
run 126 'name only' -U A=1 ./good
run 126 'power of two' -p 5000 ./good
run 1 'for machines, not for programs' -kernel x ./good
run 1 'unknown option' -no-such ./good
run 1 'needs an argument' -L
run 126 'does not fit into the address space' -R 1M -s 128K ./good
run 126 'does not fit into the address space' -R 64K ./good
run 1 'no CPU model' -cpu no-such ./good
"$bp" -h | grep -q BACKPLANE_LD_PREFIX && ok || bad "-h does not tell of the environment"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
