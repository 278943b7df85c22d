"""The client's event loop stood still: something in it blocks, while its processor is idle."""

from bench.constraints.constraint import Constraint, Place, Removal
from bench.constraints.evidence import stood_still
from bench.constraints.known import client_cpu
from bench.constraints.work import Work
from bench.model.fingerprint import Processors
from bench.model.plan import Trial
from bench.model.record import Record


def share(record: Record, cpus: Processors | None) -> float | None:
    """Return the part of the window in which the loop was held up without using its processor."""
    return stood_still(record, cpus)


def removal(trial: Trial, place: Place) -> Removal | str | None:
    """Use twice the processes: each has a loop of its own."""
    if trial.parameters.event_loop is None:
        return None
    return client_cpu.removal(trial, place)


def relieved(work: Work, share: float) -> Work:
    """Twice the loops stand still."""
    return client_cpu.relieved(work, share)


CONSTRAINT = Constraint(
    words="the client's event loop",
    share=share,
    removal=removal,
    relieved=relieved,
    may_remain=1.0,
    unlike="other-programs",
)
