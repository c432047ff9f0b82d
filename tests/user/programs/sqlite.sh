#!/bin/bash
# SPDX-License-Identifier: MIT
sqlite3 db <<'END'
pragma journal_mode=wal; pragma page_size=4096;
create table t(id integer primary key, a text, b real, c blob);
with recursive n(x) as (select 1 union all select x + 1 from n where x < 20000) insert into t select x, printf('name %05d', x * 7919 % 20011), x / 3.0, zeroblob(x % 20) from n;
create index ta on t(a); create index tb on t(b desc);
select count(*), sum(id), round(avg(b), 6), min(a), max(a) from t;
select a, count(*) over (partition by id % 3), row_number() over (order by b) from t where id < 8;
explain query plan select * from t where a between 'name 00100' and 'name 00200';
begin; delete from t where id % 2; select changes(); rollback; select count(*) from t;
update t set b = b * 2 where id % 10 = 0; select total(b) from t; select json_extract('{"x":[1,{"y":2.5}]}', '$.x[1].y'), hex(randomblob(4)) <> '', date(86400 * 365, 'unixepoch');
create virtual table f using fts5(body); insert into f select a from t limit 500; select count(*) from f where f match '"name" AND 0*';
pragma integrity_check; vacuum; select typeof(1), typeof(1.0), 9223372036854775807 + 1, 1e308 * 10, 7 / 2, -7 % 3, 'a' || 'b' like 'AB', round(2.675, 2), upper('é'), instr('backplane', 'plane');
END
sqlite3 db 'select sum(length(c)), group_concat(distinct length(c)) from t'; sqlite3 -json db 'select id, b from t where id in (1, 10)'; sqlite3 db .schema; sqlite3 db 'select a, hex(c) from t' | sha256sum; sqlite3 db .dump | sqlite3 db2 && sqlite3 db2 'select count(*) from t'
for i in 1 2 3 4; do (for j in 1 2 3 4 5; do sqlite3 -cmd '.timeout 20000' db "update t set b = b + 1 where id = 1"; done) & done; wait; sqlite3 db 'select round(b, 3) from t where id = 1'
sqlite3 db 'select nonsense from t' 2>&1 | head -n 1; sqlite3 db 'pragma integrity_check'
