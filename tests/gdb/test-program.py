#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""test-program.py: the gdb stub on a Linux program, packet by packet. Runs in the build tree; needs Debian's cross
compiler for riscv64."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
from remote import Remote, TIMEOUT, stop_fields, symbols

A0, PC = 10, 32
FOLDER = tempfile.mkdtemp(prefix="bp-gdb-")
PROGRAM = FOLDER + "/program"
GETPID, EXIT_GROUP = 172, 94


class Program:
    """A program that waits for a debugger."""

    def __init__(self, *words, by_environment=False):
        self.path = FOLDER + "/s"
        environment = dict(os.environ)
        options = environment.get("ASAN_OPTIONS", "")
        environment["ASAN_OPTIONS"] = options + ":" * bool(options) + "detect_leaks=0"
        option = ["-g", self.path]
        if by_environment:
            environment["BACKPLANE_GDB"] = self.path
            option = []
        self.process = subprocess.Popen(
            [os.environ.get("BACKPLANE", "./backplane"), "-M", "linux-user", *option, PROGRAM, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        self.remote = Remote(self.path)
        self.remote.text("qSupported:multiprocess+;swbreak+;hwbreak+")

    def ends(self, status):
        out, err = self.process.communicate(timeout=TIMEOUT)
        assert self.process.returncode == status, (self.process.returncode, out, err)
        return out.decode()

    def __enter__(self):
        return self, self.remote

    def __exit__(self, *_):
        self.remote.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def on(reply, number):
    got, fields = stop_fields(reply)
    assert got == number, reply
    return fields


def check_beginning():
    with Program() as (p, r):
        pid = "%x" % p.process.pid
        assert on(r.text("?"), 5)["thread"] == "p%s.%s" % (pid, pid)
        assert r.text("qAttached:" + pid) == "0" and r.text("qC") == "QCp%s.%s" % (pid, pid)
        assert r.reg(PC) == SYM["_start"]
        assert len(r.document("auxv:read:")) % 16 == 0
        assert r.document("exec-file:read:" + pid).decode() == PROGRAM
        for _ in range(300): # system calls among them
            on(r.text("vCont;s:p%s.%s" % (pid, pid)), 5)
        assert r.text("QPassSignals:1e") == "OK"
        assert r.text("vCont;c") == "W05;process:" + pid
        assert "child 3" in p.ends(5)


def check_calls():
    with Program() as (p, r):
        assert r.text("QCatchSyscalls:1;%x;%x" % (GETPID, EXIT_GROUP)) == "OK"
        assert r.text("QPassSignals:1e") == "OK"
        fields = on(r.text("vCont;c"), 5)
        while int(fields.get("syscall_entry", "0"), 16) != GETPID or r.reg(17) != GETPID:
            fields = on(r.text("vCont;c"), 5)
        fields = on(r.text("vCont;c"), 5)
        assert int(fields["syscall_return"], 16) == GETPID and r.reg(A0) == p.process.pid
        fields = {}
        while int(fields.get("syscall_entry", "0"), 16) != EXIT_GROUP:
            fields = on(r.text("vCont;c"), 5)
        assert r.reg(A0) == 5
        assert r.text("QCatchSyscalls:0") == "OK"
        assert r.text("vCont;c")[:3] == "W05"
        p.ends(5)


def check_signals():
    with Program() as (p, r):
        on(r.text("vCont;c"), 30)
        info = r.document("siginfo:read:")
        assert int.from_bytes(info[:4], "little") == signal.SIGUSR1 and len(info) == 128
        # another in its place: the program has no handler for it
        assert r.text("C0f") == "X0f;process:%x" % p.process.pid
        p.ends(-signal.SIGTERM)
    with Program("fault") as (p, r):
        on(r.text("vCont;c"), 30)
        assert r.text("QPassSignals:1e") == "OK"
        on(r.text("vCont;C1e"), 11)
        assert SYM["fault"] <= r.reg(PC) < SYM["fault"] + 16
        assert r.text("C0b") == "X0b;process:%x" % p.process.pid
        assert "shared 24" in p.ends(-signal.SIGSEGV)
    with Program("wait") as (p, r):
        r.send("vCont;c")
        time.sleep(0.3)
        assert r.quiet(0)
        os.kill(p.process.pid, signal.SIGTERM)
        assert stop_fields(r.receive().decode())[0] == 15
        assert r.text("vCont;C0f")[:3] == "X0f"
        p.ends(-signal.SIGTERM)


def check_files():
    with Program() as (p, r):
        assert r.text("vFile:setfs:0") == "F0"
        fd = r.text("vFile:open:%s,0,0" % PROGRAM.encode().hex())[1:]
        assert r.ask("vFile:pread:%s,4,0" % fd) == b"F4;\x7fELF"
        assert r.text("vFile:fstat:" + fd)[:4] == "F40;"
        assert r.text("vFile:close:" + fd) == "F0" and r.text("vFile:close:" + fd) == "F-1,9"
        maps = "/proc/%d/maps" % p.process.pid
        fd = r.text("vFile:open:%s,0,0" % maps.encode().hex())[1:]
        assert b"/program" in r.ask("vFile:pread:%s,1000,0" % fd)
        link = "/proc/%d/exe" % p.process.pid
        assert r.text("vFile:readlink:" + link.encode().hex()).endswith(";" + PROGRAM)
        assert r.text("vFile:open:%s,0,0" % b"/nonexistent".hex()) == "F-1,2"
        assert r.text("vFile:open:%s,0,0" % b"/tmp".hex()) == "F-1,d"
        assert r.text("vFile:open:%s,1,0" % b"/tmp/x".hex()) == "F-1,d"
        assert r.text("vFile:unlink:2f") == ""


def check_watch():
    with Program() as (p, r):
        assert r.text("QPassSignals:1e") == "OK"
        assert r.text("Z2,%x,4" % SYM["shared"]) == "OK"
        for value in (0, 10, 11, 12, 13, 23):
            fields = on(r.text("vCont;c"), 5)
            assert int(fields["watch"], 16) == SYM["shared"] and r.u32(SYM["shared"]) == value
            assert r.text("z2,%x,4" % SYM["shared"]) == "OK"
            on(r.text("vCont;s:" + fields["thread"]), 5)
            assert r.u32(SYM["shared"]) != value
            assert r.text("Z2,%x,4" % SYM["shared"]) == "OK"
        assert r.text("vCont;c")[:3] == "W05", "children are let through"


def check_ends():
    with Program("wait") as (p, r):
        assert r.text("vKill;%x" % p.process.pid) == "OK"
        p.ends(-signal.SIGKILL)
    with Program("wait") as (p, r): # stopped out of a waiting call, and let go
        r.send("vCont;c")
        time.sleep(0.3)
        r.raw(b"\x03")
        on(r.receive().decode(), 2)
        assert r.text("D") == "OK"
        r.close()
        os.kill(p.process.pid, signal.SIGTERM)
        p.ends(-signal.SIGTERM)
    with Program() as (p, r): # the debugger vanishes
        r.text("QPassSignals:1e")
        assert r.text("Z0,%x,2" % SYM["work"]) == "OK"
        r.send("vCont;c:p%x.-1" % p.process.pid)
        on(r.receive().decode(), 5)
        assert r.text("z0,%x,2" % SYM["work"]) == "OK"
        assert r.text("Z0,%x,2" % SYM["fault"]) == "OK"
        r.send("c")
        r.close()
        p.ends(5)
    with Program("exec", by_environment=True) as (p, r): # what it executes is not debugged
        r.send("c")
        try:
            r.receive()
            raise AssertionError("the connection outlived the program")
        except EOFError:
            pass
        assert "child 3" in p.ends(5)


def main():
    global SYM
    if not shutil.which("riscv64-linux-gnu-gcc"):
        print("SKIP: there is no riscv64-linux-gnu-gcc")
        sys.exit(77)
    subprocess.run(["riscv64-linux-gnu-gcc", "-O1", "-static", "-pthread", HERE + "/program.c", "-o", PROGRAM],
                   check=True)
    SYM = symbols(PROGRAM)
    failed = 0
    checks = [(name, f) for name, f in globals().items() if name.startswith("check_")]
    for name, check in checks:
        try:
            check()
            print("ok", name)
        except Exception as e: # all that goes wrong is this check's failure
            import traceback
            traceback.print_exc()
            print("FAILED", name, repr(e))
            failed += 1
    shutil.rmtree(FOLDER)
    print("gdb protocol on programs: %d sessions, %d failed" % (len(checks), failed))
    sys.exit(failed != 0)


main()
