"""Intervals of the mean and of the median."""

import random

import pytest
from scipy import stats

from bench.model import WrongUseError
from bench.stats.intervals import Interval, mean_interval, median


def test_the_means_interval_is_scipys():
    values = [3.1, 2.9, 3.7, 3.0, 2.2, 4.1]
    low, high = stats.t.interval(0.9, 5, stats.describe(values).mean, stats.sem(values))
    assert mean_interval(values, 0.1) == Interval(pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize("count", [*range(1, 40), 101, 500])
def test_the_medians_interval_is_the_narrowest_that_the_binomial_allows(count):
    found = median(range(1, count + 1)).interval
    rank = int(stats.binom.ppf(0.025, count, 0.5))  # the k-th and the (n + 1 − k)-th miss with 2·P(X < k)
    if rank == 0:
        assert found is None
    else:
        assert found == Interval(rank, count + 1 - rank)


def test_six_values_are_the_fewest_for_a_median_interval():
    assert median([5, 1, 4, 2, 3]).interval is None
    assert median([5, 1, 4, 2, 3, 6]).interval == Interval(1, 6)


def test_the_median_of_an_even_count_is_halfway():
    assert median([4, 1, 3, 2]).value == 2.5
    with pytest.raises(WrongUseError, match="at least one"):
        median([])


def test_the_medians_interval_covers_a_skewed_median():
    source = random.Random(11)
    draws = [median([source.expovariate(1) for _ in range(15)]).interval for _ in range(2000)]
    assert sum(found.low <= 0.6931 <= found.high for found in draws if found) / 2000 >= 0.94
