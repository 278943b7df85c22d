"""The interval of a mean."""

import numpy as np
import pytest
from scipy import special

from bench.stats.intervals import Interval, mean_interval


def test_the_means_interval_is_scipys():
    values = [3.1, 2.9, 3.7, 3.0, 2.2, 4.1]
    half = special.stdtrit(5, 0.95) * np.std(values, ddof=1) / np.sqrt(6)
    centre = np.mean(values)
    assert mean_interval(values, 0.1) == Interval(pytest.approx(centre - half), pytest.approx(centre + half))
