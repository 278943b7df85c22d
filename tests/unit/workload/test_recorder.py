"""What is remembered of the window, in bounded memory and in HdrHistogram's buckets."""

import random
import tracemalloc
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.histogram import new_histogram
from bench.workload.arrivals import LATE_NS
from bench.workload.recorder import FOLD, GAPS, NOTED, SECOND_NS, OpenRecorder, Recorder

HOUR_US = 3_600_000_000
BUCKETS = 2048 + 1024 * 21
"""1 µs to 1 h by three digits: 2,048 values of one µs each, then 1,024 buckets for each doubling."""


def a_recorder(seconds=1.0, batch=1):
    return Recorder(0, round(seconds * SECOND_NS), batch)


def acknowledge(recorder, answered, latency_us=1):
    asked = answered - latency_us * 1000
    recorder.acknowledge(asked, asked, asked, answered, answered)


LATENCIES = st.one_of(st.integers(1, 5000), st.integers(1, HOUR_US), st.integers(0, 31).map(lambda bits: 1 << bits))
REFERENCE = new_histogram()


@given(st.lists(LATENCIES, max_size=40))
def test_its_own_buckets_are_those_of_hdrhistogram(latencies):
    recorder = a_recorder()
    for latency in latencies:
        acknowledge(recorder, 5, latency)
    recorder.fold()
    assert recorder._latencies == Counter(REFERENCE.get_lowest_equivalent_value(latency) for latency in latencies)


def test_what_it_hands_on_is_what_hdrhistogram_would_have_recorded():
    recorder, reference, chance = a_recorder(), new_histogram(), random.Random(2)
    for _ in range(5000):
        latency = 1 + chance.getrandbits(31) % (1 << chance.randrange(1, 31))
        acknowledge(recorder, 5, latency)
        reference.record_value(latency)
    recorder.fold()
    assert recorder.histogram().encode() == reference.encode()


def test_a_latency_below_a_microsecond_counts_as_one():
    recorder = a_recorder()
    recorder.acknowledge(0, 0, 0, 999, 999)
    recorder.fold()
    assert recorder.histogram().get_count_at_value(1) == 1


@given(opens=st.integers(0, 10**15), length=st.integers(1, 5 * SECOND_NS), offset=st.integers(-(10**9), 6 * 10**9))
def test_only_what_is_answered_inside_the_window_counts_there(opens, length, offset):
    recorder = Recorder(opens, opens + length, 3)
    answered = opens + offset
    recorder.acknowledge(answered - 1, answered - 1, answered - 1, answered, answered)
    recorder.fold()
    inside = 0 <= offset < length
    assert sum(recorder.commits_per_second()) == inside
    assert recorder.insert_ns == inside
    assert recorder.acknowledged == 3


def test_the_window_opens_with_its_first_nanosecond_and_closes_before_its_last():
    recorder = a_recorder(2, batch=10)
    for answered in (-1, 0, SECOND_NS - 1, SECOND_NS, 2 * SECOND_NS - 1, 2 * SECOND_NS):
        acknowledge(recorder, answered)
    recorder.fold()
    assert recorder.commits_per_second() == [2, 2]
    assert recorder.acknowledged == 60


def test_a_window_that_is_no_whole_number_of_seconds_has_a_last_short_one():
    recorder = a_recorder(1.5)
    acknowledge(recorder, round(1.4 * SECOND_NS))
    recorder.fold()
    assert recorder.commits_per_second() == [0, 1]


def test_times_are_added_up_by_what_they_were_spent_on():
    recorder = a_recorder()
    for _ in range(3):
        recorder.acknowledge(1, 11, 111, 1111, 11111)
    recorder.fold()
    spent = (recorder.prepare_ns, recorder.wait_ns, recorder.insert_ns, recorder.release_ns)
    assert spent == (30, 300, 3000, 30000)


def test_latency_includes_the_wait_for_a_connection_but_not_making_the_rows():
    recorder = a_recorder()
    recorder.acknowledge(0, 5_000_000, 6_000_000, 7_000_000, 9_000_000)
    recorder.fold()
    assert recorder.histogram().get_max_value() == 2000


@given(began=st.integers(-3, 12), length=st.integers(0, 15))
def test_of_a_cycle_only_the_part_inside_the_window_counts(began, length):
    recorder, ended = Recorder(2, 7), began + length
    recorder.acknowledge(began, began, began, ended, ended)
    recorder.fold()
    assert recorder.cycle_ns == len(set(range(2, 7)) & set(range(began, ended)))


def test_rounds_that_end_in_the_window_count_with_all_their_time():
    recorder = Recorder(2, 7)
    for began, ended in ((0, 1), (1, 3), (3, 6), (6, 7)):
        recorder.round(began, ended)
    assert (recorder.rounds, recorder.rounds_ns) == (2, 5)


def longest(recorder):
    recorder.fold()
    return max(recorder.gaps(), key=lambda gap: gap[1] - gap[0])


def test_the_longest_pause_is_kept_with_its_place():
    recorder = a_recorder()
    for answered in (100, 250, 700, 900, SECOND_NS - 50):
        acknowledge(recorder, answered)
    assert longest(recorder) == (900, SECOND_NS - 50)


