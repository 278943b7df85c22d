"""Phase 2-B: Phase 2 with fifty inserts in flight by ``asyncio.gather``: while one waits, others work."""

from bench.model.plan import Parameters
from bench.workload.phase import AsyncPhase, in_rounds
from bench.workload.phases.phase_2 import insert

PHASE = AsyncPhase(
    name="2-B",
    method="gather",
    parameters=Parameters(in_flight=50, pool_min=10, pool_max=50, event_loop="asyncio"),
    insert=insert,
    drive=in_rounds,
    barrier=True,
)
