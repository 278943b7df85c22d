"""The interval of one set of numbers' mean, by Student's t; and the form in which one is handed to programs.

Comparing two sets is ``compare``'s work.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from bench.stats.distributions import student_t_critical


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``low`` to ``high``, both included, in the unit of what it is about."""

    low: float
    high: float

    def inside(self, low: float, high: float) -> bool:
        """Return whether the whole interval lies within these limits."""
        return low <= self.low and self.high <= high


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its interval of 95 %, for programs: both ends are None where one value alone shows no spread."""

    estimate: float
    low: float | None
    high: float | None

    def times(self, by: float) -> "Estimate":
        """Return it multiplied by a number above 0."""
        return Estimate(
            estimate=self.estimate * by,
            low=None if self.low is None else self.low * by,
            high=None if self.high is None else self.high * by,
        )


def mean(values: Sequence[float]) -> float:
    """Give the arithmetic mean of at least one value."""
    return math.fsum(values) / len(values)


def deviation(values: Sequence[float]) -> float:
    """Give the sample standard deviation of at least two values."""
    centre = mean(values)
    off = [value - centre for value in values]
    # fsum, as a sum of many nearly equal numbers loses digits otherwise.
    return math.sqrt(math.fsum(map(mul, off, off)) / (len(values) - 1))


def mean_interval(values: Sequence[float], alpha: float) -> Interval:
    """Give Student's t interval of the mean, of coverage 1 − ``alpha``, from at least two values."""
    error = deviation(values) / math.sqrt(len(values))
    return t_interval(mean(values), error, len(values) - 1, alpha)


def average(values: Sequence[float], alpha: float = 0.05) -> Estimate:
    """Give the arithmetic mean of at least one value, and Student's t interval of it."""
    if len(values) < 2:
        return Estimate(estimate=mean(values), low=None, high=None)
    interval = mean_interval(values, alpha)
    return Estimate(estimate=mean(values), low=interval.low, high=interval.high)


def geometric(values: Sequence[float], alpha: float = 0.05) -> Estimate:
    """Give the geometric mean of at least one value above 0, and Student's t interval of the logarithms."""
    logs = list(map(math.log, values))
    centre = math.exp(mean(logs))
    if len(logs) < 2:
        return Estimate(estimate=centre, low=None, high=None)
    interval = mean_interval(logs, alpha)
    return Estimate(estimate=centre, low=math.exp(interval.low), high=math.exp(interval.high))


def t_interval(centre: float, error: float, freedom: float, alpha: float) -> Interval:
    """Give Student's t interval about an estimate with this standard error and degrees of freedom."""
    half = student_t_critical(alpha, freedom) * error
    return Interval(centre - half, centre + half)
