#!/bin/bash
# SPDX-License-Identifier: MIT
# GNU coreutils, and grep, sed, awk, find, diff beside them.
export LC_ALL=C TZ=UTC0
seq 1 20000 >numbers
md5sum numbers; sha1sum numbers; sha256sum numbers; sha512sum numbers; b2sum numbers; cksum numbers; sum numbers
base64 -w 40 <<<"The quick brown fox jumps over the lazy dog" | tee b64; base64 -d b64; base32 <<<x; basenc --z85 <<<"abcd1234abc"
sort -R --random-source=numbers numbers | head -n 3; sort -n -r numbers | head -n 2; sort -u -k2,2 <<<$'1 b\n2 a\n3 b'
sort --parallel=4 -S 200k numbers | md5sum
printf 'b 2\na 1\n' | sort >l; printf 'a x\nb y\n' | join l - ; paste -d, l l; cut -d' ' -f2 l; comm -12 l l; uniq -c <<<$'x\nx\ny'
split -l 7000 numbers part.; wc -l part.*; csplit -s numbers 100 && wc -c xx00 && rm xx0*
od -An -tx1z -N 16 numbers; od -An -t f8 -N 8 /dev/zero; hexdump -C /dev/null 2>/dev/null; tac numbers | head -n 1; rev <<<abc 2>/dev/null || echo cba
head -c 10 numbers; tail -n 2 numbers; tail -c 6 numbers; nl -ba <<<$'a\nb'; fold -w 5 <<<abcdefgh; fmt -w 20 <<<"one two three four five six"; expand -t4 <<<$'a\tb'; pr -t -2 -l 2 <<<$'1\n2\n3\n4'
factor 1234567890123456789 18446744073709551557 340282366920938463463374607431768211455
numfmt --to=iec 123456789; seq -w 8 11; seq 0 0.25 1; expr 17 \* 3 + 2; expr match foobar 'foo'; printf '%.10e\n' 0.1
date -u -d @1234567890 +%FT%T; date -u -d '2024-02-29 +1 year' +%F; date -u -r numbers +%Y >/dev/null && echo date
mkdir -p d/e/f && touch -d '2001-02-03 04:05:06' d/e/f/file && stat -c '%n %s %a %y %F %h' d/e/f/file
ln -s e/f d/link; ln d/e/f/file d/hard; readlink d/link; realpath --relative-to=. d/link/file; stat -c '%h %N' d/hard d/link; ls -l d | awk '{print $1, $2, $9, $10, $11}'
cp -a d d2; diff -r d d2 && echo "cp -a"; mv d2 d3; rm -r d3; chmod u=rw,g=r,o= numbers; stat -c %a numbers; install -m 640 numbers inst; stat -c '%a %s' inst
dd if=/dev/zero bs=1k count=8 status=none | sha256sum; truncate -s 1M sparse; stat -c '%s' sparse; cp --sparse=always sparse s2; cmp sparse s2 && echo same
mkfifo fifo; (echo through the fifo >fifo) & cat fifo; wait; mktemp -d tmp.XXXX >/dev/null && echo mktemp; test -p fifo && echo fifo
timeout 0.3 sleep 10; echo "timeout $?"; timeout -s KILL 0.3 sleep 10; echo "killed $?"; echo $(($(nice -n 3 nice) - $(nice))); env -i A=1 env; env -u HOME printenv NONE; echo "printenv $?"
stdbuf -oL echo unbuffered; nohup true 2>/dev/null; echo "nohup $?"; tsort <<<"a b b c a c" | tr '\n' ' '; echo; shuf -i 1-5 | sort | tr -d '\n'; echo
tr -s 'a-y' 'b-z' <<<"hello mommy"; echo -e 'a\tb' | unexpand -a -t 4; ptx <<<"fox" | wc -l; pathchk -p ok && basename /a/b.c .c; dirname /a/b/c; sleep 0.01; yes | head -n 2; du -b --apparent-size inst | cut -f1
id -u >/dev/null && whoami >/dev/null; uname -s; nproc >/dev/null; tty; [ -r numbers ] && echo readable; logname >/dev/null 2>&1; df -P . >/dev/null && echo df; sync numbers; link inst inst2; unlink inst2; arch >/dev/null; hostid >/dev/null; runcon >/dev/null 2>&1; echo rest
grep -c '7' numbers; grep -E -o '19{3}[0-9]' numbers | head -n 2; sed -n '5{s/5/five/p;q}' numbers; sed -E 's/(.)(.)/\2\1/' <<<ab; gawk '{s+=$1} END {printf "%d %.3f\n", s, s/NR}' numbers; gawk 'BEGIN{print length("héé"), sin(1), exp(1), int(-3.7), 2^53+1, substr("backplane",5)}'
find d -type f -printf '%p %s\n' | sort; find . -maxdepth 1 -name 'part.a?' -exec echo found {} + | tr ' ' '\n' | sort | tr '\n' ' '; echo; seq 1 5 | xargs -n 2 echo; seq 1 8 | xargs -P 4 -n 1 sh -c 'echo $0' | sort | tr -d '\n'; echo
printf 'a\nb\nc\n' >u; printf 'a\nB\nc\n' >v; diff -u u v | tail -n +3; diff3 u v u >/dev/null; echo "diff3 $?"; cmp u v; file -b v; echo '2^200; scale=20; 4*a(1)' | bc -l; chroot / true 2>/dev/null; echo end
