#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""kernel.py BACKPLANE KERNEL INITRD: debugs a booting Debian kernel on four vCPUs, lets go of it, and its own test must
still pass."""
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from remote import Machine, stop_fields

PC, A0, A1, CSR = 32, 10, 11, 65
STVEC, SATP, SCAUSE = CSR + 0x105, CSR + 0x180, CSR + 0x142
ENTRY, LINKED = 0x80200000, 0xffffffff80000000


def threads(r):
    return r.text("qfThreadInfo")[1:].split(",")


def wait_for(path, text, seconds):
    end = time.time() + seconds
    while text not in open(path, "rb").read():
        assert time.time() < end, "no %r in %s" % (text, path)
        time.sleep(0.1)


def session(r, log):
    r.text("qSupported:swbreak+;hwbreak+")
    # the kernel's first instruction, in bare mode: firmware says who and where the device tree is
    assert r.text("Z1,%x,4" % ENTRY) == "OK"
    number, fields = stop_fields(r.text("vCont;c"))
    assert number == 5 and "hwbreak" in fields and r.reg(PC) == ENTRY, fields
    assert r.reg(SATP) == 0 and r.reg(A0) < 4
    assert r.read(r.reg(A1), 4) == b"\xd0\x0d\xfe\xed"
    assert r.text("z1,%x,4" % ENTRY) == "OK"
    print("ok: first instruction")
    # once it runs with its own page table, everything stands still at a word
    r.send("vCont;c")
    wait_for(log, b"Linux version", 120)
    time.sleep(1)
    paged = 0
    for _ in range(20): # until a hart is in the kernel: a program may not see its memory
        began = time.time()
        r.raw(b"\x03")
        assert stop_fields(r.receive().decode())[0] == 2
        print("ok: stopped after %.3f s" % (time.time() - began))
        for t in threads(r):
            assert r.text("Hg" + t) == "OK"
            if r.reg(SATP) and r.reg(PC) >> 63:
                paged += 1
                virtual = r.read(LINKED + 0x2000, 256)
                assert r.text("Qqemu.PhyMemMode:1") == "OK"
                assert virtual and virtual == r.read(ENTRY + 0x2000, 256)
                assert r.text("Qqemu.PhyMemMode:0") == "OK"
                vector = r.reg(STVEC)
        if paged:
            break
        r.send("vCont;c")
        time.sleep(0.2)
    assert paged, "some hart runs the kernel"
    print("ok: memory through the page table of %d harts" % paged)
    # its trap entry, by virtual address, many times; then the code behind it instruction by instruction
    for _ in range(50):
        assert r.text("Z0,%x,4" % vector) == "OK"
        number, fields = stop_fields(r.text("vCont;c"))
        assert number == 5 and "swbreak" in fields and r.reg(PC) == vector, fields
        assert r.text("z0,%x,4" % vector) == "OK"
        for _ in range(4):
            before = r.reg(PC)
            assert stop_fields(r.text("vCont;s:" + fields["thread"]))[1]["thread"] == fields["thread"]
            assert r.reg(PC) != before
    print("ok: 50 traps")
    # what its entry saves is seen by a watchpoint: the first store below the stack pointer
    assert r.text("Z0,%x,4" % vector) == "OK"
    thread = stop_fields(r.text("vCont;c"))[1]["thread"]
    assert r.text("z0,%x,4" % vector) == "OK"
    for _ in range(100):
        if r.reg(PC) - vector > 24 and r.reg(2) >> 60 == 15:
            break
        stop_fields(r.text("vCont;s:" + thread))
    stack = r.reg(2)
    assert r.text("Z2,%x,100" % (stack - 0x100)) == "OK"
    number, fields = stop_fields(r.text("vCont;c:" + thread))
    assert number == 5 and stack - 0x100 <= int(fields["watch"], 16) < stack, (fields, hex(stack))
    assert r.text("z2,%x,100" % (stack - 0x100)) == "OK"
    print("ok: a watchpoint on a kernel stack")
    assert r.text("D") == "OK"


def main():
    backplane, kernel, initrd = sys.argv[1:4]
    os.environ["BACKPLANE"] = backplane
    log = os.path.abspath("guest-tests/gdb-kernel.serial") if os.path.isdir("guest-tests") else "/dev/stdout"
    log = sys.argv[4] if len(sys.argv) > 4 else log
    with open(log, "wb") as out:
        with Machine("-M", "riscv-virt", "-smp", "4", "-m", "1G", "-nographic", "-no-reboot", "-kernel", kernel,
                     "-initrd", initrd, "-append", "console=ttyS0 test cpus=4 rtc", stdout=out) as m:
            r = m.connect()
            session(r, log)
            r.close()
            status = m.process.wait(300)
    assert status == 0 and b"selftest: PASSED" in open(log, "rb").read(), status
    print("ok: let go, its own test passed")


main()
