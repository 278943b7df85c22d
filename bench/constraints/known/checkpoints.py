"""Checkpoints within the window: they write what is dirty, and after each every page is put into WAL once."""

from bench.constraints.constraint import Constraint, Place, Removal
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record

WITHOUT = {"max_wal_size": "64GB", "checkpoint_timeout": "1d"}
"""So large that none falls due by its size or time; WAL is kept only as far as it is written."""
BEGUN = ("checkpoints_timed", "checkpoints_req")


def share(record: Record, _: Processors | None) -> float | None:
    """Return the part of the window in which one was under way; None where that was not sampled."""
    return record.observed.get("waits", {}).get("checkpointing")


def removal(_: Trial, place: Place) -> Removal | str:
    """Let none fall due."""
    if not place.managed:
        return tr("the server is yours: max_wal_size stays as it is")
    return Removal(words=tr("without checkpoints"), settings=WITHOUT)


def remains(record: Record, _: Processors | None) -> float | None:
    """Return how many ended in the window."""
    begun = [record.counters.get(name) for name in BEGUN]
    known = [each for each in begun if each is not None]
    if len(known) < len(begun):
        return None
    return sum(known)


CONSTRAINT = Constraint(words="checkpoints", share=share, suspected_from=0.3, removal=removal, remains=remains)
