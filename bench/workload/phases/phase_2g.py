"""Phase 2-G: binary COPY of five thousand rows a commit: no statement is parsed, planned or bound at all."""

from bench.model.plan import Parameters
from bench.model.table import Table
from bench.workload.phase import COLUMNS, AsyncPhase, Connection, Rows


async def insert(connection: Connection, rows: Rows, table: Table) -> None:
    """COPY the rows in PostgreSQL's binary format, one transaction."""
    await connection.copy_records_to_table(table.name, schema_name=table.schema, records=rows, columns=COLUMNS)


PHASE = AsyncPhase(
    method="COPY",
    parameters=Parameters(in_flight=5, pool_min=5, pool_max=10, batch=5000, event_loop="uvloop"),
    insert=insert,
    call="copy_records_to_table",
)
