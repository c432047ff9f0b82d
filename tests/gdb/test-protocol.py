#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""test-protocol.py [BITS BACKEND]: the gdb stub from outside, packet by packet, on the guest of this folder. Runs in
the build tree. Each check_*() is one session."""
import os
import random
import re
import shutil
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from remote import Machine, Remote, TIMEOUT, guest, stop_fields, symbols

PC, F0, CSR, PRIV = 32, 33, 65, 65 + 4096
BITS, BACKEND = 64, "tcg-x86_64"
SYM, ELF = {}, ""


def machine(*more, cpus=1, **how):
    arguments = ["-M", "riscv-virt", "-cpu", "rv%d" % BITS, "-smp", str(cpus), "-bios", "none",
                 "-kernel", ELF, "-display", "none", "-serial", "null", *more]
    if BACKEND:
        arguments += ["-accel", "tcg,backend=" + BACKEND]
    return Machine(*arguments, **how)


def at(reply, r, symbol, signal=5):
    """The stop is at a symbol."""
    number, fields = stop_fields(reply)
    assert number == signal, reply
    assert r.reg(PC) == SYM[symbol], (reply, hex(r.reg(PC)), symbol)
    return fields


def go_to(r, symbol):
    assert r.text("Z0,%x,4" % SYM[symbol]) == "OK"
    at(r.text("vCont;c"), r, symbol)
    assert r.text("z0,%x,4" % SYM[symbol]) == "OK"


def until(condition):
    """Turns of a loop until it is so."""
    end = time.time() + TIMEOUT
    while not condition():
        assert time.time() < end, "it never comes"
        yield


# ---- sessions ------------------------------------------------------------------------------------


def check_beginning():
    with machine(cpus=2) as m:
        r = m.connect(ack=True)
        features = r.text("qSupported:multiprocess+;swbreak+;hwbreak+;xmlRegisters=riscv")
        for word in ("PacketSize=", "qXfer:features:read+", "multiprocess+", "swbreak+"):
            assert word in features, features
        assert r.text("QStartNoAckMode") == "OK"
        r.ack = False
        number, fields = stop_fields(r.text("?"))
        assert number == 5 and fields["thread"] == "p1.1", fields
        assert int.from_bytes(bytes.fromhex(fields["20"]), "little") == 0x1000
        assert r.text("qAttached:1") == "1"
        assert r.text("qC") == "QCp1.1"
        assert r.text("qfThreadInfo") == "mp1.1,p1.2"
        assert r.text("qsThreadInfo") == "l"
        assert "cpu[1]" in bytes.fromhex(r.text("qThreadExtraInfo,p1.2")).decode()
        threads = ElementTree.fromstring(r.document("threads:read:"))
        assert [t.get("id") for t in threads] == ["p1.1", "p1.2"]
        assert r.text("Tp1.2") == "OK" and r.text("Tp1.3") == "E03"
        assert r.text("vMustReplyEmpty") == ""
        assert r.text("vFile:open:2f,0,0") == "", "a machine has no files"
        assert r.text("vCont?").startswith("vCont;c;C;s;S")


def check_description():
    with machine() as m:
        r = m.connect()
        target = ElementTree.fromstring(r.document("features:read:target.xml"))
        assert target.find("architecture").text == "riscv:rv%d" % BITS
        names = [f.get("name") for f in target.findall("feature")]
        for part in ("cpu", "fpu", "virtual", "csr"):
            assert "org.gnu.gdb.riscv." + part in names, names
        regs = list(target.iter("reg"))
        numbers = [int(x.get("regnum")) for x in regs]
        assert len(set(numbers)) == len(numbers) and len({x.get("name") for x in regs}) == len(regs)
        by_name = {x.get("name"): x for x in regs}
        assert by_name["pc"].get("regnum") == "32" and by_name["a0"].get("regnum") == "10"
        assert by_name["mstatus"].get("bitsize") == str(BITS)
        assert by_name["satp"].get("regnum") == str(CSR + 0x180)
        assert by_name["pmpaddr3"].get("regnum") == str(CSR + 0x3b3)
        assert ("mcycleh" in by_name) == (BITS == 32)
        # g is the beginning of the list, and each register answers
        assert len(r.text("g")) >= 2 * (33 * BITS // 8 + 32 * 8)
        for x in regs:
            assert len(r.text("p" + format(int(x.get("regnum")), "x"))) == int(x.get("bitsize")) // 4
        assert r.text("pffff") == "E16"
        assert r.text("qXfer:features:read:other.xml:0,100")[:1] == "E"
        assert r.text("qXfer:nothing:read::0,100") == ""


def check_registers():
    n = BITS // 8
    with machine() as m:
        r = m.connect()
        go_to(r, "stage")
        assert r.reg(10) == 1, "a0 is the argument"
        for number in (1, 5, 31):
            value = 0x1122334455667788 >> (64 - BITS) if number != 31 else (1 << BITS) - 1
            assert r.set_reg(number, value, n) == "OK" and r.reg(number) == value
        assert r.set_reg(0, 5, n) == "OK" and r.reg(0) == 0
        all_regs = r.text("g")
        changed = all_regs[:2 * n * 5] + "ab" * n + all_regs[2 * n * 6:]
        assert r.text("G" + changed) == "OK" and r.reg(5) == int("ab" * n, 16)
        assert r.text("g") == changed
        assert r.text("G" + changed[:7]) == "E16"
        assert r.set_reg(F0 + 3, 0x400921fb54442d18, 8) == "OK"
        assert r.reg(F0 + 3) == 0x400921fb54442d18
        assert r.set_reg(CSR + 1, 0x15, 4) == "OK" and r.reg(CSR + 1) == 0x15, "fflags"
        assert r.set_reg(CSR + 2, 2, 4) == "OK" and r.reg(CSR + 3) == 0x55, "fcsr"
        assert r.reg(PRIV) == 3
        assert r.set_reg(PRIV, 2, 4) == "E16" and r.set_reg(PRIV, 1, 4) == "OK" and r.reg(PRIV) == 1
        assert r.set_reg(PRIV, 3, 4) == "OK"
        assert r.set_reg(CSR + 0x340, 77, n) == "OK" and r.reg(CSR + 0x340) == 77, "mscratch"
        assert r.set_reg(CSR + 0xf12, 1, n) == "E16", "marchid is read-only"
        assert r.reg(CSR + 0x301) >> (BITS - 2) == BITS // 32, "misa"
        assert r.text("P5=12") == "E16" and r.text("P5") == "E16" and r.text("Pzz=00") == "E16"


def check_memory():
    with machine() as m:
        r = m.connect()
        ram = 0x80100000
        data = bytes(range(256)) * 2
        assert r.write(ram, data) == "OK" and r.read(ram, 512) == data
        binary = b"}#$*\0" + data[:40]
        escaped = b"".join(b"}" + bytes([b ^ 0x20]) if b in b"}#$*" else bytes([b]) for b in binary)
        assert r.text(b"X%x,%x:" % (ram + 3, len(binary)) + escaped) == "OK"
        assert r.read(ram + 3, len(binary)) == binary
        assert r.text("X%x,0:" % ram) == "OK"
        assert r.text("X%x,4:abc" % ram) == "E16" and r.text("M%x,4:abc" % ram) == "E16"
        assert r.read(0x08000000, 4) is None and r.write(0x08000000, b"1234") == "E0e"
        end = 0x80000000 + (128 << 20)
        assert len(r.read(end - 8, 32)) == 8, "as much as there is"
        assert r.read(0x10000005, 1) == b"\x60", "a device's register"
        assert len(r.read(0x1000, 8)) == 8, "ROM"
        assert r.read(ram, 0) == b""
        assert r.text("mzz,4") == "E16" and r.text("m80000000") == "E16"
        assert r.text("m80000000,ffffffffffffffff")[:1] != "E", "as much as fits"
        # through the page table, and beside it
        table, va = 0x80200000, 0x40000000
        n, log2, top = (8, 3, 30) if BITS == 64 else (4, 2, 22)
        pte = ((0x80000000 >> 12) << 10) | 0xcf
        assert r.write(table + (va >> top << log2), pte.to_bytes(n, "little")) == "OK"
        mode = 8 << 60 if BITS == 64 else 1 << 31
        assert r.set_reg(CSR + 0x180, mode | table >> 12, n) == "OK"
        assert r.set_reg(CSR + 0x3b0, (1 << BITS - 10) - 1, n) == "OK", "pmpaddr0"
        assert r.set_reg(CSR + 0x3a0, 0x1f, n) == "OK", "pmpcfg0"
        assert r.set_reg(PRIV, 1, 4) == "OK"
        if BITS == 64:
            assert r.read(va + 0x100000, 512) == r.read_physical(0x80100000, 512)
        assert r.read(0x90000000, 4) is None
        assert r.text("qqemu.PhyMemMode") == "0" and r.text("Qqemu.PhyMemMode:1") == "OK"
        assert r.text("qqemu.PhyMemMode") == "1" and r.read(0x80000000, 4) is not None
        assert r.text("Qqemu.PhyMemMode:0") == "OK"


def read_physical(self, at_, n):
    assert self.text("Qqemu.PhyMemMode:1") == "OK"
    data = self.read(at_, n)
    assert self.text("Qqemu.PhyMemMode:0") == "OK"
    return data


Remote.read_physical = read_physical


def check_breakpoints():
    with machine() as m:
        r = m.connect()
        r.text("qSupported:swbreak+;hwbreak+")
        code = r.read(SYM["stage"], 16)
        for kind, word in ((0, "swbreak"), (1, "hwbreak")):
            assert r.text("Z%d,%x,4" % (kind, SYM["stage"])) == "OK"
            assert r.read(SYM["stage"], 16) == code, "nothing is written to memory"
            fields = at(r.text("vCont;c"), r, "stage")
            assert word in fields and r.reg(10) == kind + 1
            # a step leaves it, with the breakpoint in place
            stop_fields(r.text("vCont;s:1"))
            assert r.reg(PC) != SYM["stage"]
            assert r.text("z%d,%x,4" % (kind, SYM["stage"])) == "OK"
        assert r.text("z0,%x,4" % SYM["stage"]) == "E02"
        # two kinds at one place: it is there until both are gone
        assert r.text("Z0,%x,4" % SYM["stage"]) == "OK" and r.text("Z1,%x,4" % SYM["stage"]) == "OK"
        assert r.text("Z0,%x,4" % SYM["stage"]) == "OK" and r.text("z0,%x,4" % SYM["stage"]) == "OK"
        at(r.text("c"), r, "stage")
        assert r.reg(10) == 3 and r.u32(SYM["traps"]) == 0
        # going on from a breakpoint that is still there: it is hit before anything happens
        at(r.text("c"), r, "stage")
        assert r.text("z1,%x,4" % SYM["stage"]) == "OK"
        # code that has run already gets one, in the middle of a block, and loses it
        go_to(r, "count")
        for _ in range(3):
            stop_fields(r.text("s"))
        middle = r.reg(PC)
        assert middle != SYM["count"]
        for _ in range(3):
            before = r.u32(SYM["counters"])
            assert r.text("Z0,%x,2" % middle) == "OK"
            stop_fields(r.text("vCont;c"))
            assert r.reg(PC) == middle and r.u32(SYM["counters"]) - before in (0, 1)
            assert r.text("z0,%x,2" % middle) == "OK"
            stop_fields(r.text("vCont;s:1"))
        r.send("vCont;c")
        assert r.quiet(0.3)
        r.raw(b"\x03")
        assert stop_fields(r.receive().decode())[0] == 2
        assert r.text("Z5,80000000,4") == "E16" and r.text("Z0,80000000") == "E16"


def watch_hit(r, word, address):
    number, fields = stop_fields(r.text("vCont;c"))
    assert number == 5 and int(fields[word], 16) == address, fields
    return r.reg(PC)


def check_watchpoints():
    with machine() as m:
        r = m.connect()
        go_to(r, "touch")
        watched, some = SYM["watched"], SYM["watched_bytes"]
        assert r.text("Z2,%x,4" % watched) == "OK"
        assert r.text("Z2,%x,1" % (some + 4)) == "OK", "beside what is written"
        assert r.text("Z3,%x,1" % (some + 5)) == "OK", "what is only read later"
        pc = watch_hit(r, "watch", watched)
        assert r.u32(watched) == 0, "before the store"
        assert watch_hit(r, "watch", watched) == pc, "and again, as it did not happen"
        assert r.text("z2,%x,4" % watched) == "OK"
        stop_fields(r.text("vCont;s:1"))
        assert r.u32(watched) == 7, "the instruction was the store"
        assert r.text("Z2,%x,4" % (some + 10)) == "OK", "the end of a word store"
        assert r.text("Z4,%x,4" % watched) == "OK"
        watch_hit(r, "watch", some + 10)
        assert r.u32(some + 8) == 0 and r.read(some + 5, 1) == b"\x07"
        assert r.text("z2,%x,4" % (some + 10)) == "OK"
        reads = {"awatch": (4, watched, 4), "rwatch": (3, some + 5, 1)}
        while reads: # in the order that the compiler chose
            _, fields = stop_fields(r.text("vCont;c"))
            word, = (w for w in reads if w in fields)
            kind, where, length = reads.pop(word)
            assert int(fields[word], 16) == where and SYM["look"] <= r.reg(PC) < SYM["stage"]
            assert r.text("z%d,%x,%x" % (kind, where, length)) == "OK"
        # an atomic access reads and writes; the trap handler counts with one
        assert r.text("Z3,%x,4" % SYM["traps"]) == "OK"
        pc = watch_hit(r, "rwatch", SYM["traps"])
        assert SYM["trap"] < pc < SYM["breakpoint_insn"] and r.u32(SYM["traps"]) == 0
        assert r.text("z3,%x,4" % SYM["traps"]) == "OK"
        assert r.text("Z2,%x,4" % SYM["counters"]) == "OK"
        for _ in range(3): # the same page has code running over it all the time
            watch_hit(r, "watch", SYM["counters"])
            assert r.text("z2,%x,4" % SYM["counters"]) == "OK"
            stop_fields(r.text("vCont;s:1"))
            assert r.text("Z2,%x,4" % SYM["counters"]) == "OK"
        assert r.text("z2,%x,4" % SYM["counters"]) == "OK"
        assert r.text("Z2,%x,0" % watched) == "E16"


def check_steps():
    with machine() as m:
        r = m.connect()
        assert r.reg(PC) == 0x1000
        trail = []
        for _ in range(40):
            stop_fields(r.text("vCont;s:1"))
            trail.append(r.reg(PC))
        assert 0x80000000 in trail and SYM["main_"] in trail
        go_to(r, "breakpoint_insn")
        stop_fields(r.text("s"))
        assert r.reg(PC) == SYM["trap"], "an exception is one step"
        assert r.text("qqemu.sstepbits") == "ENABLE=1,NOIRQ=2,NOTIMER=4"
        assert r.text("qqemu.sstep") == "0x7" and r.text("Qqemu.sstep=5") == "OK"
        assert r.text("qqemu.sstep") == "0x5"
        # from a given address
        stop_fields(r.text("s%x" % SYM["stage"]))
        assert SYM["stage"] < r.reg(PC) <= SYM["stage"] + 4


def check_interrupts_wait():
    """An interrupt that is pending and enabled is not taken by a step, unless asked for."""
    n = BITS // 8
    with machine() as m:
        r = m.connect()
        go_to(r, "stage")
        assert r.set_reg(CSR + 0x304, 8, n) == "OK", "mie.MSIE"
        status = r.reg(CSR + 0x300)
        assert r.set_reg(CSR + 0x300, status | 8, n) == "OK", "mstatus.MIE"
        assert r.write(0x2000000, b"\1\0\0\0") == "OK", "msip of hart 0"
        assert r.reg(CSR + 0x344) & 8
        stop_fields(r.text("vCont;s:1"))
        assert SYM["stage"] < r.reg(PC) < SYM["main_"]
        assert r.text("Qqemu.sstep=1") == "OK"
        stop_fields(r.text("vCont;s:1"))
        assert r.reg(PC) == SYM["trap"]


def check_smp():
    with machine(cpus=4) as m:
        r = m.connect()
        r.text("qSupported:multiprocess+")
        go_to(r, "count")
        counters = SYM["counters"]

        def counts():
            data = r.read(counters, 64)
            return [int.from_bytes(data[8 * i:8 * i + 8], "little") for i in range(4)]

        before = counts()
        assert counts() == before, "all stand still"
        # one steps, the others do not
        r.text("Hgp1.3")
        pc = r.reg(PC)
        for _ in range(20):
            number, fields = stop_fields(r.text("vCont;s:p1.3"))
            assert number == 5 and fields["thread"] == "p1.3"
        after = counts()
        assert [after[i] for i in (0, 1, 3)] == [before[i] for i in (0, 1, 3)]
        # one runs, the others do not
        last = after
        for _ in until(lambda: last[1] != after[1]): # on a busy machine it may get no time
            r.send("vCont;c:p1.2")
            time.sleep(0.1)
            r.raw(b"\x03")
            assert stop_fields(r.receive().decode())[0] == 2
            last = counts()
        assert last[1] > after[1] and last[0] == after[0] and last[2:] == after[2:]
        # a breakpoint for all is hit by one, while the rest run
        assert r.text("Z0,%x,2" % SYM["count"]) == "OK"
        seen = set()
        for _ in range(30):
            seen.add(stop_fields(r.text("vCont;c"))[1]["thread"])
            thread = r.text("qC")[2:]
            stop_fields(r.text("vCont;s:" + thread))
        assert seen <= {"p1.1", "p1.2", "p1.3", "p1.4"} and seen
        assert r.text("z0,%x,2" % SYM["count"]) == "OK"
        assert r.text("vCont;s:p1.9") == "E03" and r.text("Hgp1.9") == "E03"
        assert r.text("vAttach;1")[:3] == "T05" and r.text("vAttach;2") == "E03"


def check_going_and_coming():
    with machine(cpus=2) as m:
        r = m.connect()
        go_to(r, "count")
        before = r.read(SYM["counters"], 16)
        assert r.text("Z0,%x,2" % SYM["stage"]) == "OK"
        first = before
        for _ in until(lambda: first != before):
            assert r.text("D") == "OK"
            time.sleep(0.3)
            assert r.text("?") == "E10", "not ours any more"
            r.close()
            r = m.connect()
            assert stop_fields(r.text("?"))[0] == 5
            first = r.read(SYM["counters"], 16)
        # vanishes while the guest runs, with a breakpoint in its way
        assert r.text("Z0,%x,2" % SYM["count"]) == "OK"
        assert r.text("Z2,%x,8" % SYM["counters"]) == "OK"
        r.send("vCont;c:2;t")
        r.close()
        r = m.connect()
        now = first
        for _ in until(lambda: now != first):
            r.send("c")
            assert r.quiet(0.2), "no point is left"
            r.raw(b"\x03")
            stop_fields(r.receive().decode())
            now = r.read(SYM["counters"], 16)
        # vanishes while it stands: it stays so
        r.close()
        time.sleep(0.1)
        r = m.connect()
        a = r.read(SYM["counters"], 16)
        time.sleep(0.05)
        assert r.read(SYM["counters"], 16) == a


def check_ends():
    with machine() as m:
        r = m.connect()
        go_to(r, "count")
        assert r.write(SYM["go"], bytes(4)) == "OK"
        assert r.text("vCont;c") == "W2a"
        assert m.wait() == 42
    for words in ("k", "vKill;1"):
        with machine() as m:
            r = m.connect()
            r.send(words)
            if words != "k":
                assert r.receive() == b"OK"
            assert m.wait() == 0
    with machine() as m:
        r = m.connect()
        r.send("c")
        r.raw(b"$k#6b")
        assert m.wait() == 0, "killed while it runs"


def check_monitor():
    with machine() as m:
        r = m.connect()
        go_to(r, "count")
        text = r.monitor("info registers")
        assert re.search(r"\bpc +0*%x\b" % SYM["count"], text) and "mstatus" in text
        assert "* 1: cpu[0]" in r.monitor("info   cpus")
        assert "info registers" in r.monitor("help")
        assert "unknown command" in r.monitor("frobnicate")
        assert "was reset" in r.monitor("reset")
        assert r.reg(PC) == 0x1000
        go_to(r, "stage")
        assert r.reg(10) == 1, "it began again"
        r.monitor("quit")
        assert m.wait() == 0


def check_malformed():
    with machine() as m:
        r = m.connect(ack=True)
        r.raw(b"$g#00")
        assert r.byte() == b"-", "wrong checksum"
        r.raw(b"$g#zz")
        assert r.byte() == b"-"
        r.raw(b"noise%&$m0,1$?#3f")
        assert r.byte() == b"+" and r.receive()[:3] == b"T05", "a packet that was cut off"
        r.raw(b"-")
        assert r.receive()[:3] == b"T05", "said again"
        r.raw(b"$" + b"m" * 40000 + b"#00")
        assert r.byte() == b"-", "too long"
        r.ask("QStartNoAckMode")
        r.ack = False
        odd = ["", "\0", "H", "Hg", "Hgp", "Hx1", "T", "T-1", "vCont", "vCont;", "vCont;x", "vCont;C",
               "vCont;c:p", "vCont;s:zz", "qXfer:", "qXfer:::::", "qXfer:features:read:target.xml:",
               "qXfer:features:read:target.xml:fffffffffffffff0,10", "p", "pfffffffffffffffff", "m,",
               "X0,5:", "Z", "Z9,0,0", "z0,0,1", "Z2,ffffffffffffffff,ffff", "qRcmd", "qRcmd,zz",
               "G", "M", "qThreadExtraInfo,", "vAttach;", "D;99", "C", "Czz", "s-", "QPassSignals:",
               "QCatchSyscalls:1", "vFile:", "vFile:pread:5,10,0", "?", "_", "b"]
        for body in odd:
            r.text(body)
        words = ["m80000000,4", "M80100000,2:0000", "g", "p20", "P5=0011223344556677", "?", "H", "Hg1",
                 "qSupported:x+", "qXfer:features:read:target.xml:0,40", "qRcmd,68656c70", "T1",
                 "Z2,80000000,4", "z2,80000000,4", "qfThreadInfo", "vCont?", "Qqemu.sstep=7"]
        rng = random.Random(5)
        for _ in range(1500):
            body = bytearray(rng.choice(words).encode())
            for _ in range(rng.randrange(4)):
                i = rng.randrange(len(body))
                body[i:i + rng.randrange(2)] = bytes([rng.randrange(256)])
            if not body or body[:1] in b"cCsSkDRv" or b"$" in body or b"#" in body:
                continue
            r.send(bytes(body))
            r.receive()
            while not r.quiet(0): # a monitor command's text
                r.receive()
        r.text("Hg1")
        assert r.reg(PC) == 0x1000


def check_two_instruction_sets():
    """A process to gdb each, of which it attaches to the first by itself."""
    plugin = "tests/board/.libs/fixture-boards.so"
    if not os.path.exists(plugin):
        print("skipped: no", plugin)
        return
    with tempfile.NamedTemporaryFile() as f:
        f.write(bytes.fromhex("1300000013000000" "6ff09fff")) # nop; nop; j -8
        f.flush()
        two_instruction_sets("--load-plugin", plugin, "-M", "test-mixed", "-kernel", f.name, "-display", "none")


def two_instruction_sets(*arguments):
    with Machine(*arguments) as m:
        r = m.connect()
        r.text("qSupported:multiprocess+;swbreak+")
        assert r.text("qfThreadInfo") == "mp1.1"
        loop = 0x80000000
        assert b"riscv:rv64" in r.document("features:read:target.xml")
        assert r.text("Hgp2.2") == "E03", "not attached"
        assert r.text("Z0,%x,4" % (loop + 4)) == "OK"
        fields = stop_fields(r.text("vCont;c"))[1]
        assert fields["thread"] == "p1.1" and len(fields["20"]) == 16, fields
        assert stop_fields(r.text("vAttach;2"))[1]["thread"] == "p2.2"
        assert r.text("qfThreadInfo") == "mp1.1,p2.2,p2.3"
        assert r.text("Hgp2.3") == "OK" and b"riscv:rv32" in r.document("features:read:target.xml")
        # the breakpoint is the first process's alone
        for _ in range(3):
            assert stop_fields(r.text("vCont;c"))[1]["thread"] == "p1.1"
            stop_fields(r.text("vCont;s:p1.1"))
        assert r.text("Hgp1.1") == "OK" and r.text("z0,%x,4" % (loop + 4)) == "OK"
        assert r.text("Hgp2.2") == "OK" and r.text("Z0,%x,4" % (loop + 8)) == "OK"
        fields = stop_fields(r.text("vCont;c:p2.-1"))[1]
        assert fields["thread"] in ("p2.2", "p2.3") and len(fields["20"]) == 8, fields
        assert r.text("z0,%x,4" % (loop + 8)) == "OK"
        assert r.text("D;2") == "OK" and r.text("qfThreadInfo") == "mp1.1"
        assert stop_fields(r.text("vCont;s:p1.1"))[0] == 5
        assert r.text("D;1") == "OK" and r.text("vCont;c") == "E10"
        assert stop_fields(r.text("vAttach;1"))[0] == 5, "and again"


def check_named_chardev():
    folder = tempfile.mkdtemp(prefix="bp-gdb-")
    try:
        path = folder + "/c"
        with machine("-chardev", "socket,id=c,path=%s,server=on,wait=off" % path,
                     "-gdb", "chardev:c") as m:
            r = Remote(path)
            assert stop_fields(r.text("?"))[0] == 5
            other = m.connect(ack=True)
            other.send("?")
            assert other.receive() == b"E10", "there is one debugger"
            go_to(r, "stage")
    finally:
        shutil.rmtree(folder)


# ---- all -----------------------------------------------------------------------------------------


def main():
    global BITS, BACKEND, ELF, SYM
    interp = "tcg-interp"
    variants = [(64, ""), (32, ""), (64, interp)]
    if len(sys.argv) > 2:
        variants = [(int(sys.argv[1]), sys.argv[2])]
    checks = [(name, f) for name, f in globals().items() if name.startswith("check_")]
    if len(sys.argv) > 3:
        checks = [c for c in checks if c[0] == "check_" + sys.argv[3]]
    folder = tempfile.mkdtemp(prefix="bp-gdb-")
    failed = 0
    for BITS, BACKEND in variants:
        ELF = guest(BITS, folder)
        SYM = symbols(ELF)
        for name, check in checks:
            began = time.time()
            try:
                check()
            except Exception as e: # all that goes wrong is this check's failure
                import traceback
                traceback.print_exc()
                print("FAILED", name, BITS, BACKEND, repr(e))
                failed += 1
            else:
                print("ok", name, BITS, BACKEND, "%.1f s" % (time.time() - began))
    shutil.rmtree(folder)
    print("gdb protocol: %d sessions, %d failed" % (len(variants) * len(checks), failed))
    sys.exit(failed != 0)


main()
