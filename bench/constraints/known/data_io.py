"""Reading and writing the table's and the index's own files."""

from bench.constraints.constraint import OF_COMMITS, Constraint, Place
from bench.constraints.evidence import WAITED_FOR, share_waiting
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record


def share(record: Record, _: Processors | None) -> float | None:
    """Return the part of the commits under way that waited for them."""
    return share_waiting(record, *WAITED_FOR["data-io"])


def removal(_: Trial, __: Place) -> str:
    """Nothing takes a table's files away."""
    return tr("nothing takes the table's own files away: a faster disk, or more shared_buffers, may")


CONSTRAINT = Constraint(words="data files", amount=OF_COMMITS, share=share, suspected_from=0.3, removal=removal)
