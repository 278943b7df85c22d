#!/usr/bin/env bash
# PostgreSQL 15.20 (Debian 12, postgresql-15 15.20-0+deb12u1, unpacked from its .deb; its libraries installed).
#
# A power cut while a table grows may leave half a block at the end of its file: file systems write pages of 4 KiB. The
# server counts whole blocks and never reads that half ("this calculation ignores any partial block at EOF", md.c), and
# writes over it when the table grows again. pg_checksums, which is there to say whether a cluster is sound, ends at such a
# file with an error, says nothing of the files that come after it, and its exit code is that of damage. Whoever judges by
# it what a crash has left convicts a cluster that has nothing wrong.
#
# Seen, of a table of 5,000 rows whose file ends in half a block:
#   pg_checksums: exit code 1, read 4096 of 8192
#   server: 5000 rows
#   server, 5,000 rows later: 10000 rows
#   pg_checksums: exit code 0, Bad checksums: 0
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
chmod 755 "$folder"
cd "$folder"
as_server() { if [[ $EUID == 0 ]]; then setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups -- "$@"; else "$@"; fi; }
bin=$folder/usr/lib/postgresql/15/bin
trap 'as_server "$bin/pg_ctl" -D "$folder/pg/data" -m immediate stop >/dev/null 2>&1 || true; cd /; rm -rf "$folder"' EXIT
apt-get download postgresql-15=15.20-0+deb12u1 >/dev/null 2>&1
dpkg-deb -x postgresql-15_*.deb .
apt-get download postgresql-client-15=15.20-0+deb12u1 >/dev/null 2>&1
dpkg-deb -x postgresql-client-15_*.deb .
mkdir pg
[[ $EUID != 0 ]] || chown nobody pg
as_server "$bin/initdb" -D pg/data -U postgres --auth=trust --data-checksums >/dev/null
start() { as_server "$bin/pg_ctl" -D pg/data -o "-k $folder/pg -c listen_addresses=" -l pg/log -w start >/dev/null; }
stop() { as_server "$bin/pg_ctl" -D pg/data -m fast -w stop >/dev/null; }
ask() { as_server "$bin/psql" -h "$folder/pg" -U postgres -Atqc "$1"; }
judged() { # the exit code, and what was said that is looked for
  local code=0
  as_server "$bin/pg_checksums" --check -D pg/data >said 2>&1 || code=$?
  echo "pg_checksums: exit code $code, $(grep -oE 'read [0-9]+ of [0-9]+|Bad checksums: +[0-9]+' said | tr -s ' ')"
}
start
ask "CREATE TABLE t AS SELECT n FROM generate_series(1, 5000) AS n"
file=pg/data/$(ask "SELECT pg_relation_filepath('t')")
stop
head -c 4096 /dev/zero >>"$file"
{
  judged
  start
  echo "server: $(ask "SELECT count(*) FROM t") rows"
  ask "INSERT INTO t SELECT n FROM generate_series(1, 5000) AS n"
  echo "server, 5,000 rows later: $(ask "SELECT count(*) FROM t") rows"
  stop
  judged
} | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
