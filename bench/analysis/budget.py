"""Where the time of the workers goes: so many commits under way, each at one thing at any moment. Pure.

Each part is how many of the commits under way are at it on average (Little's law), of all of them. The server's parts
are what its sampled backends do (the probe ``waits``); what none accounts for is ``unexplained``, and always stands
there: the client's event loop, the kernel, the network, and what was not observed.
"""

from collections.abc import Mapping, Sequence
from statistics import median

from bench.analysis.limits import UNEXPLAINED
from bench.constraints.evidence import WAITED_FOR, share_of_workers, under_way, waiting
from bench.model.record import Record

INCOMPLETE = 0.15
"""An unexplained part above which an explanation says that it is incomplete."""
STATES: Mapping[str, tuple[str, ...]] = {**WAITED_FOR, "network": ("client_write",)}
"""By part, the states of backends that it is."""


def budget_of(counted: Sequence[Record]) -> dict[str, float]:
    """Return the parts of the workers' time over trials that count, 0 to 1; empty where nothing was acknowledged."""
    by_part: dict[str, list[float]] = {}
    for record in counted:
        for part, share in _parts(record).items():
            by_part.setdefault(part, []).append(share)
    if not by_part:
        return {}
    # A median: one trial in which the box did something else moves it little.
    found = {part: median(shares) for part, shares in by_part.items()}
    # Parts that are read one after the other may come to a little more than the whole.
    return found | {UNEXPLAINED: max(1 - sum(found.values()), 0.0)}


def _parts(record: Record) -> dict[str, float]:
    all_of_them = under_way(record)
    if not all_of_them:
        return {}
    found = {}
    for part, spent in (("connecting", "connect_s"), ("pool", "pool_wait_s")):
        share = share_of_workers(record, spent)
        if share is not None:
            found[part] = share
    if record.cpu.client_cores is not None:
        # While a connection is opened the client's time is that of connecting.
        found["client-cpu"] = record.cpu.client_cores / all_of_them * (1 - found.get("connecting", 0.0))
    for part, figures in STATES.items():
        waited = waiting(record, *figures)
        if waited is not None:
            found[part] = waited / all_of_them
    running = waiting(record, "running")
    if running is not None and record.cpu.server_cores is not None:
        working = min(running, record.cpu.server_cores)
        found["server-cpu"] = working / all_of_them
        found["run-queue"] = (running - working) / all_of_them
    return found
