"""The interval of a counted share."""

import pytest
from scipy.stats import binomtest

from bench.model.errors import DataError
from bench.stats.proportions import share_interval


@pytest.mark.parametrize(("found", "count"), [(0, 1), (0, 4), (4, 4), (1, 12), (50, 1000)])
def test_it_is_scipys_wilson_interval(found, count):
    ours, theirs = share_interval(found, count), binomtest(found, count).proportion_ci(method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_none_found_in_four_leaves_nearly_half_possible():
    assert share_interval(0, 4).low == 0
    assert share_interval(0, 4).high == pytest.approx(0.49, abs=0.005)


@pytest.mark.parametrize(("found", "count"), [(0, 0), (2, 1), (-1, 3)])
def test_what_is_no_share_is_refused(found, count):
    with pytest.raises(DataError, match="is no share"):
        share_interval(found, count)
