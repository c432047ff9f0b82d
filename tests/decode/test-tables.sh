#!/bin/sh
# SPDX-License-Identifier: MIT
# Tables that bp-decode must refuse, each with its one line of error; its command line; its output.
tool=${BP_DECODE:-./bp-decode}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failures=0
refused=0

bad()
{
    echo "FAIL: $1"
    failures=$((failures + 1))
}

# refuse 'expected line without the folder': the table is on standard input.
refuse()
{
    cat > "$dir/t.decode"
    printf 't.decode:%s\n' "$1" > "$dir/wanted"
    (cd "$dir" && "$tool_path" --isa t --header t.h --source t.c t.decode) > "$dir/out" 2>&1
    status=$?
    if test $status -ne 1; then
        bad "exit status $status, should be 1: $1"
    elif ! cmp -s "$dir/out" "$dir/wanted"; then
        bad "wrong error:"
        diff "$dir/wanted" "$dir/out"
    elif test -e "$dir/t.h" || test -e "$dir/t.c"; then
        bad "output written in spite of: $1"
    else
        refused=$((refused + 1))
    fi
    rm -f "$dir/t.h" "$dir/t.c"
}

accept()
{
    cat > "$dir/t.decode"
    (cd "$dir" && "$tool_path" --isa t t.decode) > "$dir/out" 2>&1 || { bad "$1"; cat "$dir/out"; }
}

