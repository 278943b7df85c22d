"""Phase 2-C: a hundred rows a commit by ``executemany``: one flush and one round trip now serve a hundred rows."""

from bench.model.plan import Parameters
from bench.model.table import Table
from bench.workload.phase import AsyncPhase, Connection, Rows


async def insert(connection: Connection, rows: Rows, table: Table) -> None:
    """Run the statement once for each row, pipelined, in one transaction (asyncpg's ``executemany`` is atomic)."""
    await connection.executemany(f"INSERT INTO {table.sql} (device_id, payload) VALUES ($1, $2)", rows)


PHASE = AsyncPhase(
    method="executemany",
    parameters=Parameters(in_flight=5, pool_min=10, pool_max=100, batch=100, event_loop="asyncio"),
    insert=insert,
    call="executemany",
)
