"""Verdicts from paired blocks: what they say, how often they are wrong, how often they find what is there."""

import math
import random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from bench.model.errors import DataError
from bench.stats.blocks import block_orders
from bench.stats.compare import among, compare, detectable, equivalence_p, judged
from bench.stats.multiplicity import holm
from tests.studies.blocks_needed import decided, found_again

RATES = st.lists(st.tuples(st.floats(1, 1e6), st.floats(1, 1e6)), min_size=2, max_size=12)


def autocorrelated(source: random.Random, noise: float, carried: float) -> Iterator[float]:
    """Noise of standard deviation ``noise`` that keeps the share ``carried`` from one trial to the next."""
    value = source.gauss(0, noise)
    while True:
        yield value
        value = carried * value + source.gauss(0, noise * math.sqrt(1 - carried**2))


def all_drawn(arms, blocks, source):
    """Orders as those of plans before blocks went there and back."""
    return [source.sample(arms, 2) for _ in range(blocks)]


def run(source, blocks, effect=0.0, noise=0.02, *, drift=0.0, carried=0.0, orders=block_orders):
    """Rates of two arms in randomised blocks on a box that drifts and remembers."""
    noises = autocorrelated(source, noise, carried)
    arms = [], []
    for block, order in enumerate(orders((0, 1), blocks, source)):
        for place, arm in enumerate(order):
            trend = drift * (2 * block + place) / (2 * blocks)
            arms[arm].append(1000 * math.exp(effect * arm + trend + next(noises)))
    return arms


