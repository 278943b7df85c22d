"""2-C with a row made in the loop: of each, a text of its length is drawn at random just before it is sent.

What is made is thrown away and the row that can be verified is written: what making costs is in, what it holds is not.
"""

import random

from bench.workload.phase import AsyncPhase
from bench.workload.phases import phase_2c
from bench.workload.rows import ALPHABET


def made(payload):
    """Return a text as a generator of test data draws it."""
    return "".join(random.choices(ALPHABET, k=len(payload)))


async def insert(connection, rows, table):
    """Make each row, then do as 2-C does."""
    for _, payload in rows:
        made(payload)
    await phase_2c.insert(connection, rows, table)


PHASE = AsyncPhase(method="text made", parameters=phase_2c.PHASE.parameters, insert=insert, call=phase_2c.PHASE.call)
