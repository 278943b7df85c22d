"""Phase 2-B2: Phase 2-B by a pool that does not clean up: a session is given back as its user left it, unasked.

What a real program needs of the reset query that is left out: settings, temporary tables and locks go to the next user.
"""

from dataclasses import replace

from bench.workload.phase import AsyncPhase
from bench.workload.phases import phase_2b
from bench.workload.phases.phase_2 import SCRIPT, insert

PHASE = AsyncPhase(
    method="no reset",
    parameters=replace(phase_2b.PHASE.parameters, reset="none"),
    insert=insert,
    call="execute",
    script=SCRIPT,
    usual=False,
)
