"""What a rung is stopped by, as far as its trials show it without an experiment: a suspect, never a proof.

Of one commit in flight all of its time is somebody's: who has most of it is suspected. Of several, one waits while
another works: then what has nothing left to give (a processor, a client's one core, the disk's flushes) is suspected,
or what most of the workers' time goes into. Where nothing of these is the case the limit is unexplained, not guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from bench.model.record import Record

Constraint = Literal[
    "connecting", "pool", "reset-query", "wal-flush", "client-cpu", "server-cpu", "other-programs", "round-trips",
    "unexplained",
]  # fmt: skip
SATURATED = 0.9
"""Of a core or of all: what is left goes to the kernel's accounting and to switching between processes."""
MOST = 0.5
"""Of the workers' time, or of the window in which a flush was under way."""
OTHERS = 0.25
"""Of the processors, used by neither clients nor server: then those are what is short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What stops a rung.

    Attributes:
        share: 0 to 1; of the workers' time (connecting, pool, reset-query), of the window (wal-flush), of a client's
            one core (client-cpu), of all processors (server-cpu, other-programs); of one commit in flight always of its
            time. Of round-trips and unexplained it is what is left.
        proved: an experiment removed it, and the rung became faster by it.

    """

    constraint: Constraint
    share: float
    proved: bool = False


def stopped_by(counted: Sequence[Record], cpus: int | None) -> Limit | None:
    """Return what trials that count were stopped by; None where they show nothing of it.

    ``cpus`` are the processors of the box, None where they are not known.
    """
    of_trials = [shares(record, cpus) for record in counted if record.seconds and record.commits]
    if not of_trials:
        return None
    # A median: one trial in which the box did something else moves it little.
    known: dict[Constraint, list[float]] = {}
    for each in of_trials:
        for constraint, share in each.items():
            known.setdefault(constraint, []).append(share)
    found = {constraint: median(values) for constraint, values in known.items()}
    parameters = counted[0].trial.parameters
    if parameters.in_flight * parameters.processes == 1:
        return _of_one(found)
    return _of_several(found)


def shares(record: Record, cpus: int | None) -> dict[Constraint, float]:
    """Return what a trial shows of each constraint; what it could not observe is left out. Pure."""
    spent, parameters = record.client_time, record.trial.parameters
    workers_s = spent.prepare_s + spent.connect_s + spent.pool_wait_s + spent.insert_s + spent.release_s
    found: dict[Constraint, float] = {}
    if workers_s:
        found["connecting"] = spent.connect_s / workers_s
        found["pool"] = spent.pool_wait_s / workers_s
        found["reset-query"] = spent.release_s / workers_s
    flushing_ms = record.counters.get("wal_sync_time")
    if flushing_ms is not None:
        # Of several backends that flush at once each counts its own time.
        found["wal-flush"] = min(flushing_ms / 1000 / record.seconds, 1.0)
    return found | _of_processors(record, cpus, parameters.processes)


def _of_processors(record: Record, cpus: int | None, processes: int) -> dict[Constraint, float]:
    used, found = record.cpu, dict[Constraint, float]()
    if used.client_cores is not None:
        found["client-cpu"] = used.client_cores / processes
    if cpus is None or used.host_pct is None or used.client_cores is None or used.server_cores is None:
        return found
    busy = used.host_pct / 100
    others = max(busy - (used.client_cores + used.server_cores) / cpus, 0.0)
    short: Constraint = "other-programs" if others > OTHERS else "server-cpu"
    return found | {"other-programs": 0.0, "server-cpu": 0.0, short: busy}


def _of_one(found: Mapping[Constraint, float]) -> Limit:
    """Of one commit in flight nothing happens at once: its time is the sum of its parts."""
    # The processors of the box are another matter: one commit at a time never uses them all.
    parts = {name: share for name, share in found.items() if name not in {"server-cpu", "other-programs"}}
    left = max(1 - sum(parts.values()), 0.0)
    parts["round-trips"] = left
    constraint = max(parts, key=lambda name: parts[name])
    return Limit(constraint=constraint, share=parts[constraint])


def _of_several(found: Mapping[Constraint, float]) -> Limit:
    least: dict[Constraint, float] = dict.fromkeys(("client-cpu", "server-cpu", "other-programs"), SATURATED)
    enough = {name: share for name, share in found.items() if share >= least.get(name, MOST)}
    if not enough:
        return Limit(constraint="unexplained", share=1 - max(found.values(), default=0.0))
    constraint = max(enough, key=lambda name: enough[name])
    return Limit(constraint=constraint, share=enough[constraint])
