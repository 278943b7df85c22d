"""How much so many blocks detect, and how many would decide, from as little as a few blocks tell of effect and spread.

Three blocks leave the spread open by a factor of several, and the effect by more than any margin. So what is detected
is averaged over the spread, as the blocks leave it open (its fiducial distribution, from chi squared); and of the
blocks that would decide there are two numbers: those where effect and spread are as seen, and those whichever effect
in the 90 % interval of the one seen is true, over all spreads. ``tests.studies.blocks_needed`` has how often each
holds. Comparing is ``compare``'s work.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bench.stats.distributions import chi_scales, noncentral_t_outside, normal_tail, student_t_critical
from bench.stats.intervals import deviation, mean

POWER = 0.8
MANY_BLOCKS = 10_000
"""A need beyond this is reported as none: such a plan would never be run."""
UNSURE = 0.1
"""1 − coverage of the interval of effects that are reckoned with."""
PRECISION = 1e-3
"""Of a detectable effect, relative."""
COARSE = 0.5
"""Steps of sums over spreads, in standard deviations of their logarithm."""
AS_SEEN = [(1.0, 1.0)]
"""The one spread that is reckoned with where that is taken for the true one."""


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


# --- what is detected ------------------------------------------------------------------------------------------------


def reach(seen: float, freedom: float, alpha: float) -> float:
    """Give the effect that a test finds in 8 of 10 cases, in standard errors by the spread that was seen.

    Args:
        seen: degrees of freedom of that spread: the fewer, the larger the true one may be.
        freedom: of the test.
        alpha: its two-sided level.

    """
    # Three digits suffice, so that the cache serves nearly every pair of a comparison.
    return _reach(float(f"{seen:.3g}"), float(f"{freedom:.3g}"), alpha)


@lru_cache(maxsize=4096)
def _reach(seen: float, freedom: float, alpha: float) -> float:
    critical = student_t_critical(alpha, freedom)

    def found(effect: float) -> float:
        return sum(weight * noncentral_t_outside(critical, freedom, effect * scale) for scale, weight in spreads)

    spreads = chi_scales(seen)
    low = high = critical
    while found(high) < POWER:
        low, high = high, 1.5 * high
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        if found(middle) < POWER:
            low = middle
        else:
            high = middle
    return high


# --- what would decide -----------------------------------------------------------------------------------------------


def blocks_to_be_equivalent(margin: float, spread: float, freedom: float, alpha: float) -> int | None:
    """Count the blocks in which equal arms are called equivalent in 8 of 10 cases; None if beyond reason.

    Args:
        margin: relative.
        spread: standard deviation of the blocks' log ratios.
        freedom: degrees of freedom of that.
        alpha: of each look's interval.

    """
    limit, looks = math.log1p(margin), range(2, MANY_BLOCKS + 1)
    spreads = _spreads(freedom)

    def enough(blocks: int) -> bool:
        return spread == 0 or found(math.sqrt(blocks) / spread, blocks - 1) >= POWER

    def found(errors: float, tested: float) -> float:
        critical = student_t_critical(alpha, tested)
        return sum(weight * _inside(0, limit * errors * scale, critical, tested) for scale, weight in spreads)

    at = bisect_left(looks, 1, key=enough)
    if at == len(looks):
        return None
    return looks[at]


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """How many more blocks would decide in 8 of 10 cases; None: no number within reason."""

    as_seen: int | None
    """If effect and spread are what they seem."""
    at_most: int | None
    """Whichever effect in the 90 % interval is true, over the spreads that the blocks leave open."""


def more_blocks(seen: Seen, margin: float, alpha: float) -> More:
    """Count the blocks beyond those seen."""
    return first_deciding(seen, range(seen.blocks + 1, MANY_BLOCKS + 1), margin, lambda _: alpha)


def first_deciding(seen: Seen, looks: range, margin: float, level: Callable[[int], float]) -> More:
    """Count the blocks to the first of these looks, each a test of its own level, that decides."""
    limit, spreads = math.log1p(margin), _spreads(seen.freedom)
    as_seen = _first(seen, looks, level, limit, {seen.effect}, AS_SEEN)
    at_most = _first(seen, looks, level, limit, _hardest(seen, limit), spreads)
    if as_seen is None or at_most is None:
        return More(as_seen=as_seen, at_most=None)
    return More(as_seen=as_seen, at_most=max(as_seen, at_most))


Weighed = Sequence[tuple[float, float]]
"""Seen over true spread, each with its weight."""


def _first(
    seen: Seen, looks: range, level: Callable[[int], float], limit: float, effects: set[float], spreads: Weighed
) -> int | None:
    def decides(blocks: int) -> bool:
        # Without any spread one more block decides; of one beyond all measure no number does.
        if seen.error == 0 or not math.isfinite(seen.effect + seen.error):
            return seen.error == 0
        freedom, alpha = seen.freedom_after(blocks), level(blocks)
        return all(_chance(each, limit, seen.spread, spreads, blocks, freedom, alpha) >= POWER for each in effects)

    # With every block a verdict only grows likelier, so halving finds the first look that decides.
    at = bisect_left(looks, 1, key=decides)
    if at == len(looks):
        return None
    return looks[at] - seen.blocks


def _hardest(seen: Seen, limit: float) -> set[float]:
    """Return those likely effects that are the hardest to decide: the nearest to none, the margin and its middle."""
    reach = student_t_critical(UNSURE, seen.freedom) * seen.error
    return {min(max(hard, abs(seen.effect) - reach), abs(seen.effect) + reach) for hard in (0.0, limit / 2, limit)}


def _chance(
    effect: float, limit: float, spread: float, spreads: Weighed, blocks: int, freedom: float, alpha: float
) -> float:
    """Give the chance of a verdict by so many blocks, over these spreads; ``limit`` is the margin's, both are logs."""
    critical, errors = student_t_critical(alpha, freedom), math.sqrt(blocks) / spread
    return sum(
        weight * _decided(effect * errors * scale, limit * errors * scale, critical, freedom)
        for scale, weight in spreads
    )


def _decided(effect: float, limit: float, critical: float, freedom: float) -> float:
    """Give the chance of a verdict; effect and margin are in standard errors.

    By Johnson & Welch's approximation of the noncentral t (Biometrika 31, 1940): 0.02 too much at most, and a tenth of
    the time of ``noncentral_t_outside``, which a run until decided would take between trials.
    """
    edge, unit = _edge(critical, freedom)
    # Whatever the ratio is, its interval reaches either not to 1 or not to the margin.
    if 2 * edge <= limit:
        return 1.0
    differs = normal_tail((edge - effect) / unit) + normal_tail((edge + effect) / unit)
    return differs + _inside(effect, limit, critical, freedom)


def _inside(effect: float, limit: float, critical: float, freedom: float) -> float:
    """Give the chance of an interval wholly inside the margin, likewise."""
    edge, unit = _edge(critical, freedom)
    return max(normal_tail((edge - limit - effect) / unit) - normal_tail((limit - edge - effect) / unit), 0.0)


def _edge(critical: float, freedom: float) -> tuple[float, float]:
    return critical * (1 - 1 / (4 * freedom)), math.sqrt(1 + critical**2 / (2 * freedom))


def _spreads(freedom: float) -> Weighed:
    return chi_scales(freedom, COARSE)
