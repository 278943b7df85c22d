"""The shape of a latency distribution."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.shape import shape
from tests.builders import a_histogram


def test_nothing_has_no_shape():
    assert shape(a_histogram()) == []


@given(st.lists(st.integers(1, 3_600_000_000), min_size=1))
def test_every_commit_is_in_one_bin(micros):
    bins = shape(a_histogram(*micros))
    assert sum(each.share for each in bins) == pytest.approx(1)
    assert all(before.to_ms <= after.from_ms for before, after in pairwise(bins))
    assert bins[0].from_ms <= min(micros) / 1000 * 1.002
    assert max(micros) / 1000 <= bins[-1].to_ms * 1.002


def test_a_bin_is_as_wide_on_a_log_scale_as_any_other():
    fast, slow = shape(a_histogram(500, 50_000))
    assert fast.to_ms / fast.from_ms == pytest.approx(slow.to_ms / slow.from_ms, rel=0.01)
