"""The search of the highest rate that keeps a promise: what it may try, what it tries next, how near it comes."""

import math
import random
from bisect import bisect_right
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.analysis.pulled import complete
from bench.engines.postgresql.render import as_variant
from bench.model.errors import DataError, UsageError
from bench.model.plan import MAX_TRIALS, NULL, Promise
from bench.model.record import OpenLoop
from bench.plan.check import check_plan
from bench.plan.contrast import check_compared, tried_factors
from bench.plan.design import make_plan
from bench.plan.estimate import estimate
from bench.plan.promise import MOST_WAITING, STEPS, blocks_of, keeps, next_trials, play, played, unasked, ways_of
from bench.plan.remaining import in_all, remaining
from bench.plan.request import make_design
from bench.workload.phase import ladder
from tests.builders import a_record, changed, doubtful, void

STOCK = as_variant("stock", "")
P99 = Promise(percentile="p99", ms=50)
PUBLISHED = ("1", "2", "2-B", "2-C", "2-D")


def searching(*phases, **asked):
    """A plan that searches what keeps 99 % within 50 ms."""
    asked = {"p99": 50.0, "phases": list(phases) or ["2-B"], "profile": "standard", **asked}
    design = make_design(asked, transports=("tcp",))
    names = {name: as_variant(name, f"# {name}\n") for name in design.variants}
    return make_plan(design, ladder(), as_variant("harness", ""), names, run="r", created="now", seed=1)


def seen(due=10_000, beyond=0, waiting=0):
    return OpenLoop(
        due=due,
        late=0,
        late_while_free=0,
        skipped=0,
        beyond_limit=None,
        waiting=waiting,
        lag_mean_ms=0.1,
        lag_max_ms=1.0,
        beyond_promise=beyond,
    )


def of_trial(trial, *, kept=True, capacity=20_000.0):
    """A record of a trial: of an open loop one that kept the promise or not."""
    record = replace(a_record(1, "2-B", run="r"), trial=trial)
    if trial.parameters.rate is None:
        return replace(record, rows_per_s=capacity)
    if kept is None:
        return changed(replace(record, open_loop=seen()), **void())
    return replace(record, open_loop=seen(beyond=0 if kept else 500))


def carried_out(plan, holds, capacity=20_000.0, most=1000):
    """The records of a search; ``holds`` tells of a trial whether it keeps the promise."""
    records = []
    while (left := remaining(plan, records)) and len(records) < most:
        trial, _ = left[0]
        records.append(of_trial(trial, kept=holds(trial), capacity=capacity))
    return records


def up_to(limit):
    return lambda trial: (trial.parameters.rate or 0) <= limit


def found(plan, records):
    [search] = played(plan, records)
    return search


def highest(search):
    return None if search.found.highest is None else search.way.rates[search.found.highest]


# --- whether a trial keeps it ----------------------------------------------------------------------------------------


def test_as_many_as_are_allowed_may_take_longer_and_no_more():
    record = replace(a_record(), open_loop=seen(beyond=100))
    assert keeps(P99, record) is True
    assert keeps(P99, replace(record, open_loop=seen(beyond=101))) is False
    assert keeps(replace(P99, percentile="p999"), record) is False
    assert keeps(replace(P99, percentile="p50"), replace(record, open_loop=seen(beyond=5000))) is True


def test_a_queue_that_grows_is_no_promise_kept_however_long_rows_may_wait():
    waiting = round(MOST_WAITING * 10_000)
    assert keeps(P99, replace(a_record(), open_loop=seen(waiting=waiting))) is True
    assert keeps(P99, replace(a_record(), open_loop=seen(waiting=waiting + 1))) is False
    assert keeps(P99, replace(a_record(), open_loop=seen(waiting=None))) is False


