"""What the ladder's upper rungs are held against: the same rows, written by PostgreSQL's own tools.

Each takes the same fresh table after a CHECKPOINT, a second of warm-up, then a window; returns rows/s.
"""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import monotonic

import psycopg2

from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.private import PrivateServer
from bench.model.table import Table
from bench.workload.rows import RowSource

WARM_UP_S = 1
TABLE = Table(schema=PrivateServer.schema)


def fresh(server: PrivateServer) -> None:
    """Start as a trial does."""
    with closing(server.session()) as session:
        session.reset(table_layout("plain"), 0, 64)
        session.settle()


def server_side_copy(server: PrivateServer, file: Path, batch: int, sessions: int, window_s: float) -> float:
    """``COPY events FROM file (FORMAT binary)``, the batch of Phase 2-H a commit, from so many sessions at once."""
    fresh(server)
    opens = monotonic() + WARM_UP_S
    closes = opens + window_s

    def load(_number: int) -> int:
        rows = 0
        with closing(server.session()) as session:
            while (now := monotonic()) < closes:
                session.run(f"COPY {TABLE.sql} (device_id, payload) FROM '{file}' (FORMAT binary)")
                rows += batch if opens <= monotonic() < closes and now else 0
        return rows

    with ThreadPoolExecutor(sessions) as pool:
        return sum(pool.map(load, range(sessions))) / window_s


def write_binary(server: PrivateServer, file: Path, batch: int) -> None:
    """Write a file of a batch's rows that the server can COPY FROM."""
    fresh(server)
    with closing(server.session()) as session, session.connection.cursor() as cursor:
        rows = RowSource(1, 1, 64).take(batch)
        cursor.executemany(f"INSERT INTO {TABLE.sql} (device_id, payload) VALUES (%s, %s)", rows)
        cursor.execute(f"COPY (SELECT device_id, payload FROM {TABLE.sql}) TO '{file}' (FORMAT binary)")


def many_rows(batch: int) -> str:
    """Return a script of pgbench: one INSERT of a batch's rows."""
    rows = RowSource(1, 1, 64).take(batch)
    values = ", ".join(f"({device}, '{payload}')" for device, payload in rows)
    return f"INSERT INTO {TABLE.sql} (device_id, payload) VALUES {values};\n"


def one_row() -> str:
    """Return a script of pgbench: one INSERT of one row, whose number is another each time."""
    [(_, payload)] = RowSource(1, 1, 64).take(1)
    insert = f"INSERT INTO {TABLE.sql} (device_id, payload) VALUES (:device, '{payload}');"
    return f"\\set device random(1, 1000000000000)\n{insert}\n"


def pgbench(server: PrivateServer, script: Path, protocol: str, clients: int, window_s: int) -> float:
    """Return the commits a second of a script; the first second is left out."""
    fresh(server)
    endpoint = server.endpoint("tcp")
    command = [
        find_binaries() / "pgbench", "--no-vacuum", f"--protocol={protocol}", f"--client={clients}", "--jobs=1",
        f"--time={WARM_UP_S + window_s}", "--progress=1", f"--file={script}",
        f"--host={endpoint.host}", f"--port={endpoint.port}", f"--username={endpoint.user}", endpoint.database,
    ]  # fmt: skip
    environment = {"PGPASSWORD": endpoint.password or "", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    seconds = [float(found[1]) for found in re.finditer(r"progress: .*? s, ([0-9.]+) tps", done.stderr)]
    window = seconds[WARM_UP_S : WARM_UP_S + window_s]
    if len(window) < window_s:
        raise psycopg2.OperationalError(f"pgbench reported {len(seconds)} seconds: {done.stderr}")
    return sum(window) / len(window)
