"""A sweep refines below its knee, whenever it was cut; without a knee nothing is left to refine."""

from dataclasses import replace
from itertools import pairwise

import pytest

from bench.analysis.progress import Progress
from bench.analysis.pulled import complete
from bench.model.codec import from_json, to_json
from bench.model.errors import DataError
from bench.model.plan import Plan
from bench.plan.check import check_consistent, check_plan
from bench.plan.estimate import estimate
from bench.plan.refine import at_most, may_follow, measured_unasked, narrowed
from bench.plan.remaining import remaining
from bench.plan.repeat import repeated_unasked
from bench.plan.sweep import AUTOMATIC, between, finer_points, values_of
from bench.workload.phase import ladder
from tests.builders import doubtful
from tests.sweeps import Box, planned

COARSE = AUTOMATIC["pool"]
PLAN = planned()


def pools(trials):
    return {pool for trial in trials for [pool] in [values_of(trial, ["pool"])]}


def later(plan):
    return [trial for trial in plan.trials if trial.block > plan.refines.first_blocks]


def test_between_two_points_lie_whole_numbers_at_about_equal_ratios():
    assert [between(low, high) for low, high in pairwise(COARSE)] == [
        [],
        [3],
        [5, 6],
        [10, 13],
        [20, 25],
    ]
    assert between(100, 300) == [130, 170, 230]
    assert [point["batch"] for point in finer_points("batch")][:4] == [2, 4, 5, 7]


def test_the_first_blocks_have_the_points_asked_for_and_those_after_them_the_finer_ones_too():
    assert PLAN.blocks == list(range(1, 13))
    assert PLAN.refines.first_blocks == 6
    for block in PLAN.blocks:
        of_block = pools(trial for trial in PLAN.trials if trial.block == block)
        assert of_block == set(COARSE) | ({3, 5, 6, 10, 13, 20, 25} if block > 6 else set())
    check_plan(PLAN, ladder())
    assert from_json(to_json(PLAN), Plan, "plan.json") == PLAN
    for other in (planned("pool=2,4"), planned("pool=auto batch=1,10", "2-C"), planned("pool=auto", rate=100.0)):
        assert other.refines is None
        assert other.blocks == list(range(1, 7))
    assert planned(margin=0.1).refines.margin == 0.1


def test_below_the_knee_it_is_refined_in_company_of_all_that_is_larger():
    records = Box(lambda pool: 1000 * min(pool, 6)).carry_out(PLAN)
    assert pools(later(narrowed(PLAN, records))) == {4, 5, 6, 8, 16, 32}
    assert complete(PLAN, records)
    assert len(records) == 6 * 6 + 6 * 6
    assert measured_unasked(PLAN, records) is None


@pytest.mark.parametrize("rate", [lambda pool: 1000 * pool, lambda _: 1000], ids=["rises", "flat"])
def test_where_there_is_no_knee_or_it_is_the_smallest_nothing_is_left_to_refine(rate):
    records = Box(rate).carry_out(PLAN)
    assert len(records) == 6 * 6
    assert complete(PLAN, records)


def test_between_one_and_two_is_nothing():
    records = Box(lambda pool: 1000 * min(pool, 2)).carry_out(PLAN)
    assert len(records) == 6 * 6


def test_each_rung_has_a_knee_of_its_own():
    plan = planned("pool=auto", "2-B", "2-C")
    box = Box(lambda pool: pool)
    records = []
    while left := remaining(plan, records):
        for trial, attempt in left:
            box.rate = lambda pool, knee={"2-B": 6, "2-C": 10}[trial.phase]: 1000 * min(pool, knee)
            records.append(box.measure(trial, attempt))
    of_phase = {
        phase: pools(trial for trial in later(narrowed(plan, records)) if trial.phase == phase)
        for phase in ("2-B", "2-C")
    }
    assert of_phase == {"2-B": {4, 5, 6, 8, 16, 32}, "2-C": {8, 10, 13, 16, 32}}


def test_whenever_it_is_cut_it_goes_on_as_it_would_have():
    records = Box(lambda pool: 1000 * min(pool, 6)).carry_out(PLAN)
    for done in range(len(records)):
        [(trial, attempt), *_] = remaining(PLAN, records[:done])
        assert (trial, attempt) == (records[done].trial, 1)
        assert not complete(PLAN, records[:done])


def test_what_is_left_is_told_at_most_and_exactly_once_that_is_known():
    records = Box(lambda pool: 1000 * min(pool, 6)).carry_out(PLAN)
    before, after = Progress(PLAN, records[:10]), Progress(PLAN, records[:40])
    assert (before.of, before.left) == (36 + 6 * 6, 36 + 6 * 6 - 10)
    assert (after.of, after.left) == (72, 32)
    assert (len(may_follow(PLAN, [])), may_follow(PLAN, records)) == (36, [])
    whole, most = (estimate(PLAN, plan.trials).seconds for plan in (PLAN, at_most(PLAN, [])))
    assert most < whole


def test_a_trial_that_others_disturbed_is_measured_again_in_its_block_however_the_plan_is_narrowed():
    box, records, again = Box(lambda pool: 1000 * min(pool, 6)), [], []
    while left := remaining(PLAN, records):
        [(trial, attempt), *_] = left
        changes = {"validity": doubtful("suspect", "not-alone")} if len(records) % 9 == 0 and attempt == 1 else {}
        again += [trial.block] * (attempt > 1)
        records.append(box.measure(trial, attempt, **changes))
        assert repeated_unasked(PLAN, records) is None
    assert {block > 6 for block in again} == {True, False}
    assert repeated_unasked(narrowed(PLAN, records), records) is None
    assert complete(PLAN, records)


def test_a_record_of_a_trial_that_is_left_out_is_none_of_the_run():
    box = Box(lambda pool: 1000 * min(pool, 6))
    records = box.carry_out(PLAN)
    [stranger, *_] = [trial for trial in PLAN.trials if values_of(trial, ["pool"]) == (25,)]
    assert measured_unasked(PLAN, [*records, box.measure(stranger)]) == stranger.number


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"of": "batch"}, "refines batch, and sweeps pool"),
        ({"first_blocks": 7}, "do not have the same points"),
    ],
)
def test_a_plan_that_contradicts_what_it_refines_is_refused(changes, why):
    with pytest.raises(DataError, match=why):
        check_consistent(replace(PLAN, refines=replace(PLAN.refines, **changes)))
