#!/bin/sh
# SPDX-License-Identifier: MIT
# test-program.sh: gdb on a Linux program of this folder, with -g.
. "$(dirname "$0")/session.sh"
# A program ends while its process is in use.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
command -v riscv64-linux-gnu-gcc >/dev/null || { echo "SKIP: there is no riscv64-linux-gnu-gcc"; exit 77; }
riscv64-linux-gnu-gcc -g -O1 -static -pthread "$here/program.c" -o "$work/program" || exit 99

# session NAME STATUS [ARGUMENT...]: the program with these arguments, gdb with commands from standard input. The
# program's exit status must be STATUS.
session() {
    name=$1 expected=$2
    shift 2
    emulate -M linux-user -g "$work/s" "$work/program" "$@"
    debug "$work/program"
    ended
    [ $status = "$expected" ] || fail "the program ended with $status instead of $expected"
}

session "the first instruction, breakpoints, the end" 5 <<'END'
info threads
info symbol $pc
break work if n == 10
continue
backtrace
info args
finish
delete
print work(4)
info auxv
info proc mappings
info proc exe
print $fcsr
handle SIGUSR1 nostop noprint pass
continue
END
want '^\* 1 +Thread [0-9]+\.[0-9]+ "task' '^_start in section' 'Breakpoint 1, work \(n=(n@entry=)?10\)' '^#1 .* in main' \
    'Value returned is .* = 45' '= 6$' 'AT_PHDR +Program headers' 'r-xp .*/program$' '\[stack\]' "exe = '.*/program'" 'exited with code 05'
grep -q 'child 3' "$work/said" || fail "the forked child did not run"

session "signals" 5 <<'END'
break handler
continue
print $_siginfo.si_signo
continue
backtrace
delete
stepi
finish
handle SIGUSR1 nostop noprint pass
continue
END
want 'received signal SIGUSR1' '= 10$' 'Breakpoint 1, handler \(s=10\)' '<signal handler called>' 'exited with code 05'

session "a signal that is not passed on" 5 <<'END'
handle SIGUSR1 stop nopass
continue
continue
continue
END
want 'received signal SIGUSR1' 'exited with code 05'
grep -q 'shared 4$' "$work/said" || fail "the handler ran: $(cat "$work/said")"

session "a fault" 139 fault <<'END'
handle SIGUSR1 nostop noprint pass
continue
print $_siginfo._sifields._sigfault.si_addr
backtrace
continue
END
want 'received signal SIGSEGV' '= \(.*\) 0x10$' '^#0 .* fault' 'terminated with signal SIGSEGV'

session "threads" 5 <<'END'
handle SIGUSR1 nostop noprint pass
break worker
continue
info threads
bt 1
thread apply all -q p $_thread
set scheduler-locking on
next
next
info threads
set scheduler-locking off
delete
continue
END
want 'New Thread' 'hit Breakpoint 1, worker' '^\* 2 .*worker' '^  1 .*in a system call|^  1 +Thread' 'exited with code 05'

session "stepping over system calls, stopping, ending" 137 wait <<'END'
break work
continue
delete
python
import os, threading, time
def later(pid): # when it has said its word and sleeps
    now = None
    while True:
        before = now
        time.sleep(0.2)
        now = open("/proc/%d/status" % pid).read()
        if now == before and "(sleeping)" in now and "work" in open(os.environ["work"] + "/said").read():
            return gdb.post_event(lambda: gdb.execute("interrupt"))
threading.Thread(target=later, args=(gdb.selected_inferior().pid,), daemon=True).start()
end
continue
info threads
bt
kill
END
want 'received signal SIGINT' 'pause|sleep|ppoll' 'killed'

session "watchpoints" 5 <<'END'
handle SIGUSR1 nostop noprint pass
watch shared
continue
continue
continue
backtrace 1
delete
rwatch shared
continue
delete
break work if n == 3
continue
END
want 'Hardware watchpoint 1: shared' 'New value = 10' 'New value = 11' 'New value = 12' '^#0 .*worker' \
    'Hardware read watchpoint 2: shared' 'exited with code 05'

session "detaching" 5 <<'END'
break work
continue
detach
END
want 'Breakpoint 1, work' 'detached'

if command -v aarch64-linux-gnu-gcc >/dev/null; then
    aarch64-linux-gnu-gcc -g -O1 -static -pthread "$here/program.c" -o "$work/program" || exit 99
    session "aarch64" 5 <<'END'
break work if n == 10
handle SIGUSR1 nostop noprint pass
continue
print $x0
print $v3.ud[1] = 0x123456789
print $v3.ud[1]
print $cpsr = 0x60000000
print/x $cpsr
print $fpcr
finish
break handler
continue
backtrace
delete
watch shared
continue
delete
continue
END
    want '^Breakpoint 1, work' '^.1 = 10' '^.3 = 4886718345' '^.5 = 0x60000000' '^.6 = 0' 'Value returned is .* = 45' \
        '<signal handler called>' 'New value = 10' 'exited with code 05'
else
    echo "skipped: aarch64 (no aarch64-linux-gnu-gcc)"
fi

name="what -g refuses"
"$bp" -M linux-user -g /nonexistent/x "$work/program" </dev/null >"$work/out" 2>&1 && fail "accepted"
want 'cannot listen on unix:/nonexistent/x: No such file'

echo "gdb on programs: $passed expectations met, $failed not"
[ $failed = 0 ]
