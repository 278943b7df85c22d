"""Ranks of many with what is not known of each: from joint intervals, a range of ranks that all hold together.

Source: Klein, Wright, Wieczorek, A joint confidence region for an overall ranking of populations, Journal of the Royal
Statistical Society C 69 (2020): where all intervals hold together, one is certainly behind those that lie wholly above
it and before those that lie wholly below it, and nothing else is certain.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache

from bench.stats.distributions import student_t_critical
from bench.stats.intervals import Interval, deviation, mean

UNKNOWN = Interval(0.0, math.inf)
"""Of a rate whose spread nobody knows: it may have any rank."""
_critical = lru_cache(maxsize=4096)(student_t_critical)


def each_alpha(alpha: float, count: int) -> float:
    """Return the alpha of each of so many independent intervals that hold together with 1 − ``alpha`` (Šidák, 1967).

    >>> from bench.stats.ranks import each_alpha
    >>> round(each_alpha(0.05, 1), 9), round(each_alpha(0.05, 10), 5)
    (0.05, 0.00512)
    """
    return -math.expm1(math.log1p(-alpha) / max(count, 1))


def rate_interval(rates: Sequence[float], alpha: float) -> Interval:
    """Return Student's t interval of the geometric mean of rates; ``UNKNOWN`` of fewer than two."""
    if len(rates) < 2 or min(rates) <= 0:
        return UNKNOWN
    logs = list(map(math.log, rates))
    reach = _critical(alpha, len(logs) - 1) * deviation(logs) / math.sqrt(len(logs))
    centre = mean(logs)
    # Beyond what a float holds nothing is known either.
    high = math.exp(centre + reach) if centre + reach < math.log(MOST) else math.inf
    return Interval(math.exp(max(centre - reach, -math.log(MOST))), high)


MOST = 1e300


def rank_ranges(joint: Sequence[Interval]) -> list[tuple[int, int]]:
    """Return the best and the worst rank of each, 1 being the highest; ``joint`` are intervals that hold together.

    >>> from bench.stats.intervals import Interval
    >>> from bench.stats.ranks import rank_ranges
    >>> rank_ranges([Interval(10, 12), Interval(11, 13), Interval(1, 2)])
    [(1, 2), (1, 2), (3, 3)]
    """
    lows, highs = sorted(each.low for each in joint), sorted(each.high for each in joint)
    found = []
    for each in joint:
        above = len(joint) - bisect_right(lows, each.high)
        below = bisect_left(highs, each.low)
        found.append((1 + above, len(joint) - below))
    return found
