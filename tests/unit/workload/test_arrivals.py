"""What comes at a rate: its schedule, and what a client process takes of it. Times in ns."""

import asyncio
from itertools import islice, pairwise, takewhile
from statistics import mean, pstdev
from time import monotonic_ns

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import expon, kstest, pearsonr

from bench.model.plan import Parameters
from bench.stats.histogram import percentiles
from bench.workload.arrivals import (
    MILLISECOND_NS,
    SECOND_NS,
    Coming,
    Share,
    Surge,
    moments,
    surge_of,
    with_surge,
)
from bench.workload.messages import Window
from bench.workload.recorder import OpenRecorder
from bench.workload.workers import Workers

MANY = 20_000


def a_share(**changes):
    given = {"per_s": 1000.0, "arrivals": "poisson", "number": 1, "of": 1, "seed": 7} | changes
    return Share(**given)


def due_times(count, begins_ns=0, **changes):
    return list(islice(moments(a_share(**changes), begins_ns), count))


def coming(dues, seconds=1.0, **parameters):
    """Return what comes at these moments, and then nothing more."""
    never = iter(lambda: 10**18, None)
    return Coming(iter([*dues, *islice(never, 10_000)]), Parameters(rate=1000.0, **parameters), window(seconds))


def window(seconds=1.0, opens_ns=0):
    return Window(opens_ns=opens_ns, closes_ns=opens_ns + round(seconds * SECOND_NS))


# --- the schedule ----------------------------------------------------------------------------------------------------


@given(st.floats(0.5, 1e6), st.integers(0, 2**31), st.integers(1, 8))
def test_a_schedule_is_of_its_seed_and_writer_alone(per_s, seed, number):
    one = due_times(50, per_s=per_s, seed=seed, number=number, of=8)
    assert one == due_times(50, per_s=per_s, seed=seed, number=number, of=8)
    assert one == sorted(one)
    assert due_times(50, begins_ns=10**15, per_s=per_s, seed=seed, number=number, of=8)[-1] - 10**15 == pytest.approx(
        one[-1], rel=1e-6, abs=5000
    )


@pytest.mark.parametrize("arrivals", ["poisson", "even"])
def test_it_has_the_rate_that_is_asked_for(arrivals):
    last = due_times(MANY, per_s=5000.0, arrivals=arrivals)[-1]
    assert MANY / last * SECOND_NS == pytest.approx(5000, rel=4 / MANY**0.5)


def test_poisson_arrivals_are_independent_and_exponential():
    gaps = [later - one for one, later in pairwise(due_times(MANY))]
    assert kstest(gaps, expon(scale=SECOND_NS / 1000).cdf).pvalue > 0.001
    assert pearsonr(gaps[:-1], gaps[1:]).pvalue > 0.001


def test_processes_have_schedules_of_their_own_which_are_together_of_the_whole_rate():
    each = [due_times(MANY, number=number, of=4) for number in range(1, 5)]
    until = min(dues[-1] for dues in each)
    together = sorted(due for dues in each for due in dues if due < until)
    gaps = [later - one for one, later in pairwise(together)]
    assert len(set(together)) == pytest.approx(len(together), rel=1e-3)
    assert kstest(gaps, expon(scale=SECOND_NS / 1000).cdf).pvalue > 0.001


def test_even_arrivals_are_at_equal_distances_also_over_all_processes():
    together = sorted(due for number in (1, 2, 3) for due in due_times(100, arrivals="even", number=number, of=3))
    gaps = [later - one for one, later in pairwise(together)]
    assert mean(gaps) == pytest.approx(SECOND_NS / 1000)
    assert pstdev(gaps) < 2


def surging(times, seconds, **changes):
    """Return what is due in a window that opens after a second, and whether in its surge."""
    share, opens = a_share(**changes), SECOND_NS
    surge = surge_of(Parameters(rate=1000.0, surge=times), window(seconds, opens))
    ends = opens + round(seconds * SECOND_NS)
    dues = list(takewhile(lambda due: due < ends, with_surge(moments(share, 0), 0, surge)))
    assert dues == sorted(dues)
    before = [due for due in dues if due < opens]
    during = [due for due in dues if surge.opens_ns <= due < surge.ends_ns]
    return before, during, [due for due in dues if due >= surge.ends_ns]


