#!/bin/bash
# SPDX-License-Identifier: MIT
mkdir -p t/a/b; seq 1 60000 >t/numbers; for i in $(seq 1 40); do head -c $((i * 997)) t/numbers >t/a/f$i; done; ln -s ../numbers t/a/link; ln t/numbers t/a/b/hard; chmod 600 t/a/f3; touch -d @1000000000 t/a/f4
tar --sort=name --owner=0 --group=0 --mtime=@0 -cf t.tar t; sha256sum t.tar | cut -c 1-64; tar tvf t.tar | wc -l
for c in 'gzip -9' 'xz -T4 --block-size=100KiB' 'xz -9e' 'zstd -q -T4 -19' 'zstd -q -3' 'bzip2' 'gzip -1'; do $c -c t.tar >t.z; ${c%% *} -dc t.z 2>/dev/null | cmp - t.tar && echo "$c: round trip $(($(stat -c %s t.z) < 300000))"; done
xz -T4 --block-size=100KiB -c t.tar | sha256sum; zstd -q -19 -c t.tar | wc -c | awk '{print ($1 < 100000)}'; gzip -n -9 -c t.tar | sha256sum; bzip2 -c t.tar | sha256sum
xz -T4 -k --block-size=200KiB t.tar && xz -l --robot t.tar.xz | tail -n 1 | cut -f 1-5 && xz -t -T4 t.tar.xz && echo tested
for f in z J j; do mkdir x; tar -c${f}f y.tar t && tar -x${f}f y.tar -C x && diff -r t x/t && [ t/numbers -ef t/a/b/hard ] && stat -c '%a %Y' x/t/a/f3 x/t/a/f4 | cut -c 1-14 | sed -n '1s/ .*//p;2p'; rm -r x; done; tar --zstd -cf y.tar t && tar -tf y.tar | wc -l
tar -cf - t | (mkdir z && cd z && tar -xf -) && diff -r t z/t && echo piped; head -c 1000 t.tar.xz | xz -dc >/dev/null 2>err; echo "truncated $?"; cat err
