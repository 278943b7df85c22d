"""Opening a connection for each commit."""

from bench.constraints.constraint import OF_CLIENTS, Constraint, Place, Removal
from bench.constraints.evidence import share_of_workers
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record

KEPT = {"1": "1-B"}
"""By phase that connects anew, the one that is the same over a connection that is kept."""


def share(record: Record, _: Processors | None) -> float | None:
    """Return the part of the workers' time."""
    return share_of_workers(record, "connect_s")


def removal(trial: Trial, _: Place) -> Removal | None:
    """Keep the connection."""
    if trial.phase not in KEPT:
        return None
    return Removal(words=tr("with its connection kept"), phase=KEPT[trial.phase])


CONSTRAINT = Constraint(words="connecting", amount=OF_CLIENTS, share=share, removal=removal)
