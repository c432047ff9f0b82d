#!/bin/sh
# SPDX-License-Identifier: MIT
# test-headers.sh: each public header compiles alone, twice included, as C11 and as C++17 and C++20;
# freestanding
# but for the C standard headers; and plugins include nothing else of this tree.
set -eu
srcdir=$(cd "${srcdir:-.}" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/bp-headers-XXXXXX")
trap 'rm -rf "$work"' EXIT
: "${CC:=cc}" "${CXX:=c++}"
fails=0 n=0
fail() { echo "FAIL: $*"; fails=$((fails + 1)); }
inc=$srcdir/sdk/include
warn="-Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers"
warn="$warn -Wno-unused-function"
cd "$inc"
for h in $(find backplane -name '*.h' | sort); do
    n=$((n + 1))
    printf '#include <%s>\n#include <%s>\nint nothing(void);\nint nothing(void) { return 0; }\n' \
        "$h" "$h" >"$work/x.c"
    cp "$work/x.c" "$work/x.cc"
    # shellcheck disable=SC2086
    {
        $CC -std=c11 $warn -ffreestanding -I. -c "$work/x.c" -o "$work/x.o" ||
            fail "$h as C11"
        for std in 17 20; do
            $CXX -std=c++$std $warn -I. -c "$work/x.cc" -o "$work/x.o" || fail "$h as C++$std"
        done
    }
    grep -nE '#include *[<"](glib|gmodule)' "$h" && fail "$h includes GLib"
    head -1 "$h" | grep -q SPDX-License-Identifier || fail "$h has no licence line"
done
# a struct that grows (it starts with its size) inside another by value would move what follows it
embedded=$(cat $(find backplane -name '*.h') | awk '
    /^struct [a-z0-9_]+ \{/ { name = $2; first = 1; next }
    /^\}/ { name = "" }
    name && first && /[a-z]/ && !/^ *(\/\*|\*)/ {
        if (/^ *uint32_t size[,;]/ || /^ *struct bp_head head;/) grows[name] = 1
        first = 0
    }
    name && /^ +(const )?struct [a-z0-9_]+ [a-z]/ {
        inner = $1 == "const" ? $3 : $2
        if (inner != "bp_head") member[n++] = name " " inner
    }
    END {
        for (i = 0; i < n; i++) {
            split(member[i], m, " ")
            if (grows[m[2]]) print "struct " m[1] " holds a struct " m[2] " by value"
        }
    }')
[ -z "$embedded" ] || fail "$embedded: make it a pointer"
cd "$srcdir"
if grep -rnE '#include *[<"](core|tcg-runtime|\.\./)' plugins sdk/examples sdk/templates; then
    fail "a plugin includes what is not in the SDK"
fi
[ $fails = 0 ] && echo "headers: $n compile alone as C11, C++17 and C++20"
exit $((fails != 0))
