"""The interval of a mean."""

import numpy as np
import pytest
from scipy import special

from bench.stats.intervals import Estimate, Interval, geometric, mean_interval


def test_the_means_interval_is_scipys():
    values = [3.1, 2.9, 3.7, 3.0, 2.2, 4.1]
    half = special.stdtrit(5, 0.95) * np.std(values, ddof=1) / np.sqrt(6)
    centre = np.mean(values)
    assert mean_interval(values, 0.1) == Interval(pytest.approx(centre - half), pytest.approx(centre + half))


def test_the_geometric_means_interval_is_that_of_the_logarithms():
    values = [3.1, 2.9, 3.7, 3.0, 2.2, 4.1]
    logs = mean_interval(np.log(values), 0.05)
    found = geometric(values)
    assert found.estimate == pytest.approx(np.prod(values) ** (1 / 6))
    assert (found.low, found.high) == pytest.approx((np.exp(logs.low), np.exp(logs.high)))


def test_one_value_alone_has_no_interval():
    assert geometric([3.0]) == Estimate(estimate=pytest.approx(3.0), low=None, high=None)
