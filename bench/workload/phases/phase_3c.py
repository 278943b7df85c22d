"""Phase 3-C: ClickHouse, a statement for each row: each makes a part on disk, to be merged with others later."""

from bench.model.plan import Parameters
from bench.model.table import Table
from bench.workload.clickhouse import Connection
from bench.workload.phase import Rows, SyncPhase


def insert(connection: Connection, rows: Rows, table: Table) -> None:
    """Insert all rows by one statement; it is one part, and all of it is there or nothing."""
    connection.insert(table.sql, rows)


PHASE = SyncPhase(
    method="CH, 1 row",
    parameters=Parameters(),
    open=lambda connect: connect(),
    insert=insert,
    driver="clickhouse",
    call="insert",
    engine="clickhouse",
    layout="merge-tree",
    usual=False,
)
