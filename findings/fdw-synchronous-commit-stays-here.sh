#!/usr/bin/env bash
# PostgreSQL 15.20 (Debian 12, postgresql-15 15.20-0+deb12u1, unpacked from its .deb; its libraries installed).
#
# A session that sets synchronous_commit = off is not waited for, wherever its rows lie: so it reads. Of rows behind
# postgres_fdw it means nothing: the extension sends its settings of dates, floats and search path to the other server, and
# not this one. Each commit is flushed there before the client has its answer, as the other server is set. The other way
# round it is worse to find out: `on` here, `off` there, and what was acknowledged as durable is not.
#
# Seen, of 100 commits of one row each through postgres_fdw, flushes of WAL on the other server:
#   off here, on there: 100 or more
#   on here, off there: less than 100
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
chmod 755 "$folder"
cd "$folder"
as_server() { if [[ $EUID == 0 ]]; then setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups -- "$@"; else "$@"; fi; }
bin=$folder/usr/lib/postgresql/15/bin
end() { for each in here there; do as_server "$bin/pg_ctl" -D "$folder/$each/data" -m immediate stop >/dev/null 2>&1 || true; done; }
trap 'end; cd /; rm -rf "$folder"' EXIT
for package in postgresql-15 postgresql-client-15; do
  apt-get download $package=15.20-0+deb12u1 >/dev/null 2>&1
  dpkg-deb -x ${package}_*.deb .
done
for each in here there; do
  mkdir $each
  [[ $EUID != 0 ]] || chown nobody $each
  as_server "$bin/initdb" -D $each/data -U postgres --auth=trust >/dev/null
  # No writer of WAL beside the commits that flushes too, as far as it can be had.
  as_server "$bin/pg_ctl" -D $each/data -o "-k $folder/$each -c listen_addresses= -c autovacuum=off -c wal_writer_delay=10s" \
    -l $each/log -w start >/dev/null
done
ask() { as_server "$bin/psql" -h "$folder/$1" -U postgres -Atqc "$2"; }
ask there "CREATE TABLE t (n int)"
ask here "CREATE EXTENSION postgres_fdw"
ask here "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$folder/there', dbname 'postgres')"
ask here "CREATE USER MAPPING FOR postgres SERVER s OPTIONS (user 'postgres', password_required 'false')"
ask here "CREATE FOREIGN TABLE t (n int) SERVER s"
insert() { # 100 commits of one session, and how many flushes they made there
  ask there "SELECT pg_stat_reset_shared('wal')" >/dev/null
  { echo "SET synchronous_commit = $1;"; for n in $(seq 100); do echo "INSERT INTO t VALUES ($n);"; done; } >statements
  as_server "$bin/psql" -h "$folder/here" -U postgres -qf statements
  # A session counts what it did when it ends, or a second later.
  for _ in $(seq 50); do
    [[ $(ask there "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'postgres_fdw'") != 0 ]] || break
    sleep 0.1
  done
  [[ $(ask there "SELECT wal_sync FROM pg_stat_wal") -ge 100 ]] && echo "100 or more" || echo "less than 100"
}
{
  echo "off here, on there: $(insert off)"
  ask there "ALTER SYSTEM SET synchronous_commit = off" && ask there "SELECT pg_reload_conf()" >/dev/null
  sleep 1
  echo "on here, off there: $(insert on)"
} | tee seen
[[ $(ask there "SELECT count(*) FROM t") == 200 ]]
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
