#!/usr/bin/env bash
# duckdb 2.0.1 (Python).
#
# read_csv and read_json take a column's type from the first 20,480 rows (sample_size). A later value that is no number is an
# error. A later number with a fraction is none: it is fitted to BIGINT silently, and the two readers do not fit alike: 2.5
# becomes 3 out of CSV and 2 out of JSON. So a file of measurements whose first hours are whole numbers gives other sums in
# each format, and neither is right. sample_size = -1, or the type by name, reads what is there.
#
# Seen, of 20,480 rows of 1, then 0.4 and 2.5:
#   csv: BIGINT, last two 0 and 3, sum 20483
#   json: BIGINT, last two 0 and 2, sum 20482
#   csv, sample_size -1: DOUBLE, last two 0.4 and 2.5, sum 20482.9
#   json, sample_size -1: DOUBLE, last two 0.4 and 2.5, sum 20482.9
#   csv, then "late" instead: ConversionException
#   json, then "late" instead: InvalidInputException
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
trap 'cd /; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet duckdb==2.0.1
cat >look.py <<'PYTHON'
import json
from pathlib import Path

import duckdb

ROWS = 20_480


def write(name, late):
    Path(f"{name}.csv").write_text("v\n" + "1\n" * ROWS + "".join(f"{value}\n" for value in late))
    Path(f"{name}.json").write_text('{"v":1}\n' * ROWS + "".join(json.dumps({"v": value}) + "\n" for value in late))


def look(form, name, more=""):
    reader = f"read_{form}('{name}.{form}'{more})"
    [(kind, total)] = duckdb.sql(f"SELECT typeof(v), sum(v) FROM {reader} GROUP BY 1").fetchall()
    late = [value for (value,) in duckdb.sql(f"SELECT v FROM {reader} OFFSET {ROWS}").fetchall()]
    return f"{kind}, last two {late[0]} and {late[1]}, sum {total}"


write("fractions", [0.4, 2.5])
write("words", ["late"])
for form in ("csv", "json"):
    print(f"{form}: {look(form, 'fractions')}")
for form in ("csv", "json"):
    print(f"{form}, sample_size -1: {look(form, 'fractions', ', sample_size = -1')}")
for form in ("csv", "json"):
    try:
        seen = look(form, "words")
    except duckdb.Error as error:
        seen = type(error).__name__
    print(f'{form}, then "late" instead: {seen}')
PYTHON
venv/bin/python look.py | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
