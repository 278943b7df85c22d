"""2-C with an event made in the loop: identifier, time and readings of a device, as JSON, just before it is sent.

What is made is thrown away and the row that can be verified is written: what making costs is in, what it holds is not.
"""

import json
import random
import uuid
from datetime import UTC, datetime

from bench.workload.phase import AsyncPhase
from bench.workload.phases import phase_2c


def made(device, payload):
    """Return an event as a generator of test data makes it."""
    event = {
        "id": str(uuid.uuid4()),
        "device": device,
        "at": datetime.now(UTC).isoformat(),
        "temperature": round(random.gauss(21, 3), 2),
        "humidity": round(random.uniform(20, 80), 1),
        "payload": payload,
    }
    return json.dumps(event)


async def insert(connection, rows, table):
    """Make each event, then do as 2-C does."""
    for device, payload in rows:
        made(device, payload)
    await phase_2c.insert(connection, rows, table)


PHASE = AsyncPhase(method="event made", parameters=phase_2c.PHASE.parameters, insert=insert, call=phase_2c.PHASE.call)
