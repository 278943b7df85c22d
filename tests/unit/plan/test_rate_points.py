"""A sweep that chooses its rates goes as high as a closed loop says, and looks closer where it ceases to keep up."""

from dataclasses import replace
from itertools import pairwise

import pytest

from bench.analysis.progress import Progress
from bench.analysis.pulled import complete
from bench.model.codec import from_json, to_json
from bench.model.errors import DataError
from bench.model.plan import CLOSED, NULL, Plan
from bench.plan.check import check_consistent, check_plan
from bench.plan.estimate import upper_rate
from bench.plan.generator import MOST_SHARE, check_capacity
from bench.plan.rate_points import BEYOND, PARTS, POINTS, STEP
from bench.plan.refine import at_most, measured_unasked, narrowed
from bench.plan.remaining import remaining
from bench.workload.phase import ladder
from tests.builders import void
from tests.sweeps import OpenBox, planned

BLOCKS = 3
PLAN = planned("rate=auto", blocks=BLOCKS)
CAPACITY = 5000.0


def rates(trials):
    return sorted({trial.parameters.rate for trial in trials if not trial.experiment})


def of_blocks(plan, records, *, later):
    return rates(trial for trial in narrowed(plan, records).trials if (trial.block > BLOCKS) == later)


GRID = rates(PLAN.trials)


def test_a_plan_has_every_rate_that_may_be_chosen_and_before_them_what_tells_how_high_they_go():
    check_plan(PLAN, ladder())
    assert from_json(to_json(PLAN), Plan, "plan.json") == PLAN
    alone, closed, *others = PLAN.trials
    assert (alone.engine, alone.capacity) == (NULL, False)
    assert (closed.engine, closed.capacity, closed.parameters.rate, closed.parameters.load) == (
        None,
        True,
        None,
        CLOSED,
    )
    for block in range(1, 2 * BLOCKS + 1):
        assert rates(trial for trial in others if trial.block == block) == GRID
    fast = upper_rate(closed.driver, closed.parameters)
    assert GRID[0] < fast / 1000
    assert GRID[-1] == pytest.approx(BEYOND * fast, rel=STEP - 1)
    for low, high in zip(GRID, GRID[PARTS:], strict=False):
        assert high == pytest.approx(2 * low, rel=0.01)


def test_the_first_blocks_go_up_by_doubling_to_somewhat_more_than_a_closed_loop_reached():
    records = OpenBox(CAPACITY).carry_out(PLAN)
    first = of_blocks(PLAN, records, later=False)
    assert len(first) == POINTS
    assert BEYOND * CAPACITY <= first[-1] < STEP * BEYOND * CAPACITY * 1.01
    assert [GRID.index(high) - GRID.index(low) for low, high in pairwise(first)] == [PARTS] * 4


def test_between_the_last_rate_that_is_kept_up_and_the_next_it_is_refined():
    for capacity in (CAPACITY, 0.4 * CAPACITY):
        records = OpenBox(capacity, closed=CAPACITY).carry_out(PLAN)
        first, later = (of_blocks(PLAN, records, later=each) for each in (False, True))
        kept = max(rate for rate in first if rate <= capacity)
        about = GRID[GRID.index(kept) :][: PARTS + 1]
        assert about[-1] in first
        assert later == [*about, *(rate for rate in first if rate > about[-1])]
        assert complete(PLAN, records)
        assert measured_unasked(PLAN, records) is None


def test_where_the_closed_loop_was_disturbed_and_every_rate_is_kept_up_it_goes_higher():
    records = OpenBox(CAPACITY, closed=CAPACITY / 2).carry_out(PLAN)
    first, later = (of_blocks(PLAN, records, later=each) for each in (False, True))
    assert first[-1] < CAPACITY < later[-1]
    assert later == GRID[GRID.index(first[-1]) :][: PARTS + 1]


