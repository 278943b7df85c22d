#!/usr/bin/env bash
# PostgreSQL 15.20 (Debian 12, postgresql-15 15.20-0+deb12u1, unpacked from its .deb; its libraries installed), asked by
# psycopg 3.3.9.
#
# By the manual of wal_sync_method "the open_* options also use O_DIRECT if available", and pg_test_fsync, which is there to
# choose the method, measures open_datasync and open_sync with O_DIRECT. The server opens its WAL with O_DSYNC alone, through
# the page cache, at wal_level = replica, the default: it goes direct only where nothing may read WAL again (wal_level =
# minimal). So the numbers of the open_* lines are of a way to write that a server at its defaults never takes.
#
# Seen, by the flags of the open file in /proc:
#   pg_test_fsync, open_datasync: O_DSYNC O_DIRECT
#   server, open_datasync, wal_level replica: O_DSYNC
#   server, open_datasync, wal_level minimal: O_DSYNC O_DIRECT
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d /var/tmp/XXXXXXXXXX) # tmpfs, as /tmp can be, had no O_DIRECT for long
chmod 755 "$folder"
cd "$folder"
as_server() { if [[ $EUID == 0 ]]; then setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups -- "$@"; else "$@"; fi; }
bin=$folder/usr/lib/postgresql/15/bin
trap 'as_server "$bin/pg_ctl" -D "$folder/pg/data" -m immediate stop >/dev/null 2>&1 || true; cd /; rm -rf "$folder"' EXIT
apt-get download postgresql-15=15.20-0+deb12u1 >/dev/null 2>&1
dpkg-deb -x postgresql-15_*.deb .
python3 -m venv venv
venv/bin/pip install --quiet 'psycopg[binary]==3.3.9'
mkdir pg
[[ $EUID != 0 ]] || chown nobody pg
as_server "$bin/initdb" -D pg/data -U postgres --auth=trust >/dev/null
cat >look.py <<'PYTHON'
import os, subprocess, sys, time
import psycopg


def flags(pid: int, name: str) -> str | None:
    """How a process has a file open that it writes synchronously; None: it has none open."""
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            opened = os.readlink(f"/proc/{pid}/fd/{number}")
            said = open(f"/proc/{pid}/fdinfo/{number}").read()
        except FileNotFoundError:
            continue
        value = int(said.split("flags:")[1].split()[0], 8)
        if name in opened and value & os.O_DSYNC:
            return " ".join(flag for flag in ("O_DSYNC", "O_DIRECT") if value & getattr(os, flag))
    return None


def of_pg_test_fsync(program: str) -> str:
    test = subprocess.Popen([program, "-s", "1", "-f", "tried"], stdout=subprocess.DEVNULL)
    try:
        while (seen := flags(test.pid, "tried")) is None and test.poll() is None:
            time.sleep(0.01)
        return str(seen)
    finally:
        test.kill()
        test.wait()


def of_server(folder: str) -> str:
    with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS t (n int)")
        connection.execute("INSERT INTO t VALUES (1)")
        return str(flags(connection.info.backend_pid, "pg_wal/"))


print(of_pg_test_fsync(sys.argv[2]) if sys.argv[1] == "test" else of_server(sys.argv[2]))
PYTHON
server() { # with one wal_level
  local options="-k $folder/pg -c listen_addresses= -c wal_sync_method=open_datasync -c max_wal_senders=0 -c wal_level=$1"
  as_server "$bin/pg_ctl" -D pg/data -o "$options" -l pg/log -w start >/dev/null
  venv/bin/python look.py server "$folder/pg"
  as_server "$bin/pg_ctl" -D pg/data -m fast -w stop >/dev/null
}
{
  echo "pg_test_fsync, open_datasync: $(venv/bin/python look.py test "$bin/pg_test_fsync")"
  echo "server, open_datasync, wal_level replica: $(server replica)"
  echo "server, open_datasync, wal_level minimal: $(server minimal)"
} | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
