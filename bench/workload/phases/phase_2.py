"""Phase 2: asyncpg and a pool of 10 to 50 connections, one insert after the other: of the pool, one is ever in use."""

from bench.model.plan import Parameters
from bench.model.table import Table
from bench.workload.phase import AsyncPhase, Connection, Rows

SCRIPT = "INSERT INTO {table} (device_id, payload) VALUES (:device_id, :payload);"


async def insert(connection: Connection, rows: Rows, table: Table) -> None:
    """Insert one row; asyncpg commits each statement by itself."""
    await connection.execute(f"INSERT INTO {table.sql} (device_id, payload) VALUES ($1, $2)", *rows[0])


PHASE = AsyncPhase(
    method="pool",
    parameters=Parameters(pool_min=10, pool_max=50, event_loop="asyncio"),
    insert=insert,
    call="execute",
    script=SCRIPT,
)
