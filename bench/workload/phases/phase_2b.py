"""Phase 2-B: Phase 2 with fifty inserts in flight by ``asyncio.gather``: while one waits, others work."""

from bench.model.plan import Parameters
from bench.workload.phase import AsyncPhase
from bench.workload.phases.phase_2 import SCRIPT, insert

PHASE = AsyncPhase(
    method="gather",
    parameters=Parameters(in_flight=50, pool_min=10, pool_max=50, event_loop="asyncio", load="rounds"),
    insert=insert,
    call="execute",
    script=SCRIPT,
)
