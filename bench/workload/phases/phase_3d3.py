"""Phase 3-D3: Phase 3-D2 by one connection to each worker, where Citus opens one for each shard."""

from bench.model.table import Table
from bench.workload.phase import AsyncPhase, Connection, Rows
from bench.workload.phases import phase_2g, phase_3d2

ONE_EACH = "SET citus.max_adaptive_executor_pool_size TO 1"


async def insert(connection: Connection, rows: Rows, table: Table) -> None:
    """COPY the rows; said before each, as the pool resets what a session was told."""
    await connection.execute(ONE_EACH)
    await phase_2g.insert(connection, rows, table)


PHASE = AsyncPhase(
    method="COPY, 1 each",
    parameters=phase_3d2.PHASE.parameters,
    insert=insert,
    call="copy_records_to_table",
    engine="citus",
    layout="distributed",
    usual=False,
)
