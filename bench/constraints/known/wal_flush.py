"""Waiting until WAL is on the disk, at each commit."""

from bench.constraints.constraint import OF_SESSIONS, UNASKED, Constraint, Place, Removal
from bench.constraints.evidence import WAITED_FOR, share_waiting
from bench.constraints.work import Work
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record


def share(record: Record, _: Processors | None) -> float | None:
    """Return the part of the commits under way that waited for a flush; where unsampled, of the window with one."""
    sampled = share_waiting(record, *WAITED_FOR["wal-flush"])
    if sampled is not None:
        return sampled
    flushing_ms = record.counters.get("wal_sync_time")
    if flushing_ms is None or not record.seconds:
        return None
    # Of several backends that flush at once each counts its own time.
    return min(flushing_ms / 1000 / record.seconds, 1.0)


def removal(_: Trial, place: Place) -> Removal | str:
    """Acknowledge before the flush: a crash may lose the last commits."""
    if not place.may_lose("wal-flush"):
        return tr(UNASKED, name="wal-flush")
    return Removal(words=tr("with synchronous_commit=off"), settings=OF_SESSIONS)


def relieved(work: Work, _: float) -> Work:
    """Nobody waits for it."""
    return work.without("wal-flush")


CONSTRAINT = Constraint(
    words="WAL flush",
    share=share,
    removal=removal,
    relieved=relieved,
    remains=lambda record, _: share_waiting(record, *WAITED_FOR["wal-flush"]),
)
