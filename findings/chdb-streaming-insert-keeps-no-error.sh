#!/usr/bin/env bash
# chdb-core 26.9.0 (ClickHouse inside the process).
#
# A streaming insert (Connection.send_insert, append, finish) does not tell that the engine refused its rows. Where
# query("INSERT ...") raises ChdbError, finish returns: with rows_written=2 though a CHECK constraint was violated and the
# table stays empty, with rows_written=0 though the table had too many parts. So neither a missing exception nor
# rows_written proves that rows are stored: they have to be counted.
#
# Seen:
#   query, constraint violated: error 469, 0 rows stored
#   streaming, constraint violated: no error, rows_written 2, 0 rows stored
#   query, too many parts: error 252, 0 rows stored
#   streaming, too many parts: no error, rows_written 0, 0 rows stored
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
trap 'cd /; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet chdb-core==26.9.0
cat >insert.py <<'END'
import re

import chdb

engine = chdb.connect("database")
engine.query("CREATE TABLE small (x UInt8, CONSTRAINT small CHECK x < 5) ENGINE = MergeTree ORDER BY x")
engine.query(
    "CREATE TABLE parts (x UInt8) ENGINE = MergeTree ORDER BY x"
    " SETTINGS parts_to_throw_insert = 2, parts_to_delay_insert = 2, max_delay_to_insert = 0"
)
engine.query("SYSTEM STOP MERGES parts")
for _ in range(2):
    engine.query("INSERT INTO parts VALUES (1)")


def rows(table):
    return int(str(engine.query(f"SELECT count() FROM {table}")))


def by_query(table, values):
    engine.query(f"INSERT INTO {table} VALUES {values}")
    return "no error"


def streaming(table, values):
    inserter = engine.send_insert(f"INSERT INTO {table}", "Values")
    inserter.append(values.encode())
    return f"no error, rows_written {inserter.finish().rows_written}"


for reason, table, values in (("constraint violated", "small", "(1), (9)"), ("too many parts", "parts", "(1)")):
    for name, insert in (("query", by_query), ("streaming", streaming)):
        before = rows(table)
        try:
            told = insert(table, values)
        except Exception as error:
            told = "error " + re.search(r"Code: (\d+)", str(error)).group(1)
        print(f"{name}, {reason}: {told}, {rows(table) - before} rows stored")
END
venv/bin/python insert.py | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
