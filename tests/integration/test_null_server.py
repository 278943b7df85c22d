"""The null server answers the ladder's drivers and pgbench as PostgreSQL would, and counts rows that it drops."""

import asyncio
import io
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from select import select

import asyncpg
import psycopg2
import pytest

from bench.workload.phases.phase_2i import encoded
from bench.workload.rows import ColumnSource

PORT = 5999
INSERT = 'INSERT INTO "s".events (device_id, payload) VALUES ($1, $2)'
COLUMNS = ColumnSource(1, 1, 64).take(5000)
ROWS = [(number, f"payload ({number}), 'quoted'; $9") for number in range(1000)]


@contextmanager
def started(place):
    command = [sys.executable, "-m", "bench.engines.null.server", str(place), str(PORT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield process


@pytest.fixture
def process(tmp_path):
    with started(tmp_path) as process:
        yield process
        process.stdin.close()
        assert process.wait(10) in {0, -15}


@pytest.fixture
def server(tmp_path, process):  # noqa: ARG001 - it runs
    return {"host": str(tmp_path), "port": PORT, "user": "u"}


def over(server, work):
    async def run():
        connection = await asyncpg.connect(**server, database="d", server_settings={"options": "-c search_path=s"})
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


def test_asyncpg_is_told_how_many_rows_each_statement_stored(server):
    async def work(connection):
        pairs = [value for row in ROWS[:3] for value in row]
        return [
            await connection.execute(INSERT, *ROWS[1]),
            await connection.execute(INSERT.replace("($1, $2)", "($1, $2), ($3, $4), ($5, $6)"), *pairs),
            await connection.execute(
                'INSERT INTO "s".events (device_id, payload) SELECT * FROM unnest($1::bigint[], $2::text[])',
                *zip(*ROWS, strict=True),
            ),
            await connection.executemany(INSERT, ROWS),
            await connection.copy_records_to_table(
                "events", schema_name="s", records=ROWS, columns=("device_id", "payload")
            ),
            await connection.copy_to_table(
                "events", schema_name="s", source=encoded(COLUMNS), columns=("device_id", "payload"), format="binary"
            ),
            await connection.fetchval("SELECT current_schema()"),
            await connection.fetchval("SHOW synchronous_commit"),
        ]

    assert over(server, work) == [
        "INSERT 0 1",
        "INSERT 0 3",
        "INSERT 0 1000",
        None,
        "COPY 1000",
        "COPY 5000",
        "s",
        "off",
    ]


def test_a_pool_of_asyncpg_resets_its_connections_there(server):
    async def run():
        async with asyncpg.create_pool(**server, database="d", min_size=2, max_size=5) as pool:
            await asyncio.gather(*(pool.execute(INSERT, *row) for row in ROWS[:50]))
            return await pool.fetchval("SHOW synchronous_commit")

    assert asyncio.run(run()) == "off"


def test_psycopg2_is_told_how_many_rows_each_statement_stored(server):
    connection = psycopg2.connect(**server, dbname="d", options="-c search_path=s")
    with connection.cursor() as cursor:
        cursor.execute('INSERT INTO "s".events (device_id, payload) VALUES (%s, %s)', ROWS[7])
        assert (cursor.rowcount, connection.info.transaction_status) == (1, 2)
        connection.commit()
        assert connection.info.transaction_status == 0
        cursor.copy_expert("COPY events FROM STDIN", io.StringIO("1\tone\n2\ttwo\n"))
        assert cursor.rowcount == 2
    connection.close()


@pytest.mark.parametrize("protocol", ["simple", "extended", "prepared"])
def test_pgbench_runs_to_its_end_there(server, tmp_path, protocol):
    pgbench = shutil.which("pgbench") or next(iter(map(str, Path("/usr/lib/postgresql").glob("*/bin/pgbench"))))
    script = tmp_path / "insert.sql"
    script.write_text(
        "\\set device random(1, 1000)\nINSERT INTO s.events (device_id, payload) VALUES (:device, 'x');\n"
    )
    command = [pgbench, "-n", "-M", protocol, "-c", "2", "-t", "100", "-f", str(script)]
    where = ["-h", server["host"], "-p", str(PORT), "-U", "u", "d"]
    done = subprocess.run([*command, *where], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "processed: 200/200" in done.stdout) == (0, True), done.stderr


def test_what_it_does_not_know_is_refused_and_the_session_goes_on(server):
    async def work(connection):
        with pytest.raises(asyncpg.FeatureNotSupportedError, match="does not answer: SELECT count"):
            await connection.fetchval("SELECT count(*) FROM s.events WHERE device_id = $1", 1)
        return await connection.execute(INSERT, *ROWS[1])

    assert over(server, work) == "INSERT 0 1"


# --- what it counts --------------------------------------------------------------------------------------------------


def counts(process):
    """Ask how many rows and transactions were acknowledged, in how many sessions."""
    process.stdin.write("\n")
    process.stdin.flush()
    return tuple(map(int, process.stdout.readline().split()))


def test_it_counts_what_it_acknowledged_as_committed(server, process):
    async def work(connection):
        await connection.execute(INSERT, *ROWS[1])
        await connection.executemany(INSERT, ROWS[:100])
        await connection.copy_records_to_table(
            "events", schema_name="s", records=ROWS, columns=("device_id", "payload")
        )
        async with connection.transaction():
            await connection.execute(INSERT, *ROWS[1])
            await connection.execute(INSERT, *ROWS[2])
        given_up = connection.transaction()
        await given_up.start()
        await connection.execute(INSERT, *ROWS[1])
        await given_up.rollback()

    over(server, work)
    assert counts(process) == (1 + 100 + 1000 + 2, 4, 1)


def test_rows_of_psycopg2_count_when_their_transaction_is_committed(server, process):
    connection = psycopg2.connect(**server, dbname="d", options="-c search_path=s")
    for end in (connection.commit, connection.rollback, connection.commit):
        with connection.cursor() as cursor:
            cursor.execute('INSERT INTO "s".events (device_id, payload) VALUES (%s, %s)', ROWS[7])
            cursor.copy_expert("COPY events FROM STDIN", io.StringIO("1\tone\n2\ttwo\n"))
        end()
    with connection.cursor() as cursor:
        cursor.execute('INSERT INTO "s".events (device_id, payload) VALUES (%s, %s)', ROWS[7])
    connection.close()
    assert counts(process) == (6, 2, 1)


def test_it_answers_what_it_counted_only_when_no_session_is_open(server, process):
    connection = psycopg2.connect(**server, dbname="d", options="-c search_path=s")
    process.stdin.write("\n")
    process.stdin.flush()
    assert not select([process.stdout], [], [], 0.3)[0]
    connection.close()
    assert process.stdout.readline() == "0 0 1\n"


def test_it_takes_its_socket_and_its_sessions_with_it(tmp_path):
    with started(tmp_path) as process:
        where = {"host": str(tmp_path), "port": PORT, "user": "u", "dbname": "d"}
        connection = psycopg2.connect(**where)
        process.stdin.close()
        assert process.wait(10) in {0, -15}
    assert not tmp_path.exists()
    with pytest.raises(psycopg2.OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(**where)