case $tool in
/*) tool_path=$tool ;;
*) tool_path=$(pwd)/$tool ;;
esac
test -x "$tool_path" || { echo "FAIL: no $tool_path"; exit 1; }

# ---- rows

refuse "6: b overlaps a at t.decode:5: put both into one group or make their conditions exclusive" <<'END'
width 16
field v 7..0
format f v
# second row is a part of the first
a 1....... ........ g "a %y"
b 11111111 ........ f "b %v"
field y 14..0
format g y
END
refuse "6: b overlaps a at t.decode:5: put both into one group or make their conditions exclusive" <<'END'
width 16
feature p q
field v 7..0
format f v
a 11111111 ........ f "a %v" if p
b 11111111 ........ f "b %v" if q
END
refuse "6: reserved row overlaps a at t.decode:5: put both into one group or make their conditions exclusive" <<'END'
width 16
field v 7..0
format f v

a 11111111 ........ f "a %v"
reserved 11111111 00000000
END
refuse "6: b is unreachable: earlier rows of its group take all its words" <<'END'
width 16
field v 7..0
format f v
group {
a 1111---- ........ f "a %v"
b 11111111 ........ f "b %v"
}
END
refuse "8: c is unreachable: earlier rows of its group take all its words" <<'END'
width 16
feature p
field v 6..0
format f v
group {
a 11111111 0....... f "a %v"
b 11111111 1....... f "b %v"
c 11111111 -....... f "c %v" if p
}
END
refuse "7: c is unreachable: earlier rows of its group take all its words" <<'END'
width 16
feature p
format none
group {
a 1111111100000000 none "a" if p
b 1111111100000000 none "b" if !p
c 1111111100000000 none "c"
}
END
refuse "5: a is unreachable: its condition is never true" <<'END'
feature p q
exclusive p q
width 16
format none
a 1111111100000000 none "a" if p & q
END
refuse "4: a: bit 8 is unassigned: no field of format 'f' covers it" <<'END'
width 16
field v 7..0
format f v
a 1111111. ........ f "a %v"
END
refuse "4: a: field 'v' lies on bit 7, which the row fixes" <<'END'
width 16
field v 7..0
format f v
a 11111111 1....... f "a %v"
END
refuse "4: a: field 'v' lies on bit 0, which the row ignores" <<'END'
width 16
field v 7..0
format f v
a 11111111 .......- f "a %v"
END
refuse "3: a has 15 bits, not 16" <<'END'
width 16
format none
a 1111111 00000000 none "a"
END
refuse "3: a has no fixed bit" <<'END'
width 16
format none
a ---------------- none "a"
END
refuse "4: row 'a' is already at t.decode:3" <<'END'
width 16
format none
a 1111111100000000 none "a"
a 1111111100000001 none "a"
END
refuse "4: row 'a_b' has the same name in C as 'a.b' at t.decode:3" <<'END'
width 16
format none
a.b 1111111100000000 none "a"
a_b 1111111100000001 none "a"
END
refuse "3: a row cannot be called 'invalid'" <<'END'
width 16
format none
invalid 1111111100000000 none "a"
END
refuse "2: format 'none' of row 'a' is not declared" <<'END'
width 16
a 1111111100000000 none "a"
END
refuse "4: row 'a' has 32 bits, its format 'none' has 16" <<'END'
width 16
format none
width 32
a 11111111000000001111111100000000 none "a"
END
refuse "3: row 'a' is to be handled as 'b', which does not exist" <<'END'
width 16
format none
a 1111111100000000 none "a" as b
END
refuse "4: row 'b' is itself handled as 'c': name that one" <<'END'
width 16
format none
c 1111111100000010 none "c"
a 1111111100000000 none "a" as b
b 1111111100000001 none "b" as c
END
refuse "5: row 'a' has arguments of format 'none', 'b' those of 'f'" <<'END'
width 16
field v 7..0
format f v
format none
a 1111111100000000 none "a" as b
b 11111110 ........ f "b %v"
END
refuse "3: disassembly in double quotes expected, not 'end of line'" <<'END'
width 16
format none
a 1111111100000000 none
END
refuse "1: say 'width 16' or 'width 32' before the first row" <<'END'
a 1111111100000000 none "a"
END
refuse "2: 'fild' is no declaration, and no row since bits must follow its name" <<'END'
width 16
fild x 7..0
END
refuse "1: the tables hold no row" <<'END'
width 16
END

# ---- disassembly

refuse "4: a: '%y' in the disassembly is no member of format 'f'" <<'END'
width 16
field v 7..0
format f v
a 11111111 ........ f "a %y"
END
refuse "4: a: ')' is missing in the disassembly" <<'END'
width 16
field z 7..0
format f z
a 11111111 ........ f "a %x(z"
END
refuse "4: a: bits such as 31..12 expected in %x()" <<'END'
width 16
field z 7..0
format f z
a 11111111 ........ f "a %x(z 3..9)"
END
refuse "4: text is not closed: put \" at its end, on the same line" <<'END'
width 16
field z 7..0
format f z
a 11111111 ........ f "a %z
END

# ---- fields, formats, names

refuse "3: field 'v' is declared twice" <<'END'
width 16
field v 7..0
field v 7..0
END
refuse "2: range 0..7 is upside down: write the higher bit first" <<'END'
width 16
field v 0..7
END
refuse "2: bit 16 is outside of a word of 16 bits" <<'END'
width 16
field v 16..7
END
refuse "2: field 'v' has bit 3 twice" <<'END'
width 16
field v 7..3 4..0
END
refuse "2: bit or range of bits such as 31..25 expected, not 'end of line'" <<'END'
width 16
field v s
END
refuse "2: field 'v' has more than 32 bits with its shift" <<'END'
width 32
field v 31..1 << 2
END
refuse "2: names 'reg' of field 'v' are not declared" <<'END'
width 16
field v 7..0 : reg
END
refuse "1: say 'width 16' or 'width 32' before the first field" <<'END'
field v 7..0
END
refuse "3: format 'f' is declared twice" <<'END'
width 16
format f
format f
END
refuse "2: field 'v' of format 'f' is not declared" <<'END'
width 16
format f v
END
refuse "4: field 'v' is cut from 16 bits, format 'f' has 32" <<'END'
width 16
field v 7..0
width 32
format f v
END
refuse "3: format 'f' has 'v' twice" <<'END'
width 16
field v 7..0
format f v v
END
refuse "4: format 'g' leaves 'v' of format 'f' unset" <<'END'
width 16
field v 7..0
format f v
format g : f
END
refuse "4: format 'g' sets 'y', which format 'f' does not have" <<'END'
width 16
field v 7..0
format f v
format g : f v y=1
END
refuse "3: format 'h' is not declared" <<'END'
width 16
field v 7..0
format g : h v
END
refuse "3: format 'f' is used by no row" <<'END'
width 16
format none
format f
a 1111111100000000 none "a"
END
refuse "2: names 'reg' are declared twice" <<'END'
names reg a b
names reg a b
END
refuse "1: value 1 of names 'reg' has two names" <<'END'
names reg a b 1=c
END
refuse "3: name or '}' expected, not 'end of file'" <<'END'
names reg {
a
END

# ---- features, groups, the rest

refuse "3: feature 'p' is not declared: add 'feature p' before" <<'END'
width 16
format none
a 1111111100000000 none "a" if p
END
refuse "1: feature 'p' is declared twice" <<'END'
feature p p
END
refuse "4: ')' expected, not 'end of line'" <<'END'
width 16
feature p q
format none
a 1111111100000000 none "a" if (p | q
END
refuse "2: a group inside of a group" <<'END'
group {
group {
END
refuse "2: group is not closed: '}' is missing" <<'END'
group {
END
refuse "1: declaration or row expected, not '}'" <<'END'
}
END
refuse "1: width is 16 or 32, not 24" <<'END'
width 24
END
refuse "1: character 0x24 has no meaning here" <<'END'
$
END

# ---- accepted

accept "exclusive conditions do not overlap" <<'END'
width 16
feature p q r
exclusive p q
field v 7..0
format f v
a 11111111 ........ f "a %v" if p & r
b 11111111 ........ f "b %v" if q | q & r
END
accept "complementary conditions do not overlap" <<'END'
width 16
feature p
format none
a 1111111100000000 none "a" if p
b 1111111100000000 none "b" if !p
END
accept "equal bits in different widths do not overlap" <<'END'
width 16
format none
a 1111111100000000 none "a"
width 32
format none32
b 00000000000000001111111100000000 none32 "b"
END

# ---- command line and output

status_of() { "$tool_path" "$@" > "$dir/out" 2>&1; echo $?; }
test "$(status_of)" = 2 || bad "no arguments: exit status should be 2"
test "$(status_of --isa 9x a)" = 2 || bad "bad --isa: exit status should be 2"
test "$(status_of --help)" = 0 || bad "--help: exit status should be 0"
test "$(status_of --isa t --source x.c "$dir/t.decode")" = 2 || bad "--source without --header"
test "$(status_of --isa t "$dir/absent.decode")" = 1 || bad "absent table: exit status should be 1"
grep -q "cannot read $dir/absent.decode: No such file" "$dir/out" || bad "absent table: no clear error"
test "$(status_of --isa t --header "$dir/no/t.h" "$dir/t.decode")" = 1 || bad "unwritable output"
grep -q "cannot write $dir/no/t.h: No such file" "$dir/out" || bad "unwritable output: no clear error"

toy=${srcdir:-.}/tests/decode/toy.decode
for n in 1 2; do
    mkdir "$dir/$n"
    "$tool_path" --isa toy --header "$dir/$n/toy.h" --source "$dir/$n/toy.c" \
        --handlers "$dir/$n/toy.inc" "$toy" || bad "toy.decode refused"
done
diff -r "$dir/1" "$dir/2" > /dev/null || bad "two runs differ"

# A handler too many, one too few, one with another row's arguments: build errors.
compiles()
{
    printf '%s\n' '#define TOY_CTX int' '#define TOY_DISPATCH' '#include "toy.h"' '#include "toy.inc"' \
        'TOY_TR(half_add, half) { return *c + a->a; }' 'TOY_TR(half_sub, half) { return *c + a->a; }' \
        'TOY_TR(load, wide) { return *c + (int)a->value; }' "$1" \
        'int main(void) { int c = 0; struct toy_insn i = { 1 }; return toy_dispatch(&c, &i); }' \
        > "$dir/1/main.c"
    (cd "$dir/1" && ${CC:-cc} -Werror main.c toy.c -o main) > "$dir/out" 2>&1
}
pick='TOY_TR(pick_1, mixed) { return *c + a->low; }'
compiles "$pick" || { bad "handlers do not compile"; cat "$dir/out"; }
compiles "" && bad "a missing handler compiles"
compiles "$pick TOY_TR(pick_2, mixed) { return *c + a->low; }" && bad "an orphan handler compiles"
compiles "TOY_TR(pick_1, half) { return *c + a->a; }" && bad "wrong arguments compile"

# The smallest tables give code without warnings, too.
for width in 16 32; do
    bits=$(test $width = 16 && echo 1111111111111111 || echo 11111111111111111111111111111111)
    printf 'width %s\nformat none\nnop %s none "nop"\n' $width $bits > "$dir/small.decode"
    (cd "$dir" && "$tool_path" --isa small --header small.h --source small.c small.decode &&
        ${CC:-cc} -Wall -Wextra -Werror -c small.c) > "$dir/out" 2>&1 ||
        { bad "smallest table of $width bits"; cat "$dir/out"; }
done

echo "$refused tables refused"
if test $failures -ne 0; then
    echo "FAILED"
    exit 1
fi
echo ok
