"""Student's t against SciPy."""

import pytest
from scipy import special

from bench.stats.distributions import student_t_cdf, student_t_critical, student_t_tail

DEGREES = [1, 2, 3, 5, 9.5, 29, 100, 1000, 100_000]


@pytest.mark.parametrize("df", DEGREES)
def test_the_cdf_is_scipys(df):
    for t in (-1e4, -30, -2.5, -0.7, -1e-9, 0, 1e-3, 0.5, 1.96, 4, 12, 1e5):
        assert student_t_cdf(t, df) == pytest.approx(special.stdtr(df, t), abs=1e-9)


@pytest.mark.parametrize("df", DEGREES)
def test_the_critical_value_is_scipys(df):
    for alpha in (2e-6, 0.02, 0.05, 0.4, 0.8):
        assert student_t_critical(alpha, df) == pytest.approx(special.stdtrit(df, 1 - alpha / 2), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("df", [1, 2, 5, 29])
def test_far_tails_keep_their_digits(df):
    assert student_t_tail(200, df) == pytest.approx(special.stdtr(df, -200), rel=1e-9)
    assert student_t_critical(1e-12, df) == pytest.approx(-special.stdtrit(df, 5e-13), rel=1e-9)
