"""Waiting for locks: of the table's end, of its pages, of rows, or those that its triggers take."""

from bench.constraints.constraint import OF_COMMITS, Constraint, Place, Removal
from bench.constraints.evidence import WAITED_FOR, share_waiting
from bench.constraints.triggers import without_triggers
from bench.constraints.work import Work
from bench.engines.postgresql.layout import PLAIN
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record


def share(record: Record, _: Processors | None) -> float | None:
    """Return the part of the commits under way that waited for a lock."""
    return share_waiting(record, *WAITED_FOR["locks"])


def removal(trial: Trial, place: Place) -> Removal | str:
    """Spread the rows over partitions, each with an end and pages of its own; of a user's layout spare what it adds."""
    if trial.layout == PLAIN:
        return Removal(words=tr("with hash partitions"), layout="hash-partitioned")
    return without_triggers(trial, place)


def relieved(work: Work, _: float) -> Work:
    """Nobody waits for one."""
    return work.without("locks")


CONSTRAINT = Constraint(
    words="locks", amount=OF_COMMITS, share=share, suspected_from=0.3, removal=removal, relieved=relieved
)
