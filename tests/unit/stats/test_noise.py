"""The noise floor finds the noise that is there."""

import math
import random

import pytest

from bench.model.errors import UsageError
from bench.stats.compare import compare
from bench.stats.noise import false_alarms, noise_floor


def box(blocks, noise=0.02, drift=0.0, seed=6):
    source = random.Random(seed)
    trend = [drift * block / (blocks - 1) for block in range(blocks)]
    return tuple([1000 * math.exp(rise + source.gauss(0, noise)) for rise in trend] for _ in range(2))


def test_spread_and_drift_are_found():
    floor = noise_floor(*box(400, 0.02, math.log(1.1)))
    assert floor.spread == pytest.approx(0.02 * math.sqrt(2), rel=0.1)
    assert floor.drift == pytest.approx(0.1, abs=0.01)
    assert floor.comparison.verdict == "equivalent"


def test_the_drift_is_from_the_first_block_to_the_last():
    assert noise_floor([1000, 1100, 1210], [1000, 1100, 1210]).drift == pytest.approx(0.21)


def test_it_says_what_it_can_detect_and_how_long_that_takes():
    floor = noise_floor(*box(400))
    assert floor.detectable(10) == pytest.approx(0.028, abs=0.004)
    assert floor.detectable(floor.blocks_for(0.05)) <= 0.05
    assert floor.blocks_for(1e-6) is None


def test_equal_arms_are_called_equivalent_in_the_blocks_it_asks_for():
    blocks = noise_floor(*box(400)).blocks_for(0.03)
    found = [compare(*box(blocks, seed=seed), margin=0.03).verdict for seed in range(300)]
    assert 0.74 * 300 <= found.count("equivalent") <= 0.9 * 300


def test_a_long_run_raises_the_false_alarms_it_should():
    alarms, comparisons = false_alarms(*box(6003), 6)
    assert comparisons == 1000
    assert 0.035 <= alarms / comparisons <= 0.06


def test_too_little_is_refused():
    with pytest.raises(UsageError, match="at least 2 blocks"):
        noise_floor([1], [1])
    with pytest.raises(UsageError, match="not from 1"):
        false_alarms([1, 2], [1, 2], 1)
