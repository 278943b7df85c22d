"""Making and writing WAL, beyond waiting for its flush."""

from bench.constraints.constraint import OF_COMMITS, OF_SESSIONS, UNASKED, Constraint, Place, Removal
from bench.constraints.evidence import WAITED_FOR, share_waiting
from bench.constraints.work import Work
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record

MOST_BYTES = 100
"""WAL of a row where its table is unlogged: no more than its transaction's own."""


def share(record: Record, _: Processors | None) -> float | None:
    """Return the part of the commits under way that waited for WAL to be written."""
    return share_waiting(record, *WAITED_FOR["wal-write"])


def removal(trial: Trial, place: Place) -> Removal | str:
    """Write to an unlogged table, without waiting for flushes either: a crash empties it."""
    if trial.layout != "plain":
        return tr("the layout {layout} has no unlogged twin", layout=trial.layout)
    if not place.may_lose("wal-write"):
        return tr(UNASKED, name="wal-write")
    return Removal(words=tr("with an unlogged table"), layout="unlogged", settings=OF_SESSIONS)


def relieved(work: Work, _: float) -> Work:
    """Nobody waits for it; what making it costs of the processors is not known."""
    return work.without("wal-flush").without("wal-write")


def remains(record: Record, _: Processors | None) -> float | None:
    """Return the WAL of a row, of as much as one may have."""
    written = record.counters.get("wal_bytes")
    if written is None or not record.rows:
        return None
    return written / record.rows / MOST_BYTES


CONSTRAINT = Constraint(
    words="writing WAL",
    amount=OF_COMMITS,
    share=share,
    removal=removal,
    relieved=relieved,
    remains=remains,
    may_remain=1.0,
    beyond="wal-flush",
)
