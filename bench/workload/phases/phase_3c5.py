"""Phase 3-C5: Phase 3-C4 by column, as programs have them that keep numbers as machine words: Arrow, or its like."""

from bench.model.plan import Parameters
from bench.model.table import Table
from bench.workload.clickhouse import Connection
from bench.workload.phase import SyncPhase
from bench.workload.rows import Columns, ColumnSource


def insert(connection: Connection, columns: Columns, table: Table) -> None:
    """Insert both columns as they are: no row is made on the way."""
    connection.insert_columns(table.sql, columns)


PHASE = SyncPhase(
    method="CH columns",
    parameters=Parameters(batch=100_000),
    open=lambda connect: connect(),
    insert=insert,
    source=ColumnSource,
    driver="clickhouse",
    call="insert_columns",
    engine="clickhouse",
    layout="merge-tree",
    usual=False,
)