@pytest.mark.parametrize("carried", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("blocks", [3, 5, 10])
def test_a_box_that_drifts_and_remembers_raises_at_most_6_percent_false_alarms(blocks, carried):
    source = random.Random(2024)
    found = [compare(*run(source, blocks, drift=0.04, carried=carried), margin=0) for _ in range(1500)]
    assert sum(one.p_value < 0.05 for one in found) / len(found) <= 0.06
    assert sum(one.verdict != "undecided" for one in found) / len(found) <= 0.06


def steadily_drifting(blocks, by_trial, orders=block_orders):
    """The share of comparisons of equal arms that tell them apart, on a quiet box that drifts as much a trial."""
    source = random.Random(31)
    drift = 2 * blocks * by_trial
    found = [compare(*run(source, blocks, noise=0.002, drift=drift, orders=orders)).verdict for _ in range(1000)]
    return (found.count("faster") + found.count("slower")) / len(found)


@pytest.mark.parametrize("by_trial", [0.005, 0.02, 0.05])
@pytest.mark.parametrize("blocks", [2, 3, 4, 5, 6, 10])
def test_steady_drift_of_a_quiet_box_is_taken_for_a_difference_at_most_6_times_in_100(blocks, by_trial):
    assert steadily_drifting(blocks, by_trial) <= 0.06


@pytest.mark.parametrize(("blocks", "least", "most"), [(3, 0.2, 0.28), (4, 0.1, 0.15), (5, 0.04, 0.08)])
def test_where_every_order_was_drawn_it_is_as_often_as_the_note_of_few_blocks_says(blocks, least, most):
    assert least <= steadily_drifting(blocks, 0.03, all_drawn) <= most


@pytest.mark.parametrize(("noise", "effect", "blocks"), [(0.01, 0, 3), (0.02, 0.05, 6), (0.1, -0.3, 10)])
def test_the_interval_covers_the_true_ratio_at_least_93_times_in_100(noise, effect, blocks):
    source = random.Random(7)
    found = [compare(*run(source, blocks, effect, noise, drift=0.04, carried=0.5)).interval for _ in range(1500)]
    assert 0.93 <= sum(one.low <= math.exp(effect) <= one.high for one in found) / 1500 <= 0.97


def test_a_planted_5_percent_under_2_percent_noise_is_found_in_10_blocks_9_times_in_10():
    source = random.Random(5)
    found = [compare(*run(source, 10, math.log(1.05), drift=0.04, carried=0.5)).verdict for _ in range(1000)]
    assert found.count("faster") >= 900


def test_running_one_arm_after_the_other_would_turn_drift_into_findings():
    source = random.Random(3)
    alarms = 0
    for _ in range(500):
        rates = [1000 * math.exp(0.04 * at / 20 + source.gauss(0, 0.02)) for at in range(20)]
        alarms += compare(rates[:10], rates[10:]).verdict == "faster"
    assert alarms > 0.25 * 500


@given(RATES)
@settings(max_examples=100, derandomize=True, deadline=None)
def test_estimate_interval_and_p_value_are_scipys(pairs):
    baseline, candidate = zip(*pairs, strict=True)
    logs = [math.log(b) - math.log(a) for a, b in pairs]
    found = compare(baseline, candidate)
    assert found.ratio == pytest.approx(math.exp(math.fsum(logs) / len(logs)))
    if max(logs) - min(logs) > 1e-6:
        df, centre, error = len(logs) - 1, np.mean(logs), np.std(logs, ddof=1) / math.sqrt(len(logs))
        assert found.p_value == pytest.approx(2 * special.stdtr(df, -abs(centre / error)), rel=1e-6)
        low, high = centre + special.stdtrit(df, 0.025) * error, centre + special.stdtrit(df, 0.975) * error
        if high < 600:
            assert (found.interval.low, found.interval.high) == pytest.approx((math.exp(low), math.exp(high)), rel=1e-6)


@given(RATES)
@settings(max_examples=100, derandomize=True, deadline=None)
def test_swapping_the_arms_turns_the_answer_round(pairs):
    baseline, candidate = zip(*pairs, strict=True)
    there, back = compare(baseline, candidate), compare(candidate, baseline)
    assert there.ratio == pytest.approx(1 / back.ratio)
    opposite = {"faster": "slower", "slower": "faster"}
    assert back.verdict == opposite.get(there.verdict, there.verdict)
    assert (back.more_blocks, back.more_blocks_at_most) == (there.more_blocks, there.more_blocks_at_most)


def test_equivalence_is_said_before_faster():
    found = compare([1000, 1001, 999, 1000], [1005, 1006.5, 1004, 1004.8])
    assert found.interval.low > 1
    assert found.verdict == "equivalent"


@pytest.mark.parametrize(
    ("candidate", "verdict"),
    [([1100, 1110, 1095], "faster"), ([900, 905, 893], "slower"), ([1100, 900, 1000], "undecided")],
)
def test_the_other_three_answers(candidate, verdict):
    found = compare([1000, 1000, 1000], candidate)
    assert found.verdict == verdict
    assert (found.more_blocks is None) == (verdict != "undecided")


def test_the_margin_is_the_same_factor_on_both_sides():
    assert compare([1000, 1000], [1019.99, 1019.99]).verdict == "equivalent"
    assert compare([1019.99, 1019.99], [1000, 1000]).verdict == "equivalent"
    assert compare([1000, 1000], [980.3, 980.3]).verdict == "slower"


def test_one_block_gives_a_ratio_and_no_more():
    found = compare([1000], [2000])
    assert (found.ratio, found.verdict) == (pytest.approx(2), "undecided")
    assert (found.interval, found.p_value, found.detectable, found.more_blocks) == (None, None, None, None)


def test_arms_that_never_differ_are_equivalent_and_arms_that_differ_alike_are_not():
    assert compare([10, 20], [10, 20]).p_value == 1
    assert compare([10, 20], [10, 20]).verdict == "equivalent"
    assert compare([10, 20], [20, 40]).verdict == "faster"
    assert compare([10, 20], [20, 40]).p_value == pytest.approx(0)
    assert compare([10, 10], [20, 20]).p_value == 0


@pytest.mark.parametrize(
    ("baseline", "candidate", "says"),
    [
        ([], [], "at least one: 0 and 0"),
        ([1], [1, 2], "same blocks of both arms, at least one: 1 and 2"),
        ([1, 0], [1, 2], "block 2 has the rates 0 and 2"),
        ([1, 2], [math.nan, 2], "block 1 has the rates 1 and nan"),
        ([1, 2], [2, math.inf], "block 2 has the rates 2 and inf"),
    ],
)
def test_what_does_not_compare_is_refused_in_a_sentence(baseline, candidate, says):
    with pytest.raises(DataError, match=says):
        compare(baseline, candidate)


def test_a_spread_beyond_all_measure_ends_in_infinity_not_in_an_error():
    found = compare([1, 1e300], [1e300, 1])
    assert (found.interval, found.detectable, found.more_blocks) == (None, math.inf, None)
    assert compare([1e-300], [1e300]).ratio == math.inf


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 20])
@pytest.mark.parametrize("blocks", [2, 3, 4, 5, 6, 12, 30])
def test_however_few_the_blocks_what_is_detectable_is_found_in_8_of_10_cases_over_the_spreads_they_leave_open(
    blocks, alpha
):
    freedom, errors = blocks - 1, math.log1p(detectable(0.0001, blocks, alpha)) / (0.0001 / math.sqrt(blocks))
    source, draws = np.random.default_rng(15), 200_000
    truly = errors * np.sqrt(source.chisquare(freedom, draws) / freedom)  # in standard errors by the true spread
    tested = (truly + source.normal(size=draws)) / np.sqrt(source.chisquare(freedom, draws) / freedom)
    assert 0.78 <= np.mean(np.abs(tested) > -special.stdtrit(freedom, alpha / 2)) <= 0.82


