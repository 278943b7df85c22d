"""The processor was slowed for heat or power."""

from bench.constraints.constraint import Constraint, Place
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record

CODE = "throttled"


def share(record: Record, _: Processors | None) -> float | None:
    """Return 1 where it was slowed within the window, 0 where it was not, None where the kernel does not count that."""
    codes = record.validity.codes
    if f"{CODE}-unknown" in codes:
        return None
    return float(CODE in codes)


def removal(_: Trial, __: Place) -> str:
    """Cooling takes a person."""
    return tr("let the box cool down, or give it air, and measure again")


CONSTRAINT = Constraint(words="heat", share=share, removal=removal)
