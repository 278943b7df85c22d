"""Phase 2-I: COPY of columns: whole columns are put into PostgreSQL's binary format at once, and no row is an object.

Left out of a real program: its texts are UTF-8 already, and all of one length.
"""

import sys
from collections.abc import AsyncIterator
from struct import pack

from bench.model.plan import Parameters
from bench.model.table import Table
from bench.workload.phase import COLUMNS, AsyncPhase, Connection
from bench.workload.rows import Columns, ColumnSource

BEGIN, END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
PIECE_BYTES = 49_152
"""What is encoded at once: it stays in the processor's cache, and below what uvloop holds back (64 KiB)."""


async def encoded(rows: Columns) -> AsyncIterator[bytes]:
    """Yield the binary format of COPY (PostgreSQL manual, COPY), piece by piece."""
    size = len(rows.payloads[0])
    # A row begins with the number of its fields, the stamp's length, the stamp (not there yet), the payload's length.
    head = bytearray(pack(">hiqi", 2, 8, 0, size))
    width = len(head) + size
    step = PIECE_BYTES // width + 1
    yield BEGIN
    for at in range(0, len(rows.stamps), step):
        data = head.join((b"", *rows.payloads[at : at + step]))
        stamps = rows.stamps[at : at + step]
        if sys.byteorder == "little":
            stamps.byteswap()
        column = bytearray(stamps)
        for byte in range(8):  # of all stamps at once
            data[6 + byte :: width] = column[byte::8]
        yield data  # type: ignore[misc]  # asyncpg takes whatever has a buffer
    yield END


async def insert(connection: Connection, rows: Columns, table: Table) -> None:
    """COPY the columns, one transaction."""
    await connection.copy_to_table(
        table.name, schema_name=table.schema, source=encoded(rows), columns=COLUMNS, format="binary"
    )


PHASE = AsyncPhase(
    method="COPY columns",
    parameters=Parameters(processes=2, in_flight=2, pool_min=2, pool_max=4, batch=20_000, event_loop="uvloop"),
    insert=insert,
    source=ColumnSource,
    call="copy_to_table",
    usual=False,
)