def test_what_is_void_or_saw_too_little_can_not_tell():
    assert keeps(P99, a_record()) is None
    assert keeps(P99, changed(a_record(open_loop=seen()), **void())) is None
    assert keeps(P99, a_record(open_loop=seen(due=999))) is None
    assert keeps(P99, a_record(open_loop=seen(due=1000))) is True
    assert keeps(replace(P99, percentile="p90"), a_record(open_loop=seen(due=100))) is True


# --- what there is to try --------------------------------------------------------------------------------------------


def test_rates_are_less_than_five_percent_apart_and_each_that_may_be_found_has_its_overload():
    [way] = ways_of(searching())
    for lower, higher in zip(way.rates, way.rates[1:], strict=False):
        assert 1.02 < higher / lower < 1.05
    for at in range(way.last + 1):
        assert way.rates[at + STEPS] / way.rates[at] == pytest.approx(1.2, rel=0.01)
    assert 30_000 <= way.rates[way.last] < 32_000


def test_a_plan_has_the_clients_alone_a_closed_loop_and_of_each_rate_as_many_trials_as_may_be_wanted():
    plan = searching()
    [way] = ways_of(plan)
    repeats, _, after = blocks_of(P99)
    assert (plan.promise, len(repeats), after) == (P99, 10, 13)
    alone, closed, *others = plan.trials
    assert (alone.engine, alone.parameters.rate, alone.parameters.load) == (NULL, None, "closed")
    assert closed == way.closed
    assert (closed.engine, closed.parameters.rate, closed.parameters.load) == (None, None, "closed")
    assert {trial.parameters.load for trial in others} == {"open"}
    assert len(others) == 13 * len(way.rates)
    assert [trial.number for trial in plan.trials] == list(range(1, len(plan.trials) + 1))
    assert plan.repeat_suspect is None
    assert {trial.parameters.surge for trial in others if trial.block == after} == {1.2}
    assert {trial.parameters.surge for trial in others if trial.block != after} == {None}
    check_plan(plan, ladder())
    check_plan(searching(*PUBLISHED), ladder())


def test_pgbench_keeps_to_one_rate():
    plan = searching("1-B", drivers=["pgbench"])
    assert {trial.parameters.surge for trial in plan.trials} == {None}
    check_plan(plan, ladder())


def test_the_rate_that_is_asked_for_is_tried_as_it_is():
    [way] = ways_of(searching(rate=2017.5))
    assert 2017.5 in way.rates
    [way] = ways_of(searching(rate=100.0))
    assert 100.0 in way.rates
    assert way.rates[0] == pytest.approx(1126 / 20, rel=0.04)
    [way] = ways_of(searching(rate=1e6))
    assert way.rates.index(1e6) == way.last


def test_of_what_a_window_can_not_tell_nothing_is_tried():
    [way] = ways_of(searching(window=2.0))
    assert way.rates[0] * 2 == pytest.approx(1000 + 4 * math.sqrt(1000), rel=0.04)


@pytest.mark.parametrize(("asked", "collects_ms"), [({}, 25.0), ({"collect_ms": 20.0}, 20.0)])
def test_rows_come_one_by_one_and_are_collected_for_half_of_the_time_that_is_promised(asked, collects_ms):
    [collected, single] = ways_of(searching("2-D", "2-B", **asked))
    assert {trial.parameters.collect_ms for trial in collected.trials.values()} == {collects_ms}
    assert {trial.parameters.collect_ms for trial in single.trials.values()} == {None}
    assert collected.closed.parameters.collect_ms is None


@pytest.mark.parametrize(
    ("phase", "asked", "why"),
    [
        (
            "2-B",
            {"rate": 20.0},
            "1,126 commits due in a window or more, and at 20 rows/s 20 s have 400.*--window 57",
        ),
        ("2-B", {"window": 0.02}, "even a fast box makes fewer; ask for --window 1 or longer"),
        ("2-B", {"p50": 10.0}, "--p50 and --p99 are two promises"),
        ("2-B", {"collect_ms": 10.0}, "--collect-ms means nothing to the phases asked for"),
    ],
)
def test_what_can_not_be_searched_is_refused_with_what_would_do(phase, asked, why):
    with pytest.raises(UsageError, match=why):
        searching(phase, **asked)


