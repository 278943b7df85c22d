"""What a rung's trials spent: cores of the box, and the clients' own time, over all trials that count as one."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from bench.analysis.counted import good, pooled
from bench.model.language import later
from bench.model.record import Record, cores_of_ours

PARTS = {
    "connect_s": later("connect"),
    "pool_wait_s": later("wait for pool"),
    "insert_s": later("insert"),
    "release_s": later("release"),
    "prepare_s": later("prepare rows"),
}
OUTSIDE = later("outside these")
"""Between a worker's commits: waiting for the slowest of a round, and for the event loop's turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cores:
    """Cores busy on average over the window; None where it is unknown."""

    client: float | None
    server: float | None
    elsewhere: float | None
    """All else that kept the box busy: the agent, other programs, the kernel on its own account."""


def cores(trials: Iterable[Record], cpus: int | None) -> Cores:
    """Return what kept the box busy; ``cpus`` are the processors its percentage is of."""
    counted = good(trials)

    def elsewhere(trial: Record) -> float | None:
        cpu = trial.cpu
        ours = cores_of_ours(cpu)
        if cpus is None or cpu.host_pct is None or ours is None:
            return None
        # The host and its processes are read one after the other: what is left may come out below nothing.
        return max(cpu.host_pct / 100 * cpus - ours, 0.0)

    return Cores(
        client=pooled(counted, attrgetter("cpu.client_cores")),
        server=pooled(counted, attrgetter("cpu.server_cores")),
        elsewhere=pooled(counted, elsewhere),
    )


def client_time(trials: Iterable[Record]) -> dict[str, float]:
    """Return the share of the workers' time by part, summing to 1; empty where no trial counts."""
    there_was = 0.0
    spent = dict.fromkeys(PARTS.values(), 0.0)
    for record in good(trials):
        if not record.seconds:
            continue
        parameters = record.trial.parameters
        there_was += record.seconds * parameters.workers
        for name, part in PARTS.items():
            spent[part] += getattr(record.client_time, name)
    # A commit that began before the window counts whole if it was acknowledged inside, so the parts may add up to a
    # little more than there was: then they are shares of their sum.
    whole = max(there_was, sum(spent.values()))
    if not whole:
        return {}
    spent[OUTSIDE] = max(whole - sum(spent.values()), 0.0)
    return {part: seconds / whole for part, seconds in spent.items()}
