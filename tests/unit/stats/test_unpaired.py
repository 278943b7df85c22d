"""Two runs whose blocks were not interleaved: Welch on the logarithms, SciPy as the oracle."""

import math
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from bench.model.errors import DataError
from bench.stats.unpaired import compare_unpaired

RATES = st.lists(st.floats(1, 1e6), min_size=2, max_size=12)


def some(source, count, effect=0.0, noise=0.02):
    return [1000 * math.exp(source.gauss(effect, noise)) for _ in range(count)]


@given(RATES, RATES)
def test_interval_and_p_value_are_those_of_scipys_welch(one, other):
    logs = [[math.log(rate) for rate in rates] for rates in (one, other)]
    assume(all(max(each) - min(each) > 1e-6 for each in logs))  # SciPy warns of what is all but constant
    found = compare_unpaired(one, other)
    welch = stats.ttest_ind(logs[1], logs[0], equal_var=False)
    low, high = welch.confidence_interval(0.95)
    assert found.p_value == pytest.approx(welch.pvalue, rel=1e-6, abs=1e-12)
    assert (math.log(found.interval.low), math.log(found.interval.high)) == pytest.approx((low, high), rel=1e-6)


def test_equal_runs_are_called_different_at_most_6_times_in_100_however_unlike_their_spread():
    source = random.Random(3)
    found = [compare_unpaired(some(source, 6), some(source, 10, noise=0.08), margin=0) for _ in range(2000)]
    assert sum(one.verdict != "undecided" for one in found) / 2000 <= 0.06


def test_a_planted_5_percent_under_2_percent_noise_is_found_in_10_blocks_9_times_in_10():
    source = random.Random(5)
    found = [compare_unpaired(some(source, 10), some(source, 10, math.log(1.05))) for _ in range(1000)]
    assert sum(one.verdict == "faster" for one in found) >= 900


def test_the_blocks_still_needed_decide_8_times_in_10():
    source = random.Random(17)
    effect, noise = 0.04, 0.03
    needed = compare_unpaired(
        [1000 * math.exp(x) for x in (-noise, 0, noise)], [1040 * math.exp(x) for x in (-noise, 0, noise)]
    )
    blocks = 3 + needed.more_blocks
    found = [compare_unpaired(some(source, blocks, 0, noise), some(source, blocks, effect, noise)) for _ in range(500)]
    assert sum(one.verdict == "faster" for one in found) / 500 >= 0.76


@pytest.mark.parametrize(("one", "other"), [([5.0], [5.0, 6]), ([5.0, 6], [7.0])])
def test_one_trial_on_a_side_decides_nothing(one, other):
    found = compare_unpaired(one, other)
    assert (found.verdict, found.interval, found.p_value, found.more_blocks) == ("undecided", None, None, None)


def test_runs_without_any_spread_are_told_by_their_ratio():
    assert compare_unpaired([5.0, 5], [5.0, 5]).verdict == "equivalent"
    assert compare_unpaired([5.0, 5], [6.0, 6]).verdict == "faster"


@pytest.mark.parametrize(("one", "other"), [([], [1.0]), ([1.0], []), ([0.0], [1.0]), ([math.inf], [1.0])])
def test_what_has_no_logarithm_is_refused(one, other):
    with pytest.raises(DataError):
        compare_unpaired(one, other)