@pytest.mark.parametrize("arrivals", ["poisson", "even"])
def test_in_a_surge_comes_so_many_times_the_rate_and_before_and_after_it_the_rate(arrivals):
    before, during, after = surging(3.0, 20, per_s=1000.0, arrivals=arrivals)
    assert len(before) == pytest.approx(1000, abs=4 * 1000**0.5)
    assert len(during) == pytest.approx(30_000, abs=4 * 30_000**0.5)
    assert len(after) == pytest.approx(10_000, abs=4 * 10_000**0.5)


def test_what_comes_in_a_surge_is_as_independent_as_before_it():
    _, during, _ = surging(3.0, 20, per_s=1000.0)
    gaps = [later - one for one, later in pairwise(during)]
    assert kstest(gaps, expon(scale=SECOND_NS / 3000).cdf).pvalue > 0.001


@given(st.floats(1.01, 100), st.integers(0, 2**31))
def test_a_surge_changes_nothing_of_what_comes_before_it(times, seed):
    steady = due_times(200, seed=seed)
    surge = Surge(times=times, opens_ns=steady[99], ends_ns=steady[99] + SECOND_NS)
    assert list(islice(with_surge(iter(steady), 0, surge), 100)) == steady[:100]


# --- what is taken ---------------------------------------------------------------------------------------------------


def test_what_was_due_longest_is_taken_first_and_nothing_before_it_is_due():
    comes = coming([10, 20, 30])
    assert comes.take(9, was_free=False) is None
    assert comes.take(25, was_free=False) == 10
    assert comes.take(25, was_free=False) == 20
    assert comes.take(25, was_free=False) is None
    assert comes.ready_ns == 30


def test_rows_are_collected_until_a_batch_is_full():
    comes = coming([10, 20, 30, 40], collect_ms=1.0, batch=3)
    assert comes.take(29, was_free=False) is None
    assert comes.take(30, was_free=False) == ([10, 20, 30], 30)


def test_rows_are_collected_until_the_first_has_waited():
    comes = coming([0, 20, 2 * MILLISECOND_NS], collect_ms=1.0, batch=3)
    assert comes.take(MILLISECOND_NS - 1, was_free=False) is None
    assert comes.take(MILLISECOND_NS, was_free=False) == ([0, 20], MILLISECOND_NS)


def test_who_comes_late_takes_what_has_come_meanwhile_and_no_more_than_a_batch():
    comes = coming([0, 1, 2, 3, 4, 5 * MILLISECOND_NS], collect_ms=1.0, batch=4)
    assert comes.take(2 * MILLISECOND_NS, was_free=False) == ([0, 1, 2, 3], 3)
    assert comes.take(2 * MILLISECOND_NS, was_free=False) == ([4], 4 + MILLISECOND_NS)


@given(
    st.lists(st.integers(0, 50 * MILLISECOND_NS), min_size=1, max_size=60).map(sorted),
    st.integers(1, 7),
    st.sampled_from([None, 0.5, 5.0]),
)
def test_nothing_is_lost_or_taken_twice(dues, batch, collect_ms):
    comes = coming(dues, seconds=0.04, batch=batch, collect_ms=collect_ms)
    taken = []
    for now in range(0, 40 * MILLISECOND_NS, 3 * MILLISECOND_NS):
        while (came := comes.take(now, was_free=True)) is not None:
            together, ready_ns = ((came,), came) if isinstance(came, int) else came
            assert ready_ns <= now
            assert max(together) <= now
            assert len(together) <= (1 if collect_ms is None else batch)
            taken += together
    waited_for = 40 * MILLISECOND_NS - round((collect_ms or 0) * MILLISECOND_NS)
    left = comes.close()
    assert [*taken, *left] == dues[: len(taken) + len(left)]
    assert {due for due in dues if due < waited_for} <= {*taken, *left}


