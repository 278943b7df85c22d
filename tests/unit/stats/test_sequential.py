"""Stopping early: the boundaries are the published ones, and the promise holds for every verdict."""

import math
import random

import pytest

from bench.model.errors import UsageError
from bench.stats.compare import compare, detectable
from bench.stats.sequential import _reached, boundaries, compare_so_far, nominal_alpha, spent


def stopped(source, max_blocks, effect, spread, margin=0.02):
    """One run until decided: the verdict, the blocks it took, and whether every interval held the truth."""
    rates, held = [], True
    for blocks in range(1, max_blocks + 1):
        rates.append(math.exp(source.gauss(effect, spread)))
        if blocks >= 3:
            found = compare_so_far([1.0] * blocks, rates, max_blocks, margin=margin)
            held = held and found.interval.low <= math.exp(effect) <= found.interval.high
            if found.verdict != "undecided":
                break
    return found.verdict, blocks, held


def test_five_even_looks_have_the_published_boundaries():
    published = (4.877, 3.357, 2.680, 2.290, 2.031)  # Reboussin et al., LanDeMets program, O'Brien–Fleming-like, 0.05
    assert boundaries((1, 2, 3, 4, 5)) == pytest.approx(published, abs=5e-4)


def test_only_the_looks_reached_are_computed_and_each_once():
    levels = [nominal_alpha(blocks, 200, 0.0123) for blocks in (3, 10, 10)]
    known = _reached.cache_info().misses
    assert nominal_alpha(11, 200, 0.0123) > levels[1] == levels[2] > levels[0]
    assert _reached.cache_info().misses == known + 1


def test_the_last_of_200_looks_is_reached_from_the_first():
    assert 0.3 < nominal_alpha(200, 200, 0.9) < 0.9


def test_one_look_is_the_plain_test():
    assert boundaries((7,)) == pytest.approx((1.959964,), abs=1e-6)


def test_all_alpha_is_spent_at_the_end_and_none_before_the_start():
    assert spent(0, 0.05) == 0
    assert spent(1, 0.05) == pytest.approx(0.05)


def test_looks_grow_less_strict():
    levels = [nominal_alpha(blocks, 20) for blocks in range(3, 21)]
    assert levels == sorted(levels)
    assert levels[0] < 1e-6
    assert 0.02 < levels[-1] < 0.05


@pytest.mark.parametrize("max_blocks", [5, 12])
def test_equal_arms_are_called_different_at_most_5_percent_of_the_time(max_blocks):
    source = random.Random(77)
    found = [stopped(source, max_blocks, 0, 0.03, margin=0)[0] for _ in range(1000)]
    assert found.count("faster") + found.count("slower") <= 0.06 * 1000


def test_looking_at_every_block_without_the_rule_would_not_keep_the_promise():
    source = random.Random(78)
    alarms = 0
    for _ in range(300):
        rates = [math.exp(source.gauss(0, 0.03)) for _ in range(12)]
        alarms += any(compare([1.0] * n, rates[:n], margin=0).verdict != "undecided" for n in range(3, 13))
    assert alarms > 0.12 * 300


def test_arms_a_margin_apart_are_called_equivalent_at_most_5_percent_of_the_time():
    source = random.Random(79)
    found = [stopped(source, 12, math.log1p(0.02), 0.01)[0] for _ in range(600)]
    assert found.count("equivalent") <= 0.05 * 600
    assert "slower" not in found


def test_all_intervals_of_a_run_hold_the_truth_together():
    source = random.Random(80)
    assert sum(stopped(source, 10, 0.03, 0.03)[2] for _ in range(800)) >= 0.94 * 800


def test_a_planted_5_percent_is_found_before_the_last_block():
    source = random.Random(81)
    found = [stopped(source, 20, math.log(1.05), 0.02 * math.sqrt(2)) for _ in range(300)]
    assert sum(verdict == "faster" for verdict, _, _ in found) >= 0.98 * 300
    assert sum(blocks for _, blocks, _ in found) / 300 < 11


def test_the_interval_says_what_coverage_this_look_has():
    found = compare_so_far([1.0] * 4, [1.1, 1.2, 1.1, 1.15], 10)
    assert found.coverage == 1 - nominal_alpha(4, 10)
    assert found.detectable == compare([1.0] * 4, [1.1, 1.2, 1.1, 1.15], alpha=nominal_alpha(4, 10)).detectable


def test_what_is_said_to_be_detected_is_found_in_8_of_10_looks():
    source, level = random.Random(82), nominal_alpha(6, 10)
    effect = math.log1p(detectable(0.01, 6, level))
    found = []
    for _ in range(500):
        spread = 0.01 * math.sqrt(5 / source.gammavariate(5 / 2, 2))  # as six blocks leave it open
        rates = [math.exp(source.gauss(effect, spread)) for _ in range(6)]
        found.append(compare([1.0] * 6, rates, margin=0, alpha=level).verdict)
    assert 0.75 * 500 < found.count("faster") < 0.85 * 500


def test_the_blocks_still_needed_are_those_to_the_first_look_that_would_decide():
    found = compare_so_far([1.0] * 4, [1.1, 1.2, 1.1, 1.15], 10)
    assert found.verdict == "undecided"
    assert (found.more_blocks, found.more_blocks_at_most) == (
        2,
        5,
    )  # 96 % of 800 simulated runs were after 2
    assert compare_so_far([1.0] * 4, [0.8, 1.2, 1.1, 0.9], 10, margin=0.001).more_blocks is None


def test_before_the_first_look_nothing_is_decided():
    found = compare_so_far([1.0] * 2, [2.0, 2.0], 10)
    assert (found.verdict, found.interval) == ("undecided", None)


@pytest.mark.parametrize(("blocks", "most"), [(2, 10), (11, 10), (3, 201), (2, 2)])
def test_a_look_that_was_not_planned_is_refused(blocks, most):
    with pytest.raises(UsageError):
        nominal_alpha(blocks, most)
