"""Programs of others on the same processors."""

from bench.constraints.constraint import BUSY, SATURATED, Constraint, Place
from bench.constraints.evidence import is_alone
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record, cores_of_ours

SHORT = 0.25
"""Of the processors, used by neither clients nor server: then those are what is short."""


def of_others(record: Record, cpus: Processors | None) -> float | None:
    """Return the part of all processors that neither clients nor server used, nor its standby."""
    used = record.cpu
    ours = cores_of_ours(used)
    if cpus is None or used.host_pct is None or ours is None:
        return None
    return max(used.host_pct / 100 - ours / cpus.there, 0.0)


def share(record: Record, cpus: Processors | None) -> float | None:
    """Return the busy part of all processors, where others' part is large."""
    others = of_others(record, cpus)
    if is_alone(record):
        # It uses a part of them whatever others do.
        return 0.0
    if others is None or record.cpu.host_pct is None:
        return None
    if others <= SHORT:
        return 0.0
    return record.cpu.host_pct / 100


def removal(_: Trial, __: Place) -> str:
    """They are not ours to stop."""
    return tr("they are not pgladder's to stop: the report names them, measure again without them")


CONSTRAINT = Constraint(words="shared processors", amount=BUSY, share=share, suspected_from=SATURATED, removal=removal)