def test_what_could_not_begin_within_the_limit_is_skipped_and_counted():
    comes = coming([0, MILLISECOND_NS, 9 * MILLISECOND_NS], latency_limit=5.0)
    assert comes.take(9 * MILLISECOND_NS, was_free=False) == 9 * MILLISECOND_NS
    assert comes.skipped == 2


def test_only_who_was_free_makes_what_is_late_the_clients_own_fault():
    for was_free, late in ((True, 1), (False, 0)):
        comes = coming([0])
        comes.take(2 * MILLISECOND_NS, was_free=was_free)
        assert comes.late_while_free == late


def test_of_the_warm_up_nothing_is_counted():
    comes = Coming(iter([0, 1, *[10**18] * 9]), Parameters(rate=1.0, latency_limit=1.0), window(opens_ns=SECOND_NS))
    assert comes.take(SECOND_NS, was_free=True) is None
    assert (comes.skipped, comes.late_while_free) == (0, 0)


# --- what is told ----------------------------------------------------------------------------------------------------


def served(dues, take_ns, stands_still=(0, 0), seconds=1.0, surge=None):
    """Return the recorder of one worker whose commits take so long, and longer where the server stands still."""
    comes, now = coming(dues, seconds), 0
    recorder = OpenRecorder(0, round(seconds * SECOND_NS), 1, collects=False, limit_ns=None, surge=surge)
    while now < seconds * SECOND_NS:
        came = comes.take(now, was_free=False)
        if came is None:
            now = comes.ready_ns
            continue
        ends = now + take_ns
        if stands_still[0] <= now < stands_still[1]:
            ends = stands_still[1] + take_ns
        recorder.acknowledge(now, now, now, ends, ends, came)
        now = ends
    counts = recorder.open_loop(waiting=comes.close(), skipped=comes.skipped, late_while_free=comes.late_while_free)
    return counts, percentiles(recorder.histogram())


def test_a_stop_of_a_second_is_in_the_latency_of_all_that_came_meanwhile():
    dues = due_times(10_000, per_s=1000.0, arrivals="even")
    counts, latency = served(dues, take_ns=100_000, stands_still=(2 * SECOND_NS, 3 * SECOND_NS), seconds=10.0)
    # A tenth of what came waited, evenly from 0 to 1 s: of all, 1 % waited 0.9 s or more.
    assert latency.p99 == pytest.approx(900, rel=0.15)
    assert latency.max == pytest.approx(1000, rel=0.01)
    assert counts.late == pytest.approx(1110, rel=0.02)
    assert counts.waiting <= 1


