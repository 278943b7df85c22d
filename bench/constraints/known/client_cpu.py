"""The client: a process of Python uses one core at most."""

from dataclasses import replace

from bench.constraints.constraint import BUSY, SATURATED, Constraint, Place, Removal
from bench.constraints.work import Work
from bench.model.fingerprint import Processors
from bench.model.language import later, tr
from bench.model.plan import Trial
from bench.model.record import Record
from bench.workload.phase import ladder

COUNTS = {2: later("two"), 3: later("three"), 4: later("four"), 5: later("five"), 8: later("eight")}


def share(record: Record, _: Processors | None) -> float | None:
    """Return the part of its cores that it used."""
    if record.cpu.client_cores is None:
        return None
    return record.cpu.client_cores / record.trial.parameters.processes


def more(in_flight: int) -> int:
    """Return how many processes share what one has in flight, so that it is as many in all: the fewest above one."""
    return next(count for count in range(2, in_flight + 1) if in_flight % count == 0)


def removal(trial: Trial, place: Place) -> Removal | str:
    """Share what is in flight, and the connections, among more processes; of one commit have C make it."""
    parameters = trial.parameters
    if parameters.in_flight == 1:
        return _by_pgbench(trial, place)
    times = more(parameters.in_flight)
    changes: dict[str, int | float | str | None] = {
        "processes": times * parameters.processes,
        "in_flight": parameters.in_flight // times,
    }
    if parameters.pool_max is not None:
        if parameters.pool_max < times:
            return tr("{count} processes would need {count} connections, more than the pool has", count=times)
        changes["pool_max"] = parameters.pool_max // times
        changes["pool_min"] = max((parameters.pool_min or 1) // times, 1)
    count = times * parameters.processes
    words = tr("with {count} client processes", count=tr(COUNTS.get(count, str(count))))
    return Removal(words=words, parameters=changes)


def _by_pgbench(trial: Trial, place: Place) -> Removal | str:
    """Return the same statement by PostgreSQL's own client, where that is sure to be there."""
    phase = ladder().get(trial.phase)
    if phase is None or trial.driver != phase.driver or not phase.script or trial.parameters.pool_max is not None:
        return tr("one commit at a time is made by one process: a second one would have more in flight")
    if not place.managed:
        return tr("pgbench need not be there beside a server that is yours; --drivers pgbench measures it")
    return Removal(words=tr("with pgbench in place of Python"), driver="pgbench")


def relieved(work: Work, _: float) -> Work:
    """So many more cores may be used."""
    if work.in_flight_each == 1:
        return work
    return replace(work, processes=work.processes * more(work.in_flight_each))


CONSTRAINT = Constraint(
    words="the client's one core",
    amount=BUSY,
    share=share,
    suspected_from=SATURATED,
    removal=removal,
    relieved=relieved,
    may_remain=SATURATED,
    # Of processors that are short more processes get more, whatever they do there.
    unlike="other-programs",
)
