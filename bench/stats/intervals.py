"""Intervals of one set of numbers: the mean's by Student's t, the median's by order statistics.

Comparing two sets is ``compare``'s work.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.model.errors import DataError
from bench.stats.distributions import student_t_critical


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``low`` to ``high``, both included, in the unit of what it is about."""

    low: float
    high: float

    def inside(self, low: float, high: float) -> bool:
        """Tell whether the whole interval lies within these limits."""
        return low <= self.low and self.high <= high


@dataclass(frozen=True, slots=True, kw_only=True)
class Median:
    """A median for display; the interval is None where the numbers are too few for its coverage."""

    count: int
    value: float
    interval: Interval | None


def mean(values: Sequence[float]) -> float:
    """Give the arithmetic mean of at least one value."""
    return math.fsum(values) / len(values)


def deviation(values: Sequence[float]) -> float:
    """Give the sample standard deviation of at least two values."""
    centre = mean(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))


def mean_interval(values: Sequence[float], alpha: float = 0.05) -> Interval:
    """Give Student's t interval of the mean, of coverage 1 − ``alpha``, from at least two values."""
    return t_interval(mean(values), deviation(values), len(values), alpha)


def t_interval(centre: float, spread: float, count: int, alpha: float) -> Interval:
    """As ``mean_interval``, of so many values with this mean and standard deviation."""
    half = student_t_critical(alpha, count - 1) * spread / math.sqrt(count)
    return Interval(centre - half, centre + half)


def median(values: Sequence[float], alpha: float = 0.05) -> Median:
    """Give the median and its distribution-free interval of coverage at least 1 − ``alpha``.

    Source: Le Boudec, Performance Evaluation of Computer and Communication Systems (2010), theorem 2.1. Six values
    are the fewest that give 95 %.

    Raises:
        DataError: no values.

    """
    if not values:
        raise DataError("a median needs at least one value.")
    ordered = sorted(values)
    count = len(ordered)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    rank = _lower_rank(count, alpha)
    interval = Interval(ordered[rank - 1], ordered[count - rank]) if rank else None
    return Median(count=count, value=middle, interval=interval)


def _lower_rank(count: int, alpha: float) -> int:
    """Find the largest k whose k-th smallest and k-th largest value enclose the median often enough; 0 if none does."""
    below, rank = 1, 0  # sequences of count fair coins with at most `rank` heads, of 2 ** count
    term = 1
    while 2 * below <= alpha * 2**count:
        rank += 1
        term = term * (count - rank + 1) // rank
        below += term
    return rank
