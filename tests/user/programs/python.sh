#!/bin/bash
# SPDX-License-Identifier: MIT
cat >t.py <<'END'
import asyncio, base64, bz2, collections, ctypes, decimal, fractions, hashlib, json, lzma, math, mmap, multiprocessing, os, pickle, random, re
import select, signal, socket, sqlite3, struct, subprocess, sys, tempfile, threading, time, zlib, datetime, concurrent.futures as cf
print(json.dumps({'a': [1, 2.5, None, True], 'b': 'é\n'}, sort_keys=True), 0.1 + 0.2, 1e308 * 10, float('nan'), -0.0, 2 ** 200)
data = bytes(random.Random(7).randbytes(200000))
print(*(hashlib.new(n, data).hexdigest()[:16] for n in ('md5', 'sha1', 'sha256', 'sha512', 'blake2b', 'sha3_256')), zlib.crc32(data), zlib.adler32(data))
for c in (zlib, bz2, lzma):
    print(c.__name__, c.decompress(c.compress(data[:30000] * 3)) == data[:30000] * 3)
print(math.sin(1e10), math.gamma(5.5), math.fsum([.1] * 10), math.hypot(3, 4), math.fma(2.0, 3.0, 1e-30) if hasattr(math, 'fma') else 6.0, fractions.Fraction(0.375), decimal.Decimal(2).sqrt(), round(2.5), divmod(-7, 3), (0.1).hex())
print(re.sub(r'(\w+)@(\w+)', r'\2 at \1', 'me@home you@work'), struct.pack('>IhqdB', 1, -2, 3, 1.5, 255).hex(), base64.b85encode(b'backplane').decode())
lock, total = threading.Lock(), [0]
def work(k):
    for _ in range(2000):
        with lock: total[0] += k
ts = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
[t.start() for t in ts]; [t.join() for t in ts]; print('threads', total[0])
def child(q, k): q.put(k * k)
ctx = multiprocessing.get_context('fork'); q = ctx.Queue(); ps = [ctx.Process(target=child, args=(q, k)) for k in range(4)]
[p.start() for p in ps]; print('processes', sorted(q.get() for _ in ps)); [p.join() for p in ps]
with cf.ThreadPoolExecutor(4) as e: print('pool', sum(e.map(lambda x: x * x, range(1000))))
print(subprocess.run(['sh', '-c', 'cat; echo err >&2; exit 3'], input=b'in', capture_output=True))
print(subprocess.run([sys.executable, '-c', 'import os; os.kill(os.getpid(), 11)']).returncode, sys.executable)
async def main():
    async def serve(r, w):
        w.write((await r.readline()).upper()); await w.drain(); w.close()
    s = await asyncio.start_server(serve, '127.0.0.1', 0)
    async def ask(k):
        r, w = await asyncio.open_connection(*s.sockets[0].getsockname()); w.write(b'client %d\n' % k); x = await r.readline(); w.close(); return x.decode().strip()
    print(await asyncio.gather(*(ask(k) for k in range(5)))); s.close()
    p = await asyncio.create_subprocess_exec('echo', 'spawned', stdout=subprocess.PIPE); print((await p.communicate())[0])
asyncio.run(main())
hits = []
signal.signal(signal.SIGUSR1, lambda n, f: hits.append(n)); os.kill(os.getpid(), signal.SIGUSR1)
signal.signal(signal.SIGALRM, lambda n, f: hits.append(n)); signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(0.2); print('signals', hits, signal.sigtimedwait([signal.SIGUSR2], 0.05))
CB = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int)); libc = ctypes.CDLL(None)
a = (ctypes.c_int * 6)(5, 1, 4, 2, 9, 3); libc.qsort(a, 6, 4, CB(lambda x, y: x[0] - y[0])); print('ctypes', list(a), libc.abs(-5))
m = mmap.mmap(-1, 8192); m[:5] = b'hello'; pid = os.fork()
if not pid: m[0:5] = b'HELLO'; os._exit(4)
print('mmap', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), bytes(m[:5]))
with tempfile.TemporaryFile(dir='.') as f:
    f.write(b'x' * 10000); f.flush(); n = mmap.mmap(f.fileno(), 0); n[100] = 65; n.flush(); f.seek(100); print('file map', f.read(1), len(n))
s1, s2 = socket.socketpair(); socket.send_fds(s1, [b'fd'], [os.open('/dev/null', os.O_RDONLY)]); print('fds', len(socket.recv_fds(s2, 10, 2)[1]))
ep = select.epoll(); ep.register(s2, select.EPOLLIN); s1.send(b'x'); print('epoll', [e for _, e in ep.poll(1)], os.eventfd_read(os.eventfd(3)))
db = sqlite3.connect(':memory:'); db.execute('create table t(x, y)'); db.executemany('insert into t values(?, ?)', ((i, i * i % 101) for i in range(2000))); print(db.execute('select sum(y), count(distinct y), max(x) from t where y > 50').fetchone())
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('127.0.0.1', 0)); u.sendto(b'datagram', u.getsockname()); print(u.recv(100), u.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE))
print(pickle.loads(pickle.dumps(collections.OrderedDict(a=[1, {2}]))), datetime.datetime(2024, 2, 29).strftime('%A %j'), sorted(os.scandir('.'), key=lambda e: e.name)[0].name, os.stat('t.py').st_size > 1000, len(os.getrandom(8)), sys.byteorder)
os.setxattr('t.py', 'user.k', b'v') if False else None; r, w = os.pipe(); os.set_blocking(r, False)
try: os.read(r, 1)
except BlockingIOError as e: print(e)
try: open('/nonexistent/file')
except FileNotFoundError as e: print(e)
print(os.path.basename(os.readlink('/proc/self/exe')), any('libc.so.6' in l for l in open('/proc/self/maps')), open('/proc/self/comm').read().strip())
def rec(n): return 0 if n == 0 else 1 + rec(n - 1)
sys.setrecursionlimit(20000); print('recursion', rec(9000))
END
PYTHONHASHSEED=0 python3 t.py
python3 -m timeit -n 10 -r 1 pass >/dev/null && echo timeit; python3 -c 'import sys; sys.exit(42)'; echo "exit $?"
python3 -X faulthandler -c 'import faulthandler; faulthandler._sigsegv()' 2>&1 | head -n 1
