"""Phase 2-H: Phase 2-G from several client processes: Python's one core a process is no longer the limit."""

from bench.model.plan import Parameters
from bench.workload.phase import AsyncPhase, side_by_side
from bench.workload.phases.phase_2g import insert

PHASE = AsyncPhase(
    name="2-H",
    method="COPY, procs.",
    parameters=Parameters(processes=4, in_flight=2, pool_min=2, pool_max=4, batch=5000, event_loop="uvloop"),
    insert=insert,
    drive=side_by_side,
)
