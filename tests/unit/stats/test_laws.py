"""The laws on the published ladder's own figures, and on a simulated queue."""

import math
import random

import pytest

from bench.stats.laws import ceiling, expected_gain, in_flight, utilisation


@pytest.mark.parametrize(("per_second", "seconds", "width"), [(175, 2.8e-3, 0.49), (5100, 6.3e-3, 32)])
def test_the_published_ladder_has_fewer_in_flight_than_it_seems(per_second, seconds, width):
    assert in_flight(per_second, seconds) == pytest.approx(width, rel=0.01)


def test_a_closed_loop_keeps_its_workers_under_way():
    source = random.Random(4)
    times = [[source.expovariate(100) for _ in range(4000)] for _ in range(8)]
    elapsed = sum(map(sum, times)) / 8
    rate = sum(map(len, times)) / elapsed
    assert in_flight(rate, sum(map(sum, times)) / sum(map(len, times))) == pytest.approx(8)


def test_a_resource_is_full_at_its_ceiling():
    assert utilisation(ceiling(2e-4, servers=4), 2e-4, servers=4) == pytest.approx(1)
    assert utilisation(1000, 5e-4) == 0.5
    assert ceiling(0) == math.inf


def test_half_the_time_removed_doubles_the_throughput():
    assert expected_gain(0.5) == 2
    assert expected_gain(0) == 1
