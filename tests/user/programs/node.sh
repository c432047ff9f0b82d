#!/bin/bash
# SPDX-License-Identifier: MIT
cat >t.js <<'END'
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads'), crypto = require('crypto'), http = require('http'), fs = require('fs'), zlib = require('zlib'), cp = require('child_process');
if (!isMainThread) { let s = 0; for (let i = 0; i < 1e5; i++) s += i % workerData; parentPort.postMessage(s); return; }
function hot(n) { let a = 0, b = 0.5; for (let i = 0; i < n; i++) { a = (a * 31 + i) | 0; b += Math.sqrt(i) / (i + 1); } return [a, b.toFixed(9)]; }
console.log(hot(1e6), [3, 1, 2].sort(), 2n ** 100n, JSON.stringify({ a: [1, null], b: 'é' }), 0.1 + 0.2, 'aXbX'.replace(/X/g, '-'));
class P { #x = 1; get v() { return this.#x++; } } const p = new P(); for (let i = 0; i < 3e4; i++) p.v; console.log(p.v);
console.log(crypto.createHash('sha256').update('backplane').digest('hex'), zlib.gunzipSync(zlib.gzipSync('z'.repeat(1000))).length);
const bytes = Uint8Array.from([0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,106,11]);
(async () => {
    const { instance } = await WebAssembly.instantiate(bytes); console.log('wasm', instance.exports.add(40, 2));
    console.log('workers', await Promise.all([2, 3, 5].map(k => new Promise(r => new Worker(__filename, { workerData: k }).on('message', r)))));
    await new Promise(r => { const keep = setTimeout(() => {}, 9000); process.on('SIGUSR2', () => { console.log('signal'); clearTimeout(keep); r(); }); process.kill(process.pid, 'SIGUSR2'); });
    fs.writeFileSync('f', 'written'); console.log(await fs.promises.readFile('f', 'utf8'), cp.execFileSync('sh', ['-c', 'echo child; exit 0']).toString().trim(), cp.spawnSync('sh', ['-c', 'kill -9 $$']).signal);
    await new Promise(done => { const s = http.createServer((q, r) => r.end('you asked ' + q.url)).listen(0, '127.0.0.1', () => http.get({ port: s.address().port, path: '/x', host: '127.0.0.1' }, r => { let d = ''; r.on('data', c => d += c); r.on('end', () => { console.log(d); s.close(done); }); })); });
    try { null.x; } catch (e) { console.log(e.constructor.name); } function r(n) { return n ? 1 + r(n - 1) : 0; } try { r(1e7); } catch (e) { console.log(e.message); }
    const m = new Map(); for (let i = 0; i < 50000; i++) m.set('k' + i, { i }); let t = 0; for (const v of m.values()) t += v.i; console.log(m.size, t); await new Promise(r => setTimeout(r, 20)); console.log('timer');
})();
process.on('exit', c => console.log('exit', c));
END
node t.js; echo "$?"; node -e 'throw new Error("x")' 2>&1 | grep -c 'Error: x'; node -p 'process.versions.v8 !== undefined && process.platform'; echo 'console.log(1 + 1)' | node; node -e 'process.exit(9)'; echo "$?"
