"""Keeping the primary key's index."""

from bench.constraints.constraint import Constraint, Place, Removal
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record


def share(_: Record, __: Processors | None) -> None:
    """Nothing that a trial observes tells what an index takes."""
    return


def removal(trial: Trial, _: Place) -> Removal | str:
    """Write to the same table without it."""
    if trial.layout != "plain":
        return tr("the layout {layout} has no twin without an index", layout=trial.layout)
    return Removal(words=tr("without an index"), layout="no-index")


def remains(record: Record, _: Processors | None) -> float | None:
    """Return whether there was an index at the start."""
    if record.start is None:
        return None
    return float(record.start.index_bytes > 0)


CONSTRAINT = Constraint(words="the index", share=share, removal=removal, remains=remains)