def test_a_rate_beyond_what_is_served_leaves_its_queue_waiting_and_in_the_latency():
    dues = due_times(4000, per_s=2000.0, arrivals="even")
    counts, latency = served(dues, take_ns=SECOND_NS // 1000, seconds=2.0)
    assert counts.waiting == pytest.approx(2000, rel=0.01)
    assert counts.begun + counts.waiting == pytest.approx(4000, abs=1)
    assert latency.p99 == pytest.approx(990, rel=0.05)


@pytest.mark.parametrize(("rate", "gone"), [(300.0, True), (700.0, False)])
def test_the_queue_of_a_surge_is_gone_when_what_comes_waits_no_more(rate, gone):
    """A server of 1,000/s is sent 1,500/s for 5 s: it catches up by what the rate leaves it, or does not."""
    surge = surge_of(Parameters(rate=rate, surge=1500 / rate), window(10.0))
    dues = list(islice(with_surge(moments(a_share(per_s=rate, arrivals="even"), 0), 0, surge), 20_000))
    counts, _ = served(dues, take_ns=SECOND_NS // 1000, seconds=10.0, surge=surge)
    if gone:
        assert counts.drained_s == pytest.approx(5 * 500 / (1000 - rate), rel=0.02)
    else:
        assert counts.drained_s is None


def test_where_there_is_no_queue_it_is_gone_at_once():
    surge = surge_of(Parameters(rate=100.0, surge=2.0), window(4.0))
    dues = list(islice(with_surge(moments(a_share(per_s=100.0, arrivals="even"), 0), 0, surge), 2000))
    counts, _ = served(dues, take_ns=SECOND_NS // 10_000, seconds=4.0, surge=surge)
    assert 0 <= counts.drained_s <= 0.011


def test_rows_that_were_collected_have_each_its_own_latency():
    recorder = OpenRecorder(0, SECOND_NS, 500, collects=True, limit_ns=3 * MILLISECOND_NS)
    came = coming([0, MILLISECOND_NS], collect_ms=2.0, batch=500).take(2 * MILLISECOND_NS, was_free=True)
    ends = 4 * MILLISECOND_NS
    recorder.acknowledge(2 * MILLISECOND_NS, 2 * MILLISECOND_NS, 2 * MILLISECOND_NS, ends, ends, came)
    counts = recorder.open_loop(waiting=[], skipped=0, late_while_free=0)
    assert recorder.acknowledged == 2
    assert recorder.rows_per_second() == [2]
    assert [recorder.histogram().get_count_at_value(us) for us in (3000, 4000)] == [1, 1]
    assert (counts.begun, counts.late, counts.beyond_limit) == (2, 0, 1)


def test_rows_answered_after_a_window_that_ends_within_a_second_are_none_of_its():
    recorder = OpenRecorder(0, SECOND_NS // 2, 10, collects=True, limit_ns=None)
    for ends in (SECOND_NS // 4, SECOND_NS * 3 // 4):
        recorder.acknowledge(ends - 2, ends - 2, ends - 1, ends, ends, ([0, 1], 1))
    assert recorder.acknowledged == 0
    recorder.fold()
    assert recorder.acknowledged == 4
    assert (recorder.commits_per_second(), recorder.rows_per_second()) == ([1], [2])


# --- on an event loop ------------------------------------------------------------------------------------------------


def work(dues, in_flight, take_s, seconds=0.5, errors=()):
    """Return by how long after it was due each commit began, in ms, with workers on a real loop who err so."""

    async def main():
        begins = monotonic_ns()
        closes = begins + round(seconds * SECOND_NS)
        of_window = Window(opens_ns=begins, closes_ns=closes)
        never = iter(lambda: 10**19, None)
        comes = Coming(iter([*(begins + due for due in dues), *islice(never, 10)]), Parameters(rate=1.0), of_window)
        lags, most, failed = [], [0, 0], []

        async def commit(ready_ns, began):
            assert ready_ns <= began <= monotonic_ns()
            lags.append((monotonic_ns() - ready_ns) / MILLISECOND_NS)
            most[0] += 1
            most[1] = max(most)
            await asyncio.sleep(take_s)
            most[0] -= 1
            failed.extend(errors)

        workers = Workers(comes, closes, failed, commit)

        async def each():
            while workers.running():
                await workers.commit()

        await asyncio.gather(*(each() for _ in range(in_flight)))
        workers.close()
        return lags, most[1]

    return asyncio.run(main())


def test_workers_begin_each_commit_once_and_not_before_it_is_due():
    dues = due_times(200, per_s=1000.0)
    lags, _ = work(dues, in_flight=4, take_s=0)
    assert len(lags) == 200
    assert min(lags) >= 0


def test_no_more_are_under_way_than_there_are_workers_and_the_rest_waits_its_turn():
    lags, most = work([0] * 30, in_flight=3, take_s=0.01)
    assert (len(lags), most) == (30, 3)
    assert lags == sorted(lags)
    assert max(lags) >= 80


def test_idle_workers_end_with_the_window_though_nothing_is_due():
    assert work([], in_flight=5, take_s=0, seconds=0.05) == ([], 0)


def test_an_error_ends_those_as_well_who_wait_for_what_is_due_much_later():
    began = monotonic_ns()
    lags, _ = work([0], in_flight=5, take_s=0, seconds=60, errors=["refused"])
    assert len(lags) == 1
    assert monotonic_ns() - began < 30 * SECOND_NS
