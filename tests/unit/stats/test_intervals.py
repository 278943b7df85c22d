"""Intervals of the mean and of the median."""

import random

import numpy as np
import pytest
from scipy import special

from bench.model.errors import DataError
from bench.stats.intervals import Interval, mean_interval, median


def test_the_means_interval_is_scipys():
    values = [3.1, 2.9, 3.7, 3.0, 2.2, 4.1]
    half = special.stdtrit(5, 0.95) * np.std(values, ddof=1) / np.sqrt(6)
    centre = np.mean(values)
    assert mean_interval(values, 0.1) == Interval(pytest.approx(centre - half), pytest.approx(centre + half))


@pytest.mark.parametrize("count", [*range(1, 40), 101, 500])
def test_the_medians_interval_is_the_narrowest_that_the_binomial_allows(count):
    found = median(range(1, count + 1)).interval
    # The k-th smallest and the k-th largest miss with probability 2·P(X < k).
    rank = sum(2 * special.bdtr(k, count, 0.5) <= 0.05 for k in range(count))
    if rank == 0:
        assert found is None
    else:
        assert found == Interval(rank, count + 1 - rank)


def test_six_values_are_the_fewest_for_a_median_interval():
    assert median([5, 1, 4, 2, 3]).interval is None
    assert median([5, 1, 4, 2, 3, 6]).interval == Interval(1, 6)


def test_the_median_of_an_even_count_is_halfway():
    assert median([4, 1, 3, 2]).value == 2.5
    with pytest.raises(DataError, match="at least one"):
        median([])


def test_the_medians_interval_covers_a_skewed_median():
    source = random.Random(11)
    draws = [median([source.expovariate(1) for _ in range(15)]).interval for _ in range(2000)]
    assert sum(found.low <= 0.6931 <= found.high for found in draws if found) / 2000 >= 0.94
