#!/bin/sh
# SPDX-License-Identifier: MIT
# test-sessions.sh: what people do with gdb, done by gdb itself on the guest of this folder.
. "$(dirname "$0")/session.sh"
for bits in 64 32; do
    tr -d '\n' <"$here/guest$bits.hex" | basenc --base16 -d | gunzip >"$work/guest$bits"
done

# session NAME BITS CPUS: commands from standard input.
session() {
    name="$1, $2 bits"
    emulate -M riscv-virt -cpu "rv$2" -smp "$3" -bios none -kernel "$work/guest$2" -display none -serial null \
        -gdb "unix:$work/s" -S
    debug "$work/guest$2"
    kill $emulator 2>/dev/null
    ended
}

for bits in 64 32; do
    session "first steps" $bits 1 <<'END'
break factorial
ignore 1 4
continue
backtrace
info args
delete
finish
next
print $pc
print/x $mstatus
print $ft0
info registers sp
x/2i $pc
tbreak stage
continue
print n
print result
END
    want 'Breakpoint 1, factorial \(n=(n@entry=)?2\)' '^#5 .* in main_ \(hart=0\)' '^n = 2' 'Value returned is .* = 2$' \
        '= \(void \(\*\)\(\)\) 0x80000' '= 0x[8a]?0*[0-9a-f]*6000$' '=> 0x80000' '^sp +0x' '= \{float = .*double = ' \
        'Temporary breakpoint 2, stage \(n=(n@entry=)?2\)' '= 2$' '= 360$'

    session "watchpoints" $bits 1 <<'END'
watch watched
rwatch watched_bytes[5]
continue
continue
delete
watch watched_bytes[8]
awatch traps
continue
delete
hbreak stage
continue
print n
set var go = 0
continue
print n
delete
continue
END
    want 'Hardware watchpoint 1: watched' 'Old value = 0' 'New value = 7' 'look \(\) at .*guest.c' \
        'Hardware access \(read/write\) watchpoint' 'Value = 0|Old value = 0' "Hardware assisted breakpoint" \
        '^.1 = 4' '^.2 = 5' 'Inferior 1 .* exited with code 052'

    session "calling functions, changing registers and memory" $bits 1 <<'END'
break stage
continue
print factorial(5)
print $a0 = 77
stepi
nexti
set var half = 2.0
print half
set var watched_bytes = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}
print watched_bytes[15]
print $fcsr = 0x21
print $fflags
print $ft3.double = 1.25
info registers ft3
END
    want '= 120$' '= 77$' '= 2$' "= 16" '= 33$' '= 1$' 'ft3 .*1.25'
done

session "threads" 64 4 <<'END'
break stage if n == 4
continue
delete
break count thread 3
continue
info threads
thread apply all -q backtrace 1
set scheduler-locking on
thread 2
stepi 5
print hart
delete
set scheduler-locking off
thread 1
tbreak count thread 1
continue
thread 4
print counters[3] > 0
print hart
maintenance packet Qqemu.PhyMemMode:1
x/wx 0x80000000
monitor info cpus
monitor reset
maintenance flush register-cache
print/x $pc
detach
END
want 'Thread 3 "cpu\[2\]".* hit Breakpoint 2' '^\* 3 +Thread 1.3 "cpu\[2\]" \(running\)' '^  4 +Thread 1.4' \
    '= 1$' 'Temporary breakpoint 3, count' '= 3$' 'received: "OK"' '^0x80000000' '2: cpu\[1\]' 'reset' '= 0x1000$' \
    'detached'

session "interrupt" 64 2 <<'END'
python
import threading, time
def later():
    time.sleep(0.5)
    gdb.post_event(lambda: gdb.execute("interrupt"))
threading.Thread(target=later).start()
end
continue
info threads
kill
END
want 'received signal SIGINT' 'Thread 1.2' 'killed'

echo "gdb sessions: $passed expectations met, $failed not"
[ $failed = 0 ]
