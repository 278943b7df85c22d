"""A fall to a lower level is found where it is; noise, drift and checkpoints' dips are told as none."""

import random

import pytest

from bench.stats.cliff import cliff

SECONDS, TIMES = 120, 300


def noisy(level, chance, *, noise=0.05, memory=0.5):
    """Rates about a level that depends on the second, their noise remembered from one to the next."""
    rates, off = [], 0.0
    for second in range(SECONDS):
        off = memory * off + chance.gauss(0, noise * (1 - memory**2) ** 0.5)
        rates.append(max(level(second) * (1 + off), 0.0))
    return rates


def flat(_):
    return 100_000


def drifting(second):
    return 100_000 * (1.3 - 0.6 * second / SECONDS)


def warming_up(second):
    return 100_000 * (0.3 if second < 15 else 1.0)


def slower_with_heat(second):
    return 100_000 * (0.6 + 0.4 * 0.5 ** (second / 25))


def dips(period, length, depth, start=0):
    return lambda second: 100_000 * (depth if (second + start) % period < length else 1.0)


def found_in(level, times=TIMES, **noise):
    return sum(cliff(noisy(level, random.Random(seed), **noise)) is not None for seed in range(times)) / times


@pytest.mark.parametrize(
    ("level", "noise"),
    [
        (flat, {"noise": 0.02}),
        (flat, {"noise": 0.15, "memory": 0}),
        (flat, {"noise": 0.15, "memory": 0.9}),
        (flat, {"noise": 0.3, "memory": 0.95}),
        (drifting, {}),
        (drifting, {"noise": 0.02}),
        (warming_up, {}),
        (slower_with_heat, {}),
        (dips(30, 8, 0.4), {}),
        (dips(45, 15, 0.3), {}),
        (dips(60, 20, 0.5), {}),
        (dips(100, 30, 0.4), {}),
    ],
    ids=[
        *("quiet", "noise", "slow noise", "wild noise", "drift", "quiet drift", "warm-up", "heat"),
        *("short dips", "dips", "long dips", "longer dips"),
    ],
)
def test_where_nothing_falls_for_good_hardly_ever_is_a_fall_told(level, noise):
    assert found_in(level, **noise) <= 0.05


@pytest.mark.parametrize("start", range(0, 60, 7))
def test_a_dip_that_the_end_of_the_window_cuts_is_no_fall(start):
    assert found_in(dips(60, 20, 0.4, start), times=60) <= 0.05


@pytest.mark.parametrize("at", [30, 55, 90])
@pytest.mark.parametrize("left", [0.3, 0.6])
def test_a_fall_is_found_with_both_levels_and_its_second(at, left):
    hits = 0
    for seed in range(100):
        found = cliff(noisy(lambda second: 100_000 * (1 if second < at else left), random.Random(seed)))
        if found:
            near = abs(found.after - at) <= 3
            levels = (found.burst, found.sustained) == pytest.approx((100_000, 100_000 * left), rel=0.08)
            hits += near and levels
    assert hits >= 95


def test_a_fall_among_checkpoints_dips_is_found():
    hits = 0
    for seed in range(100):
        level = lambda second: (100_000 if second < 70 else 40_000) * (0.6 if second % 30 < 6 else 1)  # noqa: E731
        found = cliff(noisy(level, random.Random(seed)))
        hits += found is not None and abs(found.after - 70) <= 5
    assert hits >= 90


def test_of_a_short_window_and_of_a_standstill_nothing_is_told():
    assert cliff([100.0] * 30 + [10.0] * 29) is None
    assert cliff([0.0] * 120) is None
    assert cliff([100.0] * 60 + [0.0] * 60).sustained == 0
