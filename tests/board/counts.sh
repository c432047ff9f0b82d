# SPDX-License-Identifier: MIT
# counts.sh: for tests of boards, read with '.': the program $bp, a folder $work that goes in the end, $passed and $failed with
# what counts them, and guests of a few instructions.
bp=${BACKPLANE:-./backplane}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED: $*"; }
# is WHAT EXPECTED FOUND
is() { if [ "$2" = "$3" ]; then ok; else bad "$1: expected '$2', found '$3'"; fi; }

# words FILE WORD...: instructions, little-endian.
words() {
    file=$1
    shift
    for w; do
        for shift in 0 8 16 24; do
            printf "\\$(printf %o $((w >> shift & 255)))"
        done
    done >"$file"
}
