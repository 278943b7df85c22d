"""Commits that start together and wait for the slowest of them."""

from dataclasses import replace

from bench.constraints.constraint import OF_CLIENTS, Constraint, Place, Removal
from bench.constraints.evidence import under_way
from bench.constraints.work import Work
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record

ROUNDS, CLOSED = "rounds", "closed"


def share(record: Record, _: Processors | None) -> float | None:
    """Return the part of the commits in flight that have ended and wait for the others."""
    parameters, in_flight = record.trial.parameters, under_way(record)
    if parameters.load != ROUNDS:
        return 0.0
    if in_flight is None:
        return None
    return max(1 - in_flight / parameters.workers, 0.0)


def removal(trial: Trial, _: Place) -> Removal | None:
    """Start each as soon as another has ended."""
    if trial.parameters.load != ROUNDS:
        return None
    return Removal(words=tr("without waiting for the slowest of each round"), parameters={"load": CLOSED})


def relieved(work: Work, share: float) -> Work:
    """All of them are under way all the time."""
    return replace(work, in_flight=work.in_flight / (1 - min(share, 0.99)))


CONSTRAINT = Constraint(
    words="waiting for the slowest of a round", amount=OF_CLIENTS, share=share, removal=removal, relieved=relieved
)
