#!/bin/sh
# SPDX-License-Identifier: MIT
# dash, run as sh: a pipeline of builtins and children.
exec dash -s <<'END'
i=0 s=0
while [ $i -lt 3000 ]; do i=$((i + 1)) s=$((s + i * i % 7)); done
echo "$i $s"
set -- b a c; for x; do echo "$x"; done | sort | tr '\n' ' '; echo
x=$(echo $(echo $(echo nested))); echo "$x"
( trap 'echo hup; exit 4' HUP; kill -HUP $(sh -c 'echo $PPID'); sleep 5 ); echo "status $?"
case abc in a*c) echo match ;; esac
f() { return 9; }; f || echo "f $?"
{ echo out; echo err >&2; } 2>&1 >/dev/null | sed 's/^/stderr: /'
cd / && pwd && cd - >/dev/null
umask 027; >new; stat -c %a new
wait
END
