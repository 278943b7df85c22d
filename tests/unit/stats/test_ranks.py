"""Rank ranges hold all together as often as they say, and narrow where boxes are surely apart."""

import math
import random

import pytest

from bench.stats.intervals import Interval
from bench.stats.ranks import UNKNOWN, each_alpha, rank_ranges, rate_interval

BOXES, TRIALS, SIMULATED = 12, 5, 400


def test_what_is_wholly_above_is_before_and_what_overlaps_may_be():
    joint = [Interval(50, 60), Interval(10, 12), Interval(11, 14), Interval(1, 2), UNKNOWN]
    assert rank_ranges(joint) == [(1, 2), (2, 4), (2, 4), (4, 5), (1, 5)]


def test_intervals_that_touch_leave_both_ranks_open():
    assert rank_ranges([Interval(1, 2), Interval(2, 3)]) == [(1, 2), (1, 2)]


def test_one_has_the_first_rank_and_none_has_none():
    assert rank_ranges([Interval(1, 2)]) == [(1, 1)]
    assert rank_ranges([]) == []


@pytest.mark.parametrize("rates", [[], [5.0], [5.0, 0.0]])
def test_without_a_spread_nothing_is_known(rates):
    assert rate_interval(rates, 0.05) == UNKNOWN


def test_the_widest_intervals_are_still_intervals():
    found = rate_interval([1.0, 1e9], each_alpha(0.05, 10_000))
    assert (found.low >= 0, found.high) == (True, math.inf)


def test_all_ranks_of_a_table_lie_in_their_ranges_in_95_of_100_tables():
    chance = random.Random(7)
    true = [1000 * 1.03**at for at in range(BOXES)]
    ranks = [BOXES - at for at in range(BOXES)]
    whole = narrowed = 0
    for _ in range(SIMULATED):
        rates = [[rate * math.exp(chance.gauss(0, 0.04)) for _ in range(TRIALS)] for rate in true]
        joint = [rate_interval(each, each_alpha(0.05, BOXES)) for each in rates]
        found = rank_ranges(joint)
        whole += all(best <= rank <= worst for rank, (best, worst) in zip(ranks, found, strict=True))
        narrowed += any((best, worst) != (1, BOXES) for best, worst in found)
    assert whole / SIMULATED >= 0.95
    # Else ranges that say nothing would pass.
    assert narrowed / SIMULATED > 0.5
