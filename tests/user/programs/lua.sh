#!/bin/bash
# SPDX-License-Identifier: MIT
cat >t.lua <<'END'
local t = {} for i = 1, 20000 do t[i] = (i * 7919) % 20011 end table.sort(t) print(t[1], t[#t], #t, 7 // 2, 7 % -3, 1 / 3, 2^53, 1 << 62, math.maxinteger + 1, 3 | 4, string.format("%q %5.2f %x", "a\nb", 2.345, 255))
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end) print(co(), co(), co()) print(("hello world"):gsub("o", "0"), ("k=v"):match("(%w)=(%w)"), #string.rep("ab", 1000))
print(pcall(error, { code = 1 })) print(select("#", table.unpack({ 1, 2, nil, 4 }, 1, 4)), tostring(nil), math.type(1), math.type(1.0), string.pack(">I4", 1):byte(1, -1))
local f = io.popen("echo from popen; exit 3") print(f:read("a"), f:close()) print(os.execute("exit 5")) collectgarbage() local s = 0 for i = 1, 1e5 do s = s + #tostring(i) end print(s, os.time({ year = 2000, month = 1, day = 1, hour = 12 }) > 0, utf8.len("héé"))
END
lua5.4 t.lua | sed 's/table: 0x[0-9a-f]*/table/'
