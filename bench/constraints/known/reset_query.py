"""The query by which asyncpg's pool resets a session that is given back: a round trip beside each commit."""

from bench.constraints.constraint import OF_CLIENTS, Constraint, Place, Removal
from bench.constraints.evidence import share_of_workers
from bench.constraints.known import wal_flush
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record


def share(record: Record, _: Processors | None) -> float | None:
    """Return the part of the workers' time."""
    return share_of_workers(record, "release_s")


def removal(trial: Trial, _: Place) -> Removal | None:
    """Give sessions back as they are."""
    if trial.parameters.reset != "query":
        return None
    return Removal(words=tr("without the pool's reset query"), parameters={"reset": "none"})


def of_one(record: Record, cpus: Processors | None) -> float | None:
    """Return the part of all but the flush. Of several under way giving back waits for the others' work, too."""
    released, flushing = share(record, cpus), wal_flush.share(record, cpus)
    if released is None or flushing is None or released + flushing >= 1:
        return None
    return released / (1 - flushing)


CONSTRAINT = Constraint(
    words="the pool's reset query",
    amount=OF_CLIENTS,
    share=share,
    suspected_from=0.2,
    removal=removal,
    of_one=of_one,
)
