"""2-C with a series made in the loop: forty readings of a device, as JSON, just before it is sent.

What is made is thrown away and the row that can be verified is written: what making costs is in, what it holds is not.
"""

import json
import random
from datetime import UTC, datetime

from bench.workload.phase import AsyncPhase
from bench.workload.phases import phase_2c


def made(device, payload):
    """Return a series as a generator of test data makes it."""
    readings = [round(random.gauss(21, 3), 2) for _ in range(40)]
    return json.dumps({"device": device, "at": datetime.now(UTC).isoformat(), "readings": readings, "payload": payload})


async def insert(connection, rows, table):
    """Make each series, then do as 2-C does."""
    for device, payload in rows:
        made(device, payload)
    await phase_2c.insert(connection, rows, table)


PHASE = AsyncPhase(method="series made", parameters=phase_2c.PHASE.parameters, insert=insert, call=phase_2c.PHASE.call)
