"""Phase 2-B3: the fifty inserts of 2-B2 from several processes, each followed by the next at once, on uvloop.

Left out as there: sessions are not reset. And nobody waits for a round to end, as code does that gathers.
"""

from bench.model.plan import Parameters
from bench.workload.phase import AsyncPhase
from bench.workload.phases.phase_2 import SCRIPT, insert

PHASE = AsyncPhase(
    method="procs.",
    parameters=Parameters(
        processes=2, in_flight=25, pool_min=25, pool_max=25, event_loop="uvloop", load="closed", reset="none"
    ),
    insert=insert,
    call="execute",
    script=SCRIPT,
    usual=False,
)