@pytest.mark.parametrize("blocks", [3, 6])
def test_what_some_blocks_detect_is_found_again_by_as_many_8_times_in_10(blocks):
    assert 0.77 <= found_again(blocks, 2000) <= 0.83  # 0.8 and three standard errors


def test_what_one_of_many_pairs_detects_is_found_8_times_in_10_among_them():
    source = random.Random(21)
    rates = [math.exp(0.03 * deviate) for deviate in (-1, -0.5, 0, 0, 0.5, 1, -0.7, 0.7)]
    planted = among(compare([1.0] * 8, rates), 20, "undecided")
    assert planted.detectable > compare([1.0] * 8, rates).detectable
    effect, seen = math.log1p(planted.detectable), planted.error * math.sqrt(8)
    hits = 0
    for _ in range(300):
        spread = seen * math.sqrt(7 / source.gammavariate(7 / 2, 2))  # as those 8 blocks leave it open
        pairs = [[math.exp(source.gauss(effect * (pair == 0), spread)) for _ in range(8)] for pair in range(20)]
        hits += holm([compare([1.0] * 8, pair).p_value for pair in pairs])[0] <= 0.05
    assert 0.75 * 300 <= hits <= 0.87 * 300


def test_one_pair_alone_detects_what_its_comparison_says():
    for found in (compare([1000] * 4, [1030, 1020, 1025, 1021]), compare([1000] * 4, [1030, 950, 1025, 1021])):
        assert among(found, 1, found.verdict) == found
    assert among(compare([1000], [1005]), 9, "undecided").detectable is None


def test_the_blocks_still_needed_among_many_pairs_are_those_that_pass_the_adjustment_8_times_in_10():
    source = random.Random(22)
    alone = compare([1.0] * 8, [math.exp(0.03 + 0.03 * at) for at in (-1, -0.5, 0, 0, 0.5, 1, -0.7, 0.7)])
    assert (alone.verdict, alone.more_blocks) == ("faster", None)
    found = among(alone, 20, "undecided")
    blocks, spread = 8 + found.more_blocks, found.error * math.sqrt(8)
    hits = 0
    for _ in range(300):
        pairs = [[math.exp(source.gauss(0.03 * (pair == 0), spread)) for _ in range(blocks)] for pair in range(20)]
        hits += holm([compare([1.0] * blocks, pair).p_value for pair in pairs])[0] <= 0.05
    assert hits >= 0.76 * 300


