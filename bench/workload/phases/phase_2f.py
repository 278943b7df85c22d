"""Phase 2-F: two arrays, unnested by the server: one statement, two parameters, whatever the batch."""

from bench.model.plan import Parameters
from bench.model.table import Table
from bench.workload.phase import AsyncPhase, Connection, Rows

ARRAYS = "unnest($1::bigint[], $2::text[])"


async def insert(connection: Connection, rows: Rows, table: Table) -> None:
    """Send each column as one array."""
    await connection.execute(
        f"INSERT INTO {table.sql} (device_id, payload) SELECT * FROM {ARRAYS}", *zip(*rows, strict=True)
    )


PHASE = AsyncPhase(
    method="unnest",
    parameters=Parameters(in_flight=5, pool_min=10, pool_max=50, batch=500, event_loop="uvloop"),
    insert=insert,
    call="execute",
    sent_whole=True,
)
