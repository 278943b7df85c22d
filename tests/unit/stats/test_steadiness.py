"""Windows of every shape are named for what they show."""

import random

import numpy as np
import pytest

from bench.stats.steadiness import assess, mser5, passes, shares, slope


def noisy(levels, noise=0.03, seed=1):
    source = random.Random(seed)
    return [max(0.0, level * (1 + source.gauss(0, noise))) for level in levels]


RISING = [300 + 70 * at for at in range(10)]
SHAPES = {
    "flat": ([1000] * 60, "flat", True),
    "flat but noisy from second to second": (noisy([1000] * 60, 0.2), "flat", True),
    "a warm-up of a sixth": (RISING + [1000] * 50, "warm-up", True),
    "a burst, then the cache is full": ([2000] * 15 + [900] * 45, "slowdown", True),
    "a late cliff": ([1000] * 54 + [200] * 6, "slowdown", False),
    "falling all along": ([1000 - 8 * at for at in range(60)], "slowdown", False),
    "rising all along": ([500 + 8 * at for at in range(60)], "warm-up", False),
    "swings": (([1000] * 12 + [300] * 12) * 2 + [1000] * 12, "no steady state", False),
    "a standstill after a start": ([1000] * 20 + [0] * 40, "slowdown", False),
    "nothing at all": ([0] * 60, "no steady state", False),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_window_is_named_for_what_it_shows(shape):
    levels, label, steady = SHAPES[shape]
    for seed in range(5):
        found = assess(noisy(levels, seed=seed))
        assert (found.label, found.steady) == (label, steady), (shape, seed, found)


def test_steady_noise_is_called_flat_nearly_always():
    found = [assess(noisy([1000] * 20, 0.05, seed)) for seed in range(300)]
    assert sum(one.label == "flat" for one in found) >= 0.95 * 300


def test_short_windows_are_not_assessed():
    assert assess([1000] * 19) is None


def test_the_warm_up_is_cut_about_where_it_ends_and_never_beyond_half():
    assert mser5(noisy(RISING + [1000] * 50)) in (5, 10, 15, 20)
    assert mser5([1000] * 60) == 0
    assert mser5([1] * 59 + [1000]) <= 30


def test_the_rule_is_met_at_its_limits():
    assert passes(0.2, -0.1)
    assert not passes(0.2001, 0)
    assert not passes(0, -0.1001)


def test_range_and_drift_are_of_five_rounds():
    range_share, drift_share = shares([90] * 4 + [95] * 4 + [100] * 4 + [105] * 4 + [110] * 4)
    assert (range_share, drift_share) == (pytest.approx(0.2), pytest.approx(0.2))


def test_the_slope_is_numpys():
    values = noisy(range(1, 30), 0.3)
    assert slope(values) == pytest.approx(np.polyfit(range(29), values, 1)[0])