def test_more_than_a_plan_holds_is_refused():
    assert len(searching(*PUBLISHED).trials) <= MAX_TRIALS
    with pytest.raises(UsageError, match="ask for fewer --phases"):
        searching(*PUBLISHED, variants=["stock", "async-commit"])


def test_a_plan_that_is_none_of_a_search_is_refused():
    plan = searching()
    for broken in (
        replace(plan, trials=plan.trials[:-1]),
        replace(plan, trials=tuple(trial for trial in plan.trials if trial.parameters.rate is not None)),
        replace(plan, promise=replace(P99, rate=17.0)),
        replace(plan, promise=replace(P99, least_kept=11)),
        replace(plan, promise=replace(P99, repeats=9)),
    ):
        with pytest.raises(DataError, match="Plan r"):
            check_plan(broken, ladder())


# --- the search ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [200.0, 1000.0, 4321.0, 17_900.0, 19_999.0, 25_000.0])
@pytest.mark.parametrize("capacity", [20_000.0, 30_000.0, None])
def test_the_highest_rate_is_found_confirmed_and_gone_beyond(limit, capacity):
    plan = searching(window=60.0)
    records = carried_out(plan, up_to(limit), capacity=capacity)
    search = found(plan, records)
    rates = search.way.rates
    assert highest(search) == rates[bisect_right(rates, limit) - 1]
    at = search.found.highest
    assert (search.found.repeats[at].kept, search.found.repeats[at].tried) == (10, 10)
    assert (search.found.repeats[at + 1].kept, search.found.repeats[at + 1].tried) == (0, 2)
    before, last = records[-2:]
    assert before.trial.parameters.rate == rates[at + STEPS]
    assert last.trial.parameters.rate == rates[at]
    assert len(records) < 45
    assert complete(plan, records)


def test_a_capacity_that_was_told_too_low_or_too_high_bounds_nothing():
    plan = searching()
    for capacity in (500.0, 29_000.0):
        assert highest(found(plan, carried_out(plan, up_to(1000), capacity=capacity))) == pytest.approx(980, rel=0.03)


def test_where_nothing_keeps_it_the_lowest_is_tried_again_and_that_is_all():
    plan = searching()
    records = carried_out(plan, up_to(0))
    search = found(plan, records)
    assert (highest(search), search.found.ended) == (None, True)
    assert (search.found.repeats[0].kept, search.found.repeats[0].tried) == (0, 2)
    assert len(records) < 14


def test_where_all_keep_it_the_highest_there_is_found():
    plan = searching(rate=40_000.0)
    search = found(plan, carried_out(plan, up_to(1e9), capacity=1000.0))
    assert highest(search) == 40_000


def test_a_box_slower_than_a_window_tells_of_is_not_searched():
    plan = searching(window=2.0)
    records = carried_out(plan, up_to(0), capacity=400.0)
    search = found(plan, records)
    assert (search.found.too_slow, search.found.ended, len(records)) == (True, True, 2)


@pytest.mark.parametrize(("limit", "kept"), [(1000.0, 0), (2000.0, 10), (9000.0, 10)])
def test_the_rate_that_is_asked_for_is_tried_first_and_its_records_count_for_the_search(limit, kept):
    plan = searching(rate=2000.0)
    records = carried_out(plan, up_to(limit))
    search = found(plan, records)
    at = search.way.rates.index(2000.0)
    assert [record.trial.parameters.rate for record in records[2:4]] == [2000.0, 2000.0]
    assert search.found.repeats[at].kept == kept
    assert highest(search) == search.way.rates[bisect_right(search.way.rates, limit) - 1]
    assert len({record.trial.number for record in records}) == len(records)