@pytest.mark.parametrize(
    ("answered", "expected"),
    [((600,), (0, 600)), ((300, 400), (400, 1000)), ((), (0, 1000)), ((-500, 2000), (0, 1000)), ((0, 999), (0, 999))],
)
def test_the_time_from_the_windows_opening_and_to_its_close_is_a_pause_too(answered, expected):
    recorder = Recorder(0, 1000)
    for moment in answered:
        recorder.acknowledge(moment, moment, moment, moment, moment)
    assert longest(recorder) == expected


def test_a_connection_that_is_given_back_late_makes_no_pause_of_others_answers():
    recorder = Recorder(0, 1000)
    for answered, released in ((100, 200), (300, 310), (101, 320), (400, 410)):
        recorder.acknowledge(0, 0, 0, answered, released)
    recorder.fold()
    assert sorted(recorder.gaps()) == [(0, 200), (200, 310), (310, 320), (320, 410), (410, 1000)]


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=200))
def test_of_any_number_of_pauses_the_longest_are_kept(pauses):
    recorder, now = Recorder(0, sum(pauses) + 1), 0
    for pause in pauses:
        now += pause
        recorder.acknowledge(now, now, now, now, now)
    recorder.fold()
    lengths = sorted((ended - began for began, ended in recorder.gaps()), reverse=True)
    assert lengths[:GAPS] == sorted([*pauses, 1], reverse=True)[:GAPS]


def test_folding_early_loses_and_repeats_nothing():
    recorder = a_recorder()
    for _ in range(FOLD + 10):
        acknowledge(recorder, 5)
    for _ in range(2):
        recorder.fold()
        assert recorder.histogram().get_total_count() == recorder.acknowledged == FOLD + 10
    acknowledge(recorder, 5)
    recorder.fold()
    assert recorder.histogram().get_total_count() == recorder.acknowledged == FOLD + 11


MOMENTS = st.integers(-SECOND_NS, 4 * SECOND_NS)
COMMITS = st.lists(st.lists(MOMENTS, min_size=5, max_size=5).map(sorted), min_size=1, max_size=30)


@given(COMMITS, st.integers(1, 3 * SECOND_NS), st.integers(1, 9))
def test_commits_that_are_folded_at_once_come_to_what_each_comes_to_by_itself(commits, closes, batch):
    together, one_by_one = Recorder(0, closes, batch), Recorder(0, closes, batch)
    for commit in commits:
        together.acknowledge(*commit)
        one_by_one.acknowledge(*commit)
        one_by_one.fold()
    together.fold()
    assert vars(together) == vars(one_by_one)


DUE_COMMITS = st.lists(st.lists(MOMENTS, min_size=6, max_size=6).map(sorted), min_size=1, max_size=30)


@given(DUE_COMMITS, st.integers(1, 3 * SECOND_NS))
def test_what_was_due_and_is_folded_at_once_comes_to_what_each_comes_to_by_itself(commits, closes):
    together, one_by_one = (OpenRecorder(0, closes, 1, collects=False, limit_ns=SECOND_NS) for _ in range(2))
    for due, *readings in commits:
        together.acknowledge(*readings, due)
        one_by_one.acknowledge(*readings, due)
        one_by_one.fold()
    counts = together.open_loop(waiting=[], skipped=0, late_while_free=0)
    assert vars(together) == vars(one_by_one)
    inside = [commit for commit in commits if 0 <= commit[0] < closes]
    lags = [began - due for due, began, *_ in inside]
    assert (counts.begun, counts.late) == (len(lags), sum(lag >= LATE_NS for lag in lags))
    assert (counts.lag_s, counts.most_lag_s) == (sum(lags) / SECOND_NS, max(lags, default=0) / SECOND_NS)
    assert counts.beyond_limit == sum(answered - due > SECOND_NS for due, _, _, _, answered, _ in inside)
    assert together.histogram().get_total_count() == len(inside)


def test_hundreds_of_thousands_of_latencies_of_all_sizes_take_no_more_memory_than_there_are_buckets():
    recorder = a_recorder()
    for number in range(400_000):
        latency_ns = number * 2_654_435_761 % (1 << 10 + number % 32)  # Fibonacci hashing: of all sizes, up to an hour
        recorder.acknowledge(0, 5 - latency_ns, 0, 5, 5)
    assert len(recorder._notes) < FOLD * NOTED
    recorder.fold()
    assert 10_000 < len(recorder._latencies) <= BUCKETS
    assert recorder.commits_per_second() == [400_000]


DAYS, DAY_S = 7, 86_400
BESIDE_BYTES = 80_000_000 - 44_000_000
"""What is left to a client process beside Python, drivers and connections (41 to 44 MB were measured)."""


def test_a_window_of_a_week_at_any_rate_leaves_a_client_process_below_80_mb():
    """By a clock that goes quickly: commits in the first and the last second, the rates of all the others made up."""
    tracemalloc.start()
    recorder = Recorder(0, DAYS * DAY_S * SECOND_NS)
    for answered in (0, DAYS * DAY_S * SECOND_NS - 1):
        acknowledge(recorder, answered)
    recorder.fold()
    for second in range(1, len(recorder._by_second) - 1):
        recorder._by_second[second] = 100_000 + second
    written = msgspec.json.encode(recorder.commits_per_second())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(written) > 5 * DAYS * DAY_S
    assert most < BESIDE_BYTES
