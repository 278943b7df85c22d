"""Phase 2-H: Phase 2-G from several client processes: Python's one core a process is no longer the limit."""

from bench.model.plan import Parameters
from bench.workload.phase import AsyncPhase
from bench.workload.phases.phase_2g import insert

PHASE = AsyncPhase(
    method="COPY, procs.",
    parameters=Parameters(processes=4, in_flight=2, pool_min=2, pool_max=4, batch=5000, event_loop="uvloop"),
    insert=insert,
    call="copy_records_to_table",
)
