#!/usr/bin/env bash
# polars 2.1.0 beside duckdb 2.0.1 and pandas 3.1.1 (Python).
#
# read_ndjson takes the schema from the first 100 lines (infer_schema_length). A later value of another type is an error that
# says so. A later field is none: its values are left out silently, lines and all other columns are right. Others keep the
# field (pandas) or stop at it (DuckDB, after its first 20,480 lines).
#
# Seen, of lines {"v":1}, then one {"v":1,"late":5}:
#   100 lines before: polars columns v, pandas columns v late, duckdb columns v late
#   99 lines before: polars columns v late, pandas columns v late, duckdb columns v late
#   100 lines before, then {"v":1.5}: polars ComputeError
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
trap 'cd /; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet polars==2.1.0 pandas==3.1.1 duckdb==2.0.1
cat >look.py <<'PYTHON'
from pathlib import Path

import duckdb, pandas, polars

FILE = Path("lines.ndjson")


def write(lines, last):
    FILE.write_text('{"v":1}\n' * lines + last + "\n")


for lines in (100, 99):
    write(lines, '{"v":1,"late":5}')
    read = {
        "polars": polars.read_ndjson(FILE).columns,
        "pandas": pandas.read_json(FILE, lines=True).columns,
        "duckdb": duckdb.sql(f"FROM read_json('{FILE}')").columns,
    }
    print(f"{lines} lines before:", ", ".join(f"{name} columns {' '.join(columns)}" for name, columns in read.items()))
write(100, '{"v":1.5}')
try:
    seen = str(polars.read_ndjson(FILE)["v"][-1])
except polars.exceptions.PolarsError as error:
    seen = type(error).__name__
print('100 lines before, then {"v":1.5}: polars', seen)
PYTHON
venv/bin/python look.py | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
