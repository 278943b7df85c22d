"""Phase 3-C6: Phase 3-C from sixteen clients, whose rows the server gathers into parts: asynchronous inserts."""

from collections.abc import Callable

from bench.model.plan import Parameters
from bench.workload.clickhouse import Connection
from bench.workload.phase import SyncPhase
from bench.workload.phases.phase_3c import insert


def open_asynchronous(connect: Callable[[], Connection]) -> Connection:
    """Connect, and let the server gather; it answers when the rows are stored."""
    connection = connect()
    connection.set_asynchronous(on=True)
    return connection


PHASE = SyncPhase(
    method="CH async",
    parameters=Parameters(processes=16),
    open=open_asynchronous,
    insert=insert,
    driver="clickhouse",
    call="insert",
    engine="clickhouse",
    layout="merge-tree",
    usual=False,
)