def test_a_trial_that_can_not_tell_is_looked_at_again_and_does_not_confirm():
    def holds(trial):
        rate, block = trial.parameters.rate, trial.block
        if rate is None:
            return True
        return None if block == 1 else rate <= 5000

    plan = searching()
    assert highest(found(plan, carried_out(plan, holds))) == pytest.approx(4900, rel=0.03)
    records = carried_out(plan, lambda trial: None if trial.block > 2 else (trial.parameters.rate or 0) <= 5000)
    assert highest(found(plan, records)) is None


def test_one_lucky_trial_far_too_high_costs_strides_not_steps():
    plan = searching()
    records = carried_out(plan, lambda trial: (trial.parameters.rate or 0) <= (18_000 if trial.block == 1 else 1000))
    assert highest(found(plan, records)) == pytest.approx(980, rel=0.03)
    assert len(records) < 80


def test_one_unlucky_trial_far_too_low_is_made_good():
    plan = searching()
    rates = ways_of(plan)[0].rates
    unlucky = rates[bisect_right(rates, 3000)]
    records = carried_out(
        plan,
        lambda trial: (trial.parameters.rate or 0) <= 18_000 and (trial.block > 1 or trial.parameters.rate != unlucky),
    )
    assert highest(found(plan, records)) == pytest.approx(17_700, rel=0.03)


def test_a_variant_that_is_refused_is_not_searched():
    plan = searching()
    alone, closed, *_ = plan.trials
    refused = replace(of_trial(closed), validity=doubtful("void", "refused", "refused: no such setting"))
    [search] = played(plan, [of_trial(alone), refused])
    assert (search.found.ended, search.left) == (True, ())


def test_rates_that_the_clients_can_not_send_are_no_more_than_the_server_takes():
    plan, records = searching(), []
    while left := remaining(plan, records):
        trial, _ = left[0]
        record = of_trial(trial)
        if (trial.parameters.rate or 0) > 7000:
            record = changed(record, **void("refused", "the clients can't"))
        records.append(record)
    assert highest(found(plan, records)) == pytest.approx(6850, rel=0.03)


def test_each_way_of_writing_has_a_search_of_its_own():
    plan = searching("1-B", "2-B")
    assert sum(trial.engine == NULL for trial in plan.trials) == 2
    records = carried_out(plan, lambda trial: (trial.parameters.rate or 0) <= (2000 if trial.phase == "2-B" else 900))
    rates = {search.way.closed.phase: highest(search) for search in played(plan, records)}
    assert rates == {"1-B": pytest.approx(885, rel=0.03), "2-B": pytest.approx(1970, rel=0.03)}
    assert [record.trial.engine for record in records[:3]] == [NULL, NULL, None]


# --- which is next ---------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 200), st.integers(0, 2**32))
def test_a_run_that_was_cut_goes_on_as_it_would_have(cut, seed):
    plan = PLAN
    chance = random.Random(seed)
    luck = {trial.number: chance.gauss(5000, 500) for trial in plan.trials}
    records = carried_out(plan, lambda trial: (trial.parameters.rate or 0) <= luck[trial.number])
    so_far = records[: cut % len(records)]
    [(trial, attempt), *_] = remaining(plan, so_far)
    assert (trial, attempt) == (records[len(so_far)].trial, 1)
    interrupted = changed(of_trial(trial), **void("interrupted", "stopped"))
    assert remaining(plan, [*so_far, interrupted])[0] == (trial, 2)
    shuffled = list(so_far)
    chance.shuffle(shuffled)
    assert next_trials(plan, shuffled) == next_trials(plan, so_far)


def test_progress_is_told_from_what_will_probably_follow():
    plan = searching()
    records, told = [], []
    while left := remaining(plan, records):
        told.append(in_all(plan, records, left))
        records.append(of_trial(left[0][0], kept=up_to(9000)(left[0][0])))
    assert all(abs(each - len(records)) <= 12 for each in told), told
    assert told[-1] == len(records)
    assert remaining(plan, []) == remaining(plan, [])
    assert 25 < len(remaining(plan, [])) < 40
    of_all = estimate(plan, plan.trials).seconds
    assert estimate(plan, next_trials(plan, [])).seconds < of_all / 20


