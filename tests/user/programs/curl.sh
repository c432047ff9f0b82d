#!/bin/bash
# SPDX-License-Identifier: MIT
# curl and a server, both emulated, over the loopback network.
mkdir www; seq 1 200000 >www/numbers; echo hello >www/index.html
cat >server.py <<'END'
import http.server, sys, threading
class H(http.server.SimpleHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def log_message(self, *a): pass
    def do_POST(self):
        b = self.rfile.read(int(self.headers['Content-Length'])); r = b'posted %d %s' % (len(b), b[:10])
        self.send_response(200); self.send_header('Content-Length', str(len(r))); self.end_headers(); self.wfile.write(r)
s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), lambda *a: H(*a, directory='www'))
print(s.server_address[1], file=open('port.new', 'w'), flush=True); __import__('os').rename('port.new', 'port'); s.serve_forever()
END
python3 server.py & server=$!; trap 'kill $server' EXIT
until [ -s port ] || ! kill -0 $server; do sleep 0.1; done; u=http://127.0.0.1:$(cat port)
curl -s $u/; curl -s $u/numbers | sha256sum; curl -s -o /dev/null -w '%{http_code} %{size_download} %{content_type}\n' $u/numbers; curl -s -I $u/index.html | tr -d '\r' | grep -i '^content'; curl -s -d 'a=1&b=2' $u/; echo; curl -s --data-binary @www/numbers $u/; echo
curl -s -o /dev/null -w '%{http_code}\n' $u/none; curl -s -Z -o n1 $u/numbers -o n2 $u/numbers -o n3 $u/ && cmp n1 n2 && cat n3; curl -s --max-time 20 http://127.0.0.1:1/; echo "refused $?"; curl -s file://${PWD// /%20}/www/index.html; curl -sf $u/none; echo "fail $?"
curl -s http://localhost:$(cat port)/ ; curl --version | head -n 1 | cut -d' ' -f1
