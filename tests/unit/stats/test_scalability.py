"""The Universal Scalability Law: found again where it holds, refused where points have no such shape."""

import pytest

from bench.stats.scalability import fit

NUMBERS = (1, 2, 4, 8, 16, 32)


def law(number, each=1000.0, contention=0.05, coherency=0.002):
    return each * number / (1 + contention * (number - 1) + coherency * number * (number - 1))


def test_the_law_that_made_the_points_is_found_with_its_peak():
    found = fit(NUMBERS, list(map(law, NUMBERS)))
    assert (found.one_alone, found.contention, found.coherency) == pytest.approx((1000, 0.05, 0.002), rel=1e-6)
    assert found.peak == pytest.approx((0.95 / 0.002) ** 0.5)
    assert found.misfit == pytest.approx(0, abs=1e-9)


def test_what_scales_without_end_has_no_peak_and_a_point_that_is_off_is_told_by_how_much():
    straight = fit(NUMBERS, [law(number, coherency=0.0) for number in NUMBERS])
    assert straight is None or straight.peak is None or straight.peak > 1000
    rates = list(map(law, NUMBERS))
    rates[2] *= 1.3
    assert 0.1 < fit(NUMBERS, rates).misfit < 0.3


@pytest.mark.parametrize(
    ("numbers", "rates"),
    [
        ((1, 2, 4), (1.0, 2.0, 3.0)),  # three points show no misfit
        ((1, 1, 1, 1), (1.0, 2.0, 3.0, 4.0)),
        ((1, 2, 4, 8), (1.0, 4.0, 16.0, 64.0)),  # faster than so many times one
    ],
)
def test_points_without_its_shape_have_no_law(numbers, rates):
    assert fit(numbers, rates) is None