def test_a_trial_that_no_search_asked_for_is_named():
    plan = searching()
    records = carried_out(plan, up_to(9000))
    assert unasked(plan, records) is None
    assert unasked(plan, records[:7]) is None
    other = next(trial for trial in plan.trials if trial.number not in {record.trial.number for record in records})
    assert unasked(plan, [*records, of_trial(other)]) == other.number


def test_its_trials_are_compared_with_nothing():
    plan = searching(variants=["stock", "async-commit"])
    assert tried_factors(plan) == []
    with pytest.raises(UsageError, match="pgladder slo DIR"):
        check_compared(plan)


PLAN = searching()


# --- how near it comes -----------------------------------------------------------------------------------------------

WORKERS, TAKES_S, WARM_UP_S, WINDOW_S = 5, 0.005, 5.0, 20.0
NOISE = 0.03


class Server:
    """An M/D/c queue: what comes is served in its order by so many workers; each trial finds it faster or slower."""

    def __init__(self, seed):
        self.chance = np.random.default_rng(seed)

    def speed(self):
        return self.chance.lognormal(0, NOISE)

    def open_loop(self, rate, promise):
        """What a trial at a rate counts."""
        takes_s, closes_s = TAKES_S / self.speed(), WARM_UP_S + WINDOW_S
        number = round(rate * closes_s + 6 * math.sqrt(rate * closes_s))
        due_s = np.cumsum(self.chance.exponential(1 / rate, number))
        due_s = due_s[due_s < closes_s]
        waits_s = np.zeros(len(due_s))
        for worker in range(WORKERS):
            # Of equal work each worker has every so-manieth: a queue of its own (Lindley's recursion, summed).
            late_s = np.concatenate(([0.0], np.cumsum(takes_s - np.diff(due_s[worker::WORKERS]))))
            waits_s[worker::WORKERS] = late_s - np.minimum.accumulate(late_s)
        inside = due_s >= WARM_UP_S
        waiting = inside & (due_s + waits_s > closes_s)
        latency_s = np.where(waiting, closes_s - due_s, waits_s + takes_s)
        return seen(
            due=int(inside.sum()),
            beyond=int((inside & (1000 * latency_s > promise.ms)).sum()),
            waiting=int(waiting.sum()),
        )


def searched(way, promise, server):
    """The rate that a search finds on a server, and how many trials that takes."""
    records, base = {}, a_record()
    while left := play(way, promise, records).left:
        trial = left[0]
        rate = trial.parameters.rate
        measured = {"rows_per_s": server.speed() * WORKERS / TAKES_S}
        if rate is not None:
            measured = {"open_loop": server.open_loop(rate, promise)}
        records[trial.number] = replace(base, trial=trial, **measured)
    at = play(way, promise, records).found.highest
    return (None if at is None else way.rates[at]), len(records)


def share_kept(rate, promise, server, times=300):
    """How many of so many trials at a rate keep the promise."""
    kept = [keeps(promise, a_record(open_loop=server.open_loop(rate, promise))) for _ in range(times)]
    return kept.count(True) / times


# The rates that nine of ten trials keep were found by halving what lies between, with 600 trials each time.
@pytest.mark.parametrize(("ms", "true"), [(12.0, 694.5), (50.0, 916.4)])
def test_the_rate_that_nine_of_ten_trials_keep_is_found_to_five_percent_in_95_of_100(ms, true):
    promise = Promise(percentile="p99", ms=ms)
    assert share_kept(true, promise, Server(1)) == pytest.approx(0.9, abs=0.05)
    [way] = ways_of(searching(p99=ms))
    found = [searched(way, promise, Server(100 + seed)) for seed in range(100)]
    near = [rate for rate, _ in found if rate and abs(rate / true - 1) <= 0.05]
    assert len(near) >= 95
    assert sum(took for _, took in found) / len(found) < 40
