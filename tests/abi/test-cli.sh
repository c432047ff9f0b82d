#!/bin/sh
# SPDX-License-Identifier: MIT
# test-cli.sh: the command line: line formats that scripts parse, help, and errors that name the
# option and suggest the
# nearest known word. Nothing here starts a machine but the last.
set -eu
top=$(pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/bp-cli-XXXXXX")
trap 'rm -rf "$work"' EXIT
bp=$top/backplane
cd "$work"
fails=0 n=0
fail() { echo "FAIL: $*"; fails=$((fails + 1)); }

# PATTERN ARGS...: succeeds, prints a line that matches, and nothing on standard error
says() {
    n=$((n + 1)) pattern=$1
    shift
    timeout 300 "$bp" "$@" >out 2>err || fail "$* ends with $?"
    grep -qE -- "$pattern" out || { fail "$*: no line matches $pattern in"; cat out; }
    [ -s err ] && { fail "$*: on standard error"; cat err; }
    return 0
}
# PATTERN ARGS...: fails with one line that matches, and prints nothing else
refuses() {
    n=$((n + 1)) pattern=$1
    shift
    status=0
    timeout 300 "$bp" "$@" >out 2>err </dev/null || status=$?
    [ $status = 1 ] || fail "$* ends with $status"
    grep -qE -- "$pattern" err || { fail "$*: no line matches $pattern in"; cat err; }
    [ "$(wc -l <err)" = 1 ] || { fail "$*: more than one line"; cat err; }
    [ -s out ] && { fail "$*: on standard output"; cat out; }
    return 0
}

says '^backplane emulator version [0-9]+\.[0-9]+\.[0-9]+' -version
says '^backplane emulator version ' --version
says '^usage: backplane' -h
says '^-kernel FILE$' --help
says '^-semihosting$' --help
says '^-load-plugin, -plugin FILE' -help
says '^Supported machines are:$' -M help
says '^riscv-virt           RISC-V VirtIO board$' -machine '?'
says '^virt                 RISC-V VirtIO board \(alias of riscv-virt\)$' -M help
says '^Available CPUs:$' -cpu help
says '^  rv64$' -cpu help
says '^  rv64$' -M riscv-virt -cpu '?'
says '^  m=<bool>               - .* \(default: on\)$' -cpu rv64,help
says '^Storage devices:$' -device help
says '^name "virtio-blk-device", desc ".+"$' -device help
says '^Network devices:$' -device '?'
says '^virtio-blk-device options:$' -device virtio-blk-device,help
says '^  drive=<str>            - ' -device virtio-blk-device,help
says '^  num-queues=<uint32>    - .*\(default: 1\)$' -device 'virtio-blk-device,?'
says '^riscv-virt options:$' -M riscv-virt,help
says '^  aclint=<bool>          - .* \(default: off\)$' -M riscv-virt,help
says '^Available chardev backend types:' -chardev help
says '^  stdio$' -chardev help
says '^  path=<str>             - ' -chardev file,help
says '^user$' -netdev help
says '^  raw$' -drive format=help
says '^tcg$' -accel help
says '^guest_errors +.+$' -d help
says '^icount options:$' --load-plugin icount,help
says '^  addr=<uint64>          - ' -device ns16550a,help
says '^  irq=<str>              - ' -device 'ns16550a,?'
says '^riscv-virt +[0-9.]+ +board riscv-virt$' --list-plugins
says '^  file: .*/ns16550a\.so$' --list-plugins=verbose
says '^  uses: .*backplane\.irq/1' --list-plugins verbose

refuses "unknown option -kernl \(did you mean -kernel\?\)" -kernl x
refuses "unknown option --lst-plugins \(did you mean --list-plugins\?\)" --lst-plugins
refuses "unknown option -foobarbaz; -h lists all" -foobarbaz
refuses "-no-reboot takes no argument" --no-reboot=yes
refuses "unknown option --; -h lists all" --
refuses "'disk.img' is no option; a drive is given by -drive file=disk.img" disk.img
refuses "no machine is chosen: add -M NAME; -M help" -smp 2
refuses "machine 'vrit' \(did you mean 'virt'\?\); -M help" -M vrit
refuses "-cpu: machine riscv-virt has no CPU model 'rv46' \(did you mean 'rv64'\?\)" \
    -M riscv-virt -cpu rv46
refuses "no property 'zbz' \(did you mean 'zb.'\?\)" -M riscv-virt -cpu rv64,zbz=on -bios none
refuses "no property 'zbz' \(did you mean 'zb.'\?\)" -M riscv-virt -cpu rv64,+zbz -bios none
refuses "machine 'virt' may be any of: arm-virt, riscv-virt; say which" -M virt
refuses "no property 'aclnt' \(did you mean 'aclint'\?\)" -M riscv-virt,aclnt=on
refuses "-smp 100: machine riscv-virt takes 1 to 64 vCPUs" -M riscv-virt -smp 100
refuses "-smp 0: the number of vCPUs must be" -smp 0
refuses "-smp 2,cores=2: 'cores' is not available" -smp 2,cores=2
refuses "-m 12X: the size must be" -m 12X
refuses "-m 0: the size must be" -m 0
refuses "device 'virtio-blk-devcie' \(did you mean 'virtio-blk-device'\?\); -device help" \
    -M riscv-virt -bios none -device virtio-blk-devcie
refuses "-device ns16550a: add addr=ADDRESS for its registers" \
    -M riscv-virt -bios none -device ns16550a
refuses "-device id=x: the first word must say what kind" -device id=x
refuses "the id 'uart0' is in use" -M riscv-virt -bios none -device virtio-rng-device,id=uart0
refuses "no property 'num-queue' \(did you mean 'num.queues'\?\)" \
    -M riscv-virt -bios none -device virtio-blk-device,num-queue=3
refuses "chardev driver 'stdo' \(did you mean 'stdio'\?\)" -M riscv-virt -chardev stdo,id=a
refuses "chardev b: chardev a is the machine's stdio already" \
    -M riscv-virt -bios none -chardev stdio,id=a -chardev stdio,id=b
refuses "chardev gdb0: chardev serial0 is the machine's stdio already" \
    -M riscv-virt -bios none -serial stdio -gdb stdio
refuses "arm-virt: at most -m 255G" -M arm-virt -bios none -m 256G
refuses "-chardev null: id=NAME is missing" -M riscv-virt -chardev null
refuses "-netdev user: id=NAME is missing" -M riscv-virt -netdev user
refuses "-serial foo: write stdio" -M riscv-virt -bios none -serial foo
refuses "-serial stdio: machine riscv-virt has 1 serial port" \
    -M riscv-virt -bios none -serial null -serial stdio
refuses "-serial tcp:1: write tcp:HOST:PORT" -M riscv-virt -bios none -serial tcp:1
refuses "-serial chardev:a|there is no chardev with that id" -M riscv-virt -bios none -serial chardev:a
refuses "-d: unknown log item 'guest_error' \(did you mean 'guest_errors'\?\)" -d guest_error
refuses "-dfilter: 'zz' is no range" -dfilter zz
refuses "-D /nonexistent/x: No such file" -D /nonexistent/x -d int
refuses "-S: nothing could start the machine; add -s or -gdb" -M riscv-virt -bios none -S
refuses "-gdb foo: write stdio" -M riscv-virt -bios none -gdb foo
refuses "-gdb none: leave it out" -M riscv-virt -bios none -gdb none
refuses "gdb0: chardev=x: there is no chardev with that id" -M riscv-virt -bios none -gdb chardev:x
refuses "-qmp is not available in this version" -qmp stdio
refuses "-icount is not available in this version" -icount shift=auto
refuses "-monitor stdio is not available" -monitor stdio
refuses "-M needs an argument: NAME" -M
refuses "accelerator 'tgc' \(did you mean 'tcg'\?\)" -M riscv-virt -accel tgc
refuses "-accel kvm: the option may be given once" -accel tcg -accel kvm
refuses "riscv-virt: /nonexistent cannot be read: No such file" -M riscv-virt -bios /nonexistent
refuses "machine riscv-virt makes no use of|-initrd needs -kernel" \
    -M riscv-virt -bios none -initrd /dev/null
refuses "-drive file=x,if=sd: machine riscv-virt has no place for drive 0 of if=sd|cannot" \
    -M riscv-virt -bios none -drive file=x,if=sd
refuses "-drive file=x,if=none: id=NAME is missing" -M riscv-virt -bios none -drive file=x,if=none
refuses "readonly takes on or off, not 'maybe'" -M riscv-virt -bios none -drive file=x,readonly=maybe
refuses "refused: /etc/passwd: it is not an ELF file" --load-plugin /etc/passwd -M riscv-virt
refuses "-plugin nothing-there: .*|refused: nothing-there: No such file" -plugin nothing-there \
    -M riscv-virt

# -x and --x are one option, which the help shows with one dash
"$bp" --help >help || fail "--help"
grep -qe '^--' -e ', --' help && fail "the help shows two dashes"
for option in $(sed -n 's/^-\([^ ,]*\).*/\1/p; s/^-[^ ,]*, -\([^ ,]*\).*/\1/p' help); do
    n=$((n + 1))
    for dashes in - --; do
        timeout 300 "$bp" $dashes"$option" >out$dashes 2>err$dashes </dev/null ||
            echo "ends with $?" >>err$dashes
        sed -i 's/: --/: -/' err$dashes
        grep -q 'unknown option' err$dashes && fail "$dashes$option is unknown"
    done
    cmp out- out-- && cmp err- err-- || fail "-$option and --$option differ"
done

# a comma in a value is doubled
: >'a,b'
refuses "riscv-virt: a,b is empty" -M riscv-virt -bios 'a,b'
refuses "-drive file=c,,d,if=none,id=x|c,d" -M riscv-virt -bios none -drive file=c,,d,if=none,id=x

# the name of the program chooses among machines and CPUs
"$top/backplane-riscv32" -M virt,dumpdtb=32.dtb -bios none && grep -qa rv32i 32.dtb ||
    fail "backplane-riscv32 -M virt is no 32-bit machine"
"$top/backplane-riscv64" -M virt,dumpdtb=64.dtb -bios none && grep -qa rv64i 64.dtb ||
    fail "backplane-riscv64 -M virt is no 64-bit machine"
"$bp" -M riscv-virt,dumpdtb=cpu.dtb -cpu rv32 -bios none && grep -qa rv32i cpu.dtb || fail "-cpu rv32"

# a device tree given is the one taken, with the command line put in
"$bp" -M riscv-virt,dumpdtb=own.dtb -dtb 64.dtb -bios none -append 'hello world' &&
    grep -qa 'hello world' own.dtb ||
    fail "-dtb with -append"
head -c 200 64.dtb >cut.dtb
refuses '-dtb cut.dtb: the file is no device tree blob' \
    -M riscv-virt,dumpdtb=x.dtb -dtb cut.dtb -bios none

# listing reads manifests and loads nothing: no file is mapped executable
if command -v strace >/dev/null && strace -o trace true 2>/dev/null; then
    for list in --list-plugins "-M help" "-device help"; do
        # shellcheck disable=SC2086
        ASAN_OPTIONS=detect_leaks=0 strace -f -o trace -e trace=openat,mmap "$bp" $list >out
        plugins=$(grep -c 'plugins/.libs/.*\.so' trace)
        [ "$plugins" -ge 10 ] || fail "strace saw $plugins plugin files"
        fds=$(sed -n 's/.*plugins\/.libs\/.*\.so".* = \([0-9]*\)$/\1/p' trace | sort -u)
        for fd in $fds; do
            if sed '1,/plugins\/.libs/d' trace | grep -qE "mmap\(.*PROT_EXEC.*, $fd, "; then
                fail "$list loads a plugin"
            fi
        done
    done
else
    echo "no strace here: not checked that --list-plugins loads nothing"
fi

cd /
[ $fails = 0 ] && echo "command line: $n invocations say what they should"
exit $((fails != 0))
