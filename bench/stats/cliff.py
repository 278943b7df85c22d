"""Whether a rate fell to a lower level within the window and stayed there, as on a disk whose cache is full. Pure.

A flash drive takes what comes in a fast part of it until that is full (the SLC cache of consumer drives): how fast it
is before, how fast after, and how much was written until then are three numbers, not one. A checkpoint's dip recovers,
and what slows down slowly has no two levels: neither is told as a fall. How often each is,
``tests/unit/stats/test_cliff.py`` simulates. Whether a window is steady at all is ``steadiness``'s concern.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

from bench.stats.intervals import mean

SHORTEST = 60
"""Values (seconds) below which nothing is said: a checkpoint's dip may be as long as what lies after it."""
SEGMENT = 20
"""Values that each level lasts at least."""
BIN = 5
"""Values that are looked at as one."""
FALL = 0.2
"""The least that counts, of the level before."""
APART = 4.0
"""So many times as large as the spread about its levels a fall has to be."""
LEVEL = 1 / 3
"""Of the fall, the most that a level may drift from its first third to its last."""
LONGER = 2
"""So many times as long as any stretch before it the lower level has lasted."""
OF_NORMAL = 1.4826
"""Makes a standard deviation of a median absolute deviation, of what is normal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cliff:
    """Where the rate fell: after so many values (seconds), from what to what."""

    after: int
    burst: float
    sustained: float


def cliff(rates: Sequence[float]) -> Cliff | None:
    """Return the fall of a window's rates, one a second; None where there is none, or fewer than 60."""
    if len(rates) < SHORTEST:
        return None
    at = _step(rates)
    before, after = _means(rates[at % BIN : at]), _means(rates[at:])
    burst, sustained = median(before), median(after)
    fall, middle = burst - sustained, (burst + sustained) / 2
    if fall < FALL * burst or max(after) >= middle:
        return None
    if LONGER * _longest_below(before, middle) > len(after):
        return None
    spread = max(map(_spread, (before, after)))
    if fall < APART * spread or max(map(_drift, (before, after))) > LEVEL * fall:
        return None
    return Cliff(after=at, burst=burst, sustained=sustained)


def _step(rates: Sequence[float]) -> int:
    """Return after how many values two levels fit best: least squares of a step."""
    sums, count = [0.0, *accumulate(rates)], len(rates)

    def gain(at: int) -> float:
        fall = sums[at] / at - (sums[count] - sums[at]) / (count - at)
        return max(fall, 0.0) ** 2 * at * (count - at)

    return max(range(SEGMENT, count - SEGMENT + 1), key=gain)


def _means(values: Sequence[float]) -> list[float]:
    return [mean(values[start : start + BIN]) for start in range(0, len(values) - BIN + 1, BIN)]


def _longest_below(values: Sequence[float], level: float) -> int:
    longest = under_way = 0
    for value in values:
        under_way = under_way + 1 if value < level else 0
        longest = max(longest, under_way)
    return longest


def _spread(values: Sequence[float]) -> float:
    centre = median(values)
    return OF_NORMAL * median(abs(value - centre) for value in values)


def _drift(values: Sequence[float]) -> float:
    third = max(len(values) // 3, 1)
    return abs(median(values[-third:]) - median(values[:third]))
