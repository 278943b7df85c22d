"""Phase 2-F: two arrays, unnested by the server: one statement, two parameters, whatever the batch."""

from bench.model import Parameters
from bench.workload.phase import AsyncPhase, Connection, Rows, side_by_side

INSERT_ARRAYS = "INSERT INTO events (device_id, payload) SELECT * FROM unnest($1::bigint[], $2::text[])"


async def insert(connection: Connection, rows: Rows) -> None:
    """Send each column as one array."""
    await connection.execute(INSERT_ARRAYS, *zip(*rows, strict=True))


PHASE = AsyncPhase(
    name="2-F",
    method="unnest",
    parameters=Parameters(in_flight=5, pool_min=10, pool_max=50, batch=500, event_loop="uvloop"),
    insert=insert,
    drive=side_by_side,
    sent_whole=True,
)
