"""Phase 1: a new connection for every insert, closed after the commit. What code does that has no pool."""

from collections.abc import Callable

import psycopg2.extensions

from bench.model.plan import Parameters
from bench.model.table import Table
from bench.workload.phase import Rows, SyncPhase

SCRIPT = "BEGIN; INSERT INTO {table} (device_id, payload) VALUES (:device_id, :payload); COMMIT;"


def insert(connect: Callable[[], psycopg2.extensions.connection], rows: Rows, table: Table) -> None:
    """Connect, insert one row, commit, close."""
    connection = connect()
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table.sql} (device_id, payload) VALUES (%s, %s)", rows[0])
    connection.commit()
    connection.close()


PHASE = SyncPhase(
    method="connect each",
    parameters=Parameters(),
    open=lambda connect: connect,
    insert=insert,
    connects=True,
    script=SCRIPT,
)
