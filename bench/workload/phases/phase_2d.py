"""Phase 2-D: Phase 2-C with batches of 500 and a pool of 50 to 200. Where the published ladder ends."""

from bench.model.plan import Parameters
from bench.workload.phase import AsyncPhase
from bench.workload.phases.phase_2c import insert

PHASE = AsyncPhase(
    method="executemany",
    parameters=Parameters(in_flight=5, pool_min=50, pool_max=200, batch=500, event_loop="asyncio"),
    insert=insert,
    call="executemany",
)
