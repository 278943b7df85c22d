"""Phase 3-C2: Phase 3-C with five hundred rows a statement."""

from bench.model.plan import Parameters
from bench.workload.phase import SyncPhase
from bench.workload.phases.phase_3c import insert

PHASE = SyncPhase(
    method="CH block",
    parameters=Parameters(batch=500),
    open=lambda connect: connect(),
    insert=insert,
    driver="clickhouse",
    call="insert",
    engine="clickhouse",
    layout="merge-tree",
    usual=False,
)
