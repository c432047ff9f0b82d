#!/bin/bash
# SPDX-License-Identifier: MIT
# The shell itself: expansion, arithmetic, jobs, signals, descriptors; every child is forked and some are exec'ed.
set -u
declare -A colour=([red]=1 [green]=2 [blue]=3)
for k in $(printf '%s\n' "${!colour[@]}" | sort); do printf '%s=%d;' "$k" "${colour[$k]}"; done; echo
a=(zero one "two words" three); echo "${#a[@]} ${a[2]} ${a[@]:1:2} ${!a[*]}"
echo $((1 << 62)) $((-7 / 2)) $((-7 % 3)) $((0x7fffffffffffffff + 1)) $((2 ** 40))
s=backplane; echo "${s^^} ${s:4} ${s/plane/board} ${#s} ${s%%l*} {a,b}{1..3}" {a,b}{1..3}
printf '%5.2f|%-8s|%08x|%q\n' 3.14159 left 48879 "it's"
[[ "2026-11-29" =~ ^([0-9]+)-([0-9]+)-([0-9]+)$ ]] && echo "${BASH_REMATCH[@]}"
cat <<END | tr a-z A-Z
here document ${s}
END
diff <(seq 1 5) <(seq 1 2 5); echo "diff $?"
true | false | (exit 3); echo "pipe ${PIPESTATUS[*]}"
(kill -SEGV $BASHPID) 2>/dev/null; echo "segv $?"
(kill -9 $BASHPID) 2>/dev/null; echo "kill $?"
(ulimit -c 0; exec sh -c 'kill -ABRT $$') 2>/dev/null; echo "abrt $?"
trap 'echo got usr1' USR1; kill -USR1 $$; trap - USR1
(trap 'echo leaving' EXIT; exit 5); echo "exit $?"
mapfile -t lines < <(printf 'x\ny\nz\n'); echo "${#lines[@]} ${lines[-1]}"
coproc CAT { cat; }; echo ping >&"${CAT[1]}"; read -r answer <&"${CAT[0]}"; echo "coproc $answer"
eval "exec ${CAT[1]}>&-"; wait "$CAT_PID"; echo "coproc ended $?"
for i in 3 1 2; do ([ $i = 1 ] || until [ -e go ]; do sleep 0.1; done; exit $i) & done
wait -n; echo "first $?"; >go; wait; echo "all $?"
sleep 30 & p=$!; kill $p; wait $p; echo "terminated $?"
read -r -t 0.2 never < <(exec sleep 60); [ $? -gt 128 ] && echo "read timed out"; kill $!
exec 7>out; echo through 7 >&7; exec 7>&-; cat out
( exec -a other-name bash -c 'echo "$0 $BASH_VERSINFO"' )
f() { local n=$1; [ "$n" -le 1 ] && { echo 1; return; }; echo $((n * $(f $((n - 1))))); }; f 10
n=0; while read -r _; do n=$((n + 1)); done < <(seq 1 2000); echo "lines $n"
for i in $(seq 1 60); do /bin/true; done; echo "spawned"
echo '#!/bin/bash
echo "script $0 $# $2"' >script; chmod +x script; ./script a 'b c'
printf 'no magic\necho' >noexec; ./noexec 2>/dev/null; echo "not executable $?"
./missing 2>/dev/null; echo "missing $?"
printf '\x7fELFgarbage' >bad; chmod +x bad; ./bad 2>/dev/null; echo "bad $?"