def test_to_be_equivalent_too_a_pair_takes_more_blocks_among_many():
    found = compare([1000] * 4, [1030, 990, 985, 1002])
    assert among(found, 20, "undecided").more_blocks > found.more_blocks
    assert among(compare([1, 1e300], [1e300, 1]), 20, "undecided").more_blocks is None
    assert among(compare([1e300, 1e300], [1e-300, 1e-299]), 20, "undecided").ratio == 0


def share_decided(blocks, effect, spread, runs=1500):
    source = random.Random(10)
    logs = ([source.gauss(effect, spread) for _ in range(blocks)] for _ in range(runs))
    return sum(judged(each, 0.02, 0.05).verdict != "undecided" for each in logs) / runs


@pytest.mark.parametrize(("effect", "seen"), [(0.0, 6), (0.01, 6), (0.025, 6), (0.1, 3)])
def test_the_blocks_still_needed_are_the_fewest_that_decide_8_times_in_10_where_all_is_as_it_seems(effect, seen):
    deviates = [-1, -0.5, 0, 0, 0.5, 1] if seen == 6 else [-1, 0, 1]
    unit = 0.04 if seen == 6 else 0.05
    found = compare([1.0] * seen, [math.exp(effect + unit * deviate) for deviate in deviates])
    spread = found.error * math.sqrt(seen)
    needed = seen + found.more_blocks
    assert share_decided(needed, effect, spread) >= 0.77
    assert found.more_blocks == 1 or share_decided(needed - 1, effect, spread) <= 0.83


def test_a_large_effect_seen_in_three_blocks_takes_two_more_and_at_most_more_than_anybody_plans():
    found = compare([1.0] * 3, [math.exp(0.1 + 0.05 * deviate) for deviate in (-1, 0, 1)])
    assert (found.verdict, found.more_blocks) == ("undecided", 2)
    assert 100 <= found.more_blocks_at_most <= 400


@pytest.mark.parametrize(("blocks", "effect", "spread"), [(3, 0.0, 0.02), (3, 0.06, 0.05), (6, 0.01, 0.02)])
def test_the_most_blocks_told_after_a_few_decide_8_times_in_10_whatever_is_true(blocks, effect, spread):
    most = decided(blocks, effect, spread, "more_blocks_at_most", 60)
    assert most >= 0.7  # 0.8 less two standard errors of 60 cases
    assert decided(blocks, effect, spread, "more_blocks", 60) <= most


def test_of_an_effect_that_is_hard_to_decide_the_blocks_as_seen_promise_less():
    assert 0.25 <= decided(3, 0.01, 0.05, "more_blocks", 60) <= 0.6


@pytest.mark.parametrize("shift", [0.0, 0.004, 0.012, -0.012, 0.03])
def test_the_p_value_of_a_difference_that_matters_says_equivalent_where_the_interval_does(shift):
    logs = [shift + 0.01 * deviate for deviate in (-1, -0.4, 0, 0.5, 0.9, 0.1)]
    found = judged(logs, 0.02, 0.05)
    assert (equivalence_p(found) <= 0.025) == (found.verdict == "equivalent")
    limit, error = math.log1p(0.02), np.std(logs, ddof=1) / math.sqrt(6)
    assert equivalence_p(found) == pytest.approx(special.stdtr(5, -(limit - abs(np.mean(logs))) / error))


def test_arms_that_never_differ_in_their_blocks_are_equivalent_for_sure_or_not_at_all():
    assert equivalence_p(compare([10, 20], [10, 20])) == 0
    assert equivalence_p(compare([10, 10], [20, 20])) == 1
    assert equivalence_p(compare([10], [20])) is None


def test_holm_is_its_definition():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1, 1]
    assert holm([]) == []


def test_holm_keeps_any_false_alarm_below_5_percent_while_some_arms_differ():
    source = random.Random(12)
    alarms = hits = 0
    for _ in range(500):
        pairs = [run(source, 6, effect) for effect in (0, 0, 0, 0, 0.2)]
        adjusted = holm([compare(*pair).p_value for pair in pairs])
        alarms += min(adjusted[:4]) < 0.05
        hits += adjusted[4] < 0.05
    assert alarms / 500 <= 0.06
    assert hits / 500 > 0.95