def test_no_rate_is_chosen_that_the_clients_can_not_send():
    box = OpenBox(CAPACITY, clients=CAPACITY)
    records = box.carry_out(PLAN)
    highest = max(rate for rate in GRID if rate <= MOST_SHARE * CAPACITY)
    assert of_blocks(PLAN, records, later=False)[-1] == highest
    assert of_blocks(PLAN, records, later=True) == []
    forced = planned("rate=auto", blocks=BLOCKS, force=True)
    assert of_blocks(forced, box.carry_out(forced), later=False)[-1] >= BEYOND * CAPACITY


def test_without_a_closed_loop_that_counts_they_end_with_what_the_clients_can_send():
    box = OpenBox(CAPACITY, clients=20_000)
    alone, closed, *_ = PLAN.trials
    records = [box.measure(alone), box.measure(closed, **void())]
    highest = max(rate for rate in GRID if rate <= MOST_SHARE * 20_000)
    assert of_blocks(PLAN, records, later=False)[-1] == highest


def test_however_slow_a_box_is_there_are_two_rates_at_least():
    records = OpenBox(0.001, clients=0.002).carry_out(PLAN)
    assert of_blocks(PLAN, records, later=False) == [GRID[0], GRID[PARTS]]


def test_where_the_lowest_rate_is_not_kept_up_nothing_is_left_to_refine():
    records = OpenBox(CAPACITY / 100, closed=CAPACITY).carry_out(PLAN)
    assert of_blocks(PLAN, records, later=True) == []
    assert complete(PLAN, records)


def test_whenever_it_is_cut_it_goes_on_as_it_would_have():
    records = OpenBox(CAPACITY).carry_out(PLAN)
    for done in range(len(records)):
        [(trial, attempt), *_] = remaining(PLAN, records[:done])
        assert (trial, attempt) == (records[done].trial, 1)
        assert not complete(PLAN, records[:done])


def test_what_was_read_of_a_run_without_its_experiments_is_left_as_it_is():
    records = OpenBox(CAPACITY).carry_out(PLAN)
    for done in (1, 5, len(records)):
        seen = narrowed(PLAN, records[:done]).as_asked()
        own = [record for record in records[:done] if not record.trial.experiment]
        assert narrowed(seen, own) == seen
        assert complete(seen, own) == (done == len(records))


def test_each_rung_goes_as_high_as_its_own_closed_loop():
    plan = planned("rate=auto", "1-B", "2-D", blocks=BLOCKS)
    check_plan(plan, ladder())
    box, reached, records = OpenBox(1.0), {"1-B": 2_000.0, "2-D": 50_000.0}, []
    while left := remaining(plan, records):
        [(trial, attempt), *_] = left
        box.capacity = box.closed = reached[trial.phase]
        records.append(box.measure(trial, attempt))
    for phase, capacity in reached.items():
        highest = rates(record.trial for record in records if record.trial.phase == phase)[-1]
        assert capacity < highest < 1.5 * capacity


def test_what_is_left_is_told_at_most():
    records = OpenBox(CAPACITY).carry_out(PLAN)
    assert len(at_most(PLAN, []).trials) >= len(records)
    before = Progress(PLAN, records[:10])
    assert before.left >= len(records) - 10
    assert (Progress(PLAN, records).left, Progress(PLAN, records).of) == (0, len(records))


def test_what_comes_at_them_is_as_it_was_asked_for():
    plan = planned("rate=auto", "2-D", blocks=BLOCKS, collect_ms=5.0, surge=2.0)
    check_plan(plan, ladder())
    asked = [trial.parameters for trial in plan.trials if not trial.experiment]
    assert {(own.collect_ms, own.surge, own.load) for own in asked} == {(5.0, 2.0, "accumulate")}


def test_a_plan_that_lacks_a_closed_loop_is_refused():
    _, closed, *_ = PLAN.trials
    without = replace(PLAN, trials=tuple(trial for trial in PLAN.trials if trial is not closed))
    with pytest.raises(DataError, match="without its closed loop"):
        check_consistent(without)


def test_what_clients_reach_on_the_server_alone_is_no_bound_of_what_they_can_send():
    _, closed, *others = PLAN.trials
    trial = next(trial for trial in others if trial.parameters.rate > CAPACITY)
    [reason] = check_capacity(PLAN, trial, [OpenBox(CAPACITY).measure(closed)])
    assert reason.code == "client-capacity-unknown"
