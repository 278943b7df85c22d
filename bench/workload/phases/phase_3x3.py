"""Phase 3-X3: Phase 3-X2 by one connection to each worker, where Citus opens one for each shard."""

from dataclasses import replace

from bench.model.table import Table
from bench.workload.phase import Connection, Rows
from bench.workload.phases import phase_2g, phase_3x2

ONE_EACH = "SET citus.max_adaptive_executor_pool_size TO 1"


async def insert(connection: Connection, rows: Rows, table: Table) -> None:
    """COPY the rows; said before each, as the pool resets what a session was told."""
    await connection.execute(ONE_EACH)
    await phase_2g.insert(connection, rows, table)


PHASE = replace(phase_3x2.PHASE, insert=insert, method="COPY, 1 conn.")
