"""Trials of one run against others of it, by the blocks in which both count: an experiment, a ceiling, a twin."""

from collections.abc import Iterable

from bench.model.record import Record
from bench.plan.rates import burst
from bench.stats.compare import ALPHA, MARGIN, Comparison, compare
from bench.stats.intervals import Estimate


def compared_by_block(
    trials: Iterable[Record], others: Iterable[Record], margin: float = MARGIN, alpha: float = ALPHA
) -> Comparison | None:
    """Compare others with trials by the rows/s of the window, as what is observed is of it; None without a block."""
    one, other = _by_block(trials), _by_block(others)
    both = [block for block in one if block in other]
    if not both:
        return None
    return compare([one[block] for block in both], [other[block] for block in both], margin=margin, alpha=alpha)


def _by_block(records: Iterable[Record]) -> dict[int, float]:
    found = {}
    for record in records:
        if value := burst(record):
            found[record.trial.block] = value
    return found


def estimate(found: Comparison, times: float = 1.0) -> Estimate:
    """Return a ratio of so much, with its interval, for programs."""
    low = high = None
    if found.interval:
        low, high = found.interval.low * times, found.interval.high * times
    return Estimate(estimate=found.ratio * times, low=low, high=high)
