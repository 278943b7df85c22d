"""How many more blocks would decide a comparison, from as little as a few blocks tell of its effect and spread.

Three blocks leave the spread open by a factor of several, and the effect by more than any margin: what they seem to be
would hold in half of the cases only. So the spread is averaged over, as the blocks leave it open (its fiducial
distribution, from chi squared), and the number is that which decides whichever effect in the 90 % interval of the one
seen is true. Comparing is ``compare``'s work.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bench.stats.distributions import student_t_critical
from bench.stats.intervals import deviation, mean

POWER = 0.8
MANY_BLOCKS = 10_000
"""A need beyond this is reported as none: such a plan would never be run."""
UNSURE = 0.1
"""1 − coverage of the interval of effects that are reckoned with."""
SPREADS = 16
"""Nodes of the average over spreads."""
NARROWEST, WIDEST = -3.5, 7.0
"""Of those, in standard deviations of the spread's logarithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What some blocks showed: the log ratio, its standard error and its degrees of freedom."""

    effect: float
    error: float
    blocks: int
    freedom: float

    @property
    def spread(self) -> float:
        """The standard deviation of one block's log ratio."""
        return self.error * math.sqrt(self.blocks)

    def freedom_after(self, blocks: int) -> float:
        """Return the degrees of freedom that so many blocks will have."""
        return self.freedom * (blocks - 1) / (self.blocks - 1)


def seen_in(logs: Sequence[float]) -> Seen:
    """Return what the log ratios of at least two paired blocks show."""
    error = deviation(logs) / math.sqrt(len(logs))
    return Seen(effect=mean(logs), error=error, blocks=len(logs), freedom=len(logs) - 1)


def more_blocks(seen: Seen, margin: float, alpha: float) -> int | None:
    """Count the blocks beyond those seen that decide in 8 of 10 cases; None if beyond reason."""
    return first_deciding(seen, range(seen.blocks + 1, MANY_BLOCKS + 1), margin, lambda _: alpha)


def first_deciding(seen: Seen, looks: range, margin: float, level: Callable[[int], float]) -> int | None:
    """Count the blocks to the first of these looks, each a test of its own level, that decides; None if none does."""
    at = bisect_left(looks, 1, key=lambda blocks: decides(seen, blocks, margin, level(blocks)))
    return looks[at] - seen.blocks if at < len(looks) else None


def decides(seen: Seen, blocks: int, margin: float, alpha: float) -> bool:
    """Tell whether so many blocks in all decide at this level in 8 of 10 cases, whichever likely effect is true."""
    if seen.error == 0:
        return True
    if not math.isfinite(seen.effect + seen.error):
        return False
    freedom, limit = seen.freedom_after(blocks), math.log1p(margin)
    critical = student_t_critical(alpha, freedom)
    scales = [(math.sqrt(blocks) / (times * seen.spread), weight) for times, weight in _likely_spreads(seen.freedom)]
    return all(
        sum(weight * _decided(effect * scale, limit * scale, critical, freedom) for scale, weight in scales) >= POWER
        for effect in _hardest(seen, limit)
    )


def _hardest(seen: Seen, limit: float) -> set[float]:
    """Return those likely effects that are the hardest to decide: the nearest to none, the margin and its middle."""
    reach = student_t_critical(UNSURE, seen.freedom) * seen.error
    return {min(max(hard, abs(seen.effect) - reach), abs(seen.effect) + reach) for hard in (0.0, limit / 2, limit)}


@lru_cache(maxsize=256)
def _likely_spreads(freedom: float) -> list[tuple[float, float]]:
    """Return how many times the seen spread the true one may be, with weights that sum to 1.

    Its logarithm x has a density that goes with exp(−f·x − f·exp(−2x) ÷ 2), f degrees of freedom: f × (seen ÷ true)² is
    chi squared.
    """
    unit, step = 1 / math.sqrt(2 * freedom), (WIDEST - NARROWEST) / SPREADS
    logs = [unit * (NARROWEST + step * (node + 0.5)) for node in range(SPREADS)]
    densities = [math.exp(-freedom * (x + math.expm1(-2 * x) / 2)) for x in logs]
    whole = sum(densities)
    return [(math.exp(x), density / whole) for x, density in zip(logs, densities, strict=True)]


def _decided(effect: float, limit: float, critical: float, freedom: float) -> float:
    """Give the chance of a verdict; effect and margin are in standard errors.

    By Johnson & Welch's approximation of the noncentral t (Biometrika 31, 1940).
    """
    edge, unit = critical * (1 - 1 / (4 * freedom)), math.sqrt(1 + critical**2 / (2 * freedom))
    if 2 * edge <= limit:
        return 1.0  # whatever the ratio is, its interval reaches either not to 1 or not to the margin
    differs = _below((effect - edge) / unit) + _below((-effect - edge) / unit)
    inside = _below((limit - edge - effect) / unit) - _below((edge - limit - effect) / unit)
    return differs + max(inside, 0.0)


def _below(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2
