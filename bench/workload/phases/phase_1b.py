"""Phase 1-B: Phase 1 with its one connection kept. Tells what connecting cost apart from what the driver costs."""

import psycopg2.extensions

from bench.model.plan import Parameters
from bench.model.table import Table
from bench.workload.phase import Rows, SyncPhase
from bench.workload.phases.phase_1 import SCRIPT


def insert(connection: psycopg2.extensions.connection, rows: Rows, table: Table) -> None:
    """Insert one row and commit, over the same connection every time."""
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table.sql} (device_id, payload) VALUES (%s, %s)", rows[0])
    connection.commit()


PHASE = SyncPhase(
    method="kept",
    parameters=Parameters(),
    open=lambda connect: connect(),
    insert=insert,
    script=SCRIPT,
)
