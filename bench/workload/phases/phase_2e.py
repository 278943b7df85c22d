"""Phase 2-E: one INSERT with five hundred rows of VALUES: the server runs one statement instead of five hundred."""

from functools import cache
from itertools import chain

from bench.model.plan import Parameters
from bench.model.table import Table
from bench.workload.phase import AsyncPhase, Connection, Rows


@cache
def statement(table: Table, rows: int) -> str:
    """Return ``INSERT … VALUES ($1, $2), ($3, $4), …`` for so many rows."""
    values = (f"(${2 * row + 1}, ${2 * row + 2})" for row in range(rows))
    return f"INSERT INTO {table.sql} (device_id, payload) VALUES {', '.join(values)}"


async def insert(connection: Connection, rows: Rows, table: Table) -> None:
    """Insert all rows by one statement with two parameters a row."""
    await connection.execute(statement(table, len(rows)), *chain.from_iterable(rows))


PHASE = AsyncPhase(
    method="multi VALUES",
    parameters=Parameters(in_flight=5, pool_min=10, pool_max=50, batch=500, event_loop="uvloop"),
    insert=insert,
    call="execute",
    bound_values=True,
)
