#!/usr/bin/env bash
# chdb-core 26.9.0 (ClickHouse 26.9.2.1 inside the process).
#
# DateTime64(3) counts milliseconds, and by the manual an integer inserted into it "is treated as an appropriately scaled Unix
# Timestamp": its example is INSERT ... VALUES (1546300800123), for 2019. That very value becomes the last moment of the year
# 9999, without an error, through VALUES, SELECT and JSONEachRow: it is taken for seconds (since pull request 108091 of 2026
# in JSON too) and cut to the range. In quotes, or out of CSV, the same digits are milliseconds. So the milliseconds of a
# device are right or lost by the format in which they come.
#
# Seen, of 1546300800123 into DateTime64(3, 'UTC'):
#   VALUES: 9999-12-31 23:59:59.000
#   VALUES, quoted: 2019-01-01 00:00:00.123
#   SELECT: 9999-12-31 23:59:59.999
#   JSONEachRow: 9999-12-31 23:59:59.000
#   JSONEachRow, quoted: 2019-01-01 00:00:00.123
#   CSV: 2019-01-01 00:00:00.123
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
trap 'cd /; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet chdb-core==26.9.0
cat >look.py <<'END'
import chdb

MS = 1546300800123
WAYS = {
    "VALUES": f"VALUES ({MS})",
    "VALUES, quoted": f"VALUES ('{MS}')",
    "SELECT": f"SELECT {MS}",
    "JSONEachRow": f'FORMAT JSONEachRow {{"v":{MS}}}',
    "JSONEachRow, quoted": f'FORMAT JSONEachRow {{"v":"{MS}"}}',
    "CSV": f"FORMAT CSV {MS}\n",
}
engine = chdb.connect("database")
engine.query("CREATE TABLE t (v DateTime64(3, 'UTC')) ENGINE = Memory")


def stored(rows):
    engine.query("TRUNCATE TABLE t")
    engine.query(f"INSERT INTO t {rows}")
    return str(engine.query("SELECT v FROM t", "TSV")).strip()


for name, rows in WAYS.items():
    print(f"{name}: {stored(rows)}")
END
venv/bin/python look.py | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
