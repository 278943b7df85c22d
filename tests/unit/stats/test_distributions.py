"""Student's t against SciPy."""

import pytest
from scipy import special
from scipy.stats import chi, nct

from bench.stats.distributions import (
    chi_scales,
    noncentral_t_outside,
    student_t_critical,
    student_t_tail,
)

DEGREES = [1, 2, 3, 5, 9.5, 29, 100, 1000, 100_000]


@pytest.mark.parametrize("df", DEGREES)
def test_the_tail_is_scipys(df):
    for t in (-1e4, -30, -2.5, -0.7, -1e-9, 0, 1e-3, 0.5, 1.96, 4, 12, 1e5):
        assert student_t_tail(-t, df) == pytest.approx(special.stdtr(df, t), abs=1e-9)


@pytest.mark.parametrize("df", DEGREES)
def test_the_critical_value_is_scipys(df):
    for alpha in (2e-6, 0.02, 0.05, 0.4, 0.8):
        assert student_t_critical(alpha, df) == pytest.approx(special.stdtrit(df, 1 - alpha / 2), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("df", [1, 2, 5, 29])
def test_far_tails_keep_their_digits(df):
    assert student_t_tail(200, df) == pytest.approx(special.stdtr(df, -200), rel=1e-9)
    assert student_t_critical(1e-12, df) == pytest.approx(-special.stdtrit(df, 5e-13), rel=1e-9)


@pytest.mark.parametrize("df", [1, 2, 3, 5, 9.5, 29, 100, 1000])
def test_the_power_of_a_t_test_is_that_of_scipys_noncentral_t(df):
    critical = -special.stdtrit(df, 0.025)
    for shift in (0, 0.5, 1, 2, 3, 4):
        expected = nct.sf(critical, df, shift) + nct.sf(critical, df, -shift)
        assert noncentral_t_outside(critical, df, shift) == pytest.approx(expected, abs=0.002)


@pytest.mark.parametrize("df", [1, 2, 5, 29, 400])
@pytest.mark.parametrize("step", [0.25, 0.5])
def test_the_scales_of_a_sample_are_those_of_chi(df, step):
    nodes = chi_scales(df, step)
    assert sum(weight for _, weight in nodes) == pytest.approx(1)
    assert sum(weight * scale for scale, weight in nodes) == pytest.approx(chi.mean(df) / df**0.5, rel=0.005)
    assert sum(weight * scale**2 for scale, weight in nodes) == pytest.approx(1, rel=0.01)
