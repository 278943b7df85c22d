"""A quota of processor time, of a container or a service, that held clients or server up."""

from bench.constraints.constraint import Constraint, Place
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record


def share(record: Record, _: Processors | None) -> float | None:
    """Return the part of its periods in which a quota held clients or server up, whichever more; None: not read."""
    held_up = record.observed.get("quota", {})
    known = [each for each in held_up.values() if each is not None]
    return max(known, default=None)


def removal(_: Trial, __: Place) -> str:
    """It is not ours to lift."""
    return tr("the quota is not pgladder's to lift")


CONSTRAINT = Constraint(words="a CPU quota", share=share, suspected_from=0.3, removal=removal)
