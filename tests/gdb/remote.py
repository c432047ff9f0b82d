# SPDX-License-Identifier: MIT
"""remote.py: a small client of gdb's remote protocol, and the emulator that it talks to."""
import base64
import gzip
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT = 120


def symbols(path):
    """Names and values of an ELF file's symbols."""
    data = open(path, "rb").read()
    is64 = data[4] == 2
    off, = struct.unpack_from("<Q" if is64 else "<I", data, 40 if is64 else 32)
    size, count, _ = struct.unpack_from("<HHH", data, 58 if is64 else 46)
    found = {}
    for i in range(count):
        at = off + i * size
        kind, = struct.unpack_from("<I", data, at + 4)
        if kind != 2:
            continue
        if is64:
            start, n = struct.unpack_from("<QQ", data, at + 24)
            link, = struct.unpack_from("<I", data, at + 40)
            names, = struct.unpack_from("<Q", data, off + link * size + 24)
        else:
            start, n = struct.unpack_from("<II", data, at + 16)
            link, = struct.unpack_from("<I", data, at + 24)
            names, = struct.unpack_from("<I", data, off + link * size + 16)
        for s in range(start, start + n, 24 if is64 else 16):
            name, = struct.unpack_from("<I", data, s)
            value, = struct.unpack_from("<Q" if is64 else "<I", data, s + (8 if is64 else 4))
            end = data.index(b"\0", names + name)
            found[data[names + name:end].decode()] = value
    return found


class Remote:
    """A connection; packets are checked, sent and received whole."""

    def __init__(self, path, ack=False):
        self.ack = True
        self.pending = b""
        self.socket = socket.socket(socket.AF_UNIX)
        end = time.time() + TIMEOUT
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.time() > end:
                    raise
                time.sleep(0.02)
        self.socket.settimeout(TIMEOUT)
        if not ack:
            assert self.ask("QStartNoAckMode") == b"OK"
            self.ack = False

    def close(self):
        self.socket.close()

    def raw(self, data):
        self.socket.sendall(data)

    def byte(self):
        if not self.pending:
            self.pending = self.socket.recv(65536)
            if not self.pending:
                raise EOFError
        b, self.pending = self.pending[:1], self.pending[1:]
        return b

    def send(self, body):
        if isinstance(body, str):
            body = body.encode()
        self.raw(b"$" + body + b"#%02x" % (sum(body) & 255))
        if self.ack:
            got = self.byte()
            assert got == b"+", got

    def receive(self):
        b = self.byte()
        while b in b"+":
            b = self.byte()
        assert b == b"$", b
        body = b""
        while (b := self.byte()) != b"#":
            body += b
        told = self.byte() + self.byte()
        assert int(told, 16) == sum(body) & 255, body
        if self.ack:
            self.raw(b"+")
        return body

    def quiet(self, seconds):
        """Whether nothing arrives in that time."""
        return not self.pending and not select.select([self.socket], [], [], seconds)[0]

    def ask(self, body):
        self.send(body)
        return self.receive()

    def text(self, body):
        return self.ask(body).decode("latin-1")

    def document(self, name):
        """A qXfer document, whole."""
        data = b""
        while True:
            piece = self.ask("qXfer:%s:%x,%x" % (name, len(data), 700))
            assert piece[:1] in b"lm", piece
            raw, out, i = piece[1:], b"", 0
            while i < len(raw):
                if raw[i] == 0x7d:
                    i += 1
                    out += bytes([raw[i] ^ 0x20])
                else:
                    out += raw[i:i + 1]
                i += 1
            data += out
            if piece[:1] == b"l":
                return data

    def monitor(self, line):
        self.send("qRcmd," + line.encode().hex())
        text = ""
        while (body := self.receive()) != b"OK":
            assert body[:1] == b"O", body
            text += bytes.fromhex(body[1:].decode()).decode()
        return text

    # numbers are little-endian on all guests here
    def reg(self, number):
        text = self.text("p%x" % number)
        assert re.fullmatch("([0-9a-f]{2})+", text), (number, text)
        return int.from_bytes(bytes.fromhex(text), "little")

    def set_reg(self, number, value, n):
        return self.text("P%x=%s" % (number, value.to_bytes(n, "little").hex()))

    def read(self, at, n):
        text = self.text("m%x,%x" % (at, n))
        return None if text[:1] == "E" else bytes.fromhex(text)

    def u32(self, at):
        return int.from_bytes(self.read(at, 4), "little")

    def write(self, at, data):
        return self.text("M%x,%x:%s" % (at, len(data), data.hex()))


def stop_fields(reply):
    """T05thread:1;20:00; and so on as signal and dictionary."""
    assert reply[:1] == "T", reply
    pairs = dict(f.split(":", 1) for f in reply[3:].split(";") if f)
    return int(reply[1:3], 16), pairs


class Machine:
    """An emulator with a socket for the debugger."""

    def __init__(self, *arguments, stopped=True, stdout=subprocess.PIPE):
        self.folder = tempfile.mkdtemp(prefix="bp-gdb-")
        self.path = self.folder + "/s"
        command = [os.environ.get("BACKPLANE", "./backplane"), *arguments,
                   "-gdb", "unix:" + self.path]
        if stopped:
            command.append("-S")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout,
                                        stderr=subprocess.PIPE)

    def connect(self, **how):
        return Remote(self.path, **how)

    def wait(self):
        return self.process.wait(TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for f in (self.process.stdout, self.process.stderr):
            if f:
                f.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def guest(bits, folder):
    """The committed guest as an ELF file."""
    path = "%s/guest%d.elf" % (folder, bits)
    text = open("%s/guest%d.hex" % (HERE, bits)).read()
    with open(path, "wb") as f:
        f.write(gzip.decompress(base64.b16decode(text.replace("\n", ""))))
    return path
