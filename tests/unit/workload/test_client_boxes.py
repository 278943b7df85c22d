"""Client processes on other machines: dealt out in turn, their window the agent's, whatever their clocks show."""

import time
from dataclasses import replace
from time import monotonic_ns

from hypothesis import given
from hypothesis import strategies as st

from bench.model.endpoint import Endpoint
from bench.model.plan import Parameters
from bench.workload.client_boxes import (
    HELD_BACK_S,
    SECOND_NS,
    ClientBox,
    OwnTime,
    ahead,
    dealt,
    in_our_time,
    in_time_of,
)
from bench.workload.messages import Job, Window
from tests.builders import a_result

HERE = Endpoint(transport="tls", host="127.0.0.1", port=5544, user="me", database="postgres", schema="pgladder")
JOB = Job(phase="2-D", driver="asyncpg", parameters=Parameters(), endpoint=HERE, writer=1, seed=7)


def a_box(name: str) -> ClientBox:
    return ClientBox(name=name, command=("ssh", name), endpoint=replace(HERE, host="10.0.0.1", password="secret"))


def jobs(count: int, **changes) -> list[Job]:
    return [replace(JOB, writer=writer, **changes) for writer in range(1, count + 1)]


def test_processes_are_dealt_out_over_boxes_in_turn_and_reach_the_server_from_there():
    waiting = replace(HERE, synchronous_commit="remote_write")
    found = dealt(jobs(5, endpoint=waiting), [a_box("b"), a_box("c")])
    assert [box.name for box, _ in found] == ["b", "c", "b", "c", "b"]
    assert [job.writer for _, job in found] == [1, 2, 3, 4, 5]
    for _, job in found:
        assert job.elsewhere
        assert (job.endpoint.host, job.endpoint.password) == ("10.0.0.1", "secret")
        assert job.endpoint.synchronous_commit == "remote_write"


def test_without_boxes_the_jobs_are_as_they_were():
    assert dealt(jobs(2), ()) == [(None, job) for job in jobs(2)]


@given(
    st.integers(-(10**15), 10**15),
    st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1),
)
def test_a_clock_is_known_within_half_of_its_quickest_round_trip(truth, trips):
    answers = [(asked, asked + there + truth, asked + there + back) for asked, there, back in trips]
    found = ahead(answers)
    assert abs(found.ns - truth) <= found.uncertain_ns + 1
    assert found.uncertain_ns == min((there + back + 1) // 2 for _, there, back in trips)


@given(st.integers(-(10**15), 10**15))
def test_a_window_there_is_the_window_here(truth):
    clock = ahead([(1000, 1010 + truth, 1020)])
    there = in_time_of(Window(opens_ns=5_000, closes_ns=9_000), clock)
    assert (there.opens_ns - truth, there.closes_ns - truth) == (5_000, 9_000)
    back = in_our_time(a_result(gaps=[(there.opens_ns, there.closes_ns)]), clock)
    assert back.gaps == [(5_000, 9_000)]


def test_a_result_without_pauses_of_its_own_stays_as_it_is():
    result = a_result(gaps=None)
    assert in_our_time(result, ahead([(0, 10**12, 10)])) is result


def test_a_process_tells_what_it_kept_busy_between_opening_and_closing_of_the_window():
    opens = monotonic_ns() + SECOND_NS // 20
    own = OwnTime(Window(opens_ns=opens, closes_ns=opens + SECOND_NS // 5))
    while monotonic_ns() < opens + SECOND_NS // 5:
        sum(range(1000))
    [result] = own.add_to([a_result()])
    assert 0 < result.cores <= 1.5
    assert monotonic_ns() >= opens + SECOND_NS // 5 + round(HELD_BACK_S * SECOND_NS)


def test_where_the_window_did_not_come_to_its_end_nothing_is_known_and_nobody_waits():
    began = time.monotonic()
    own = OwnTime(Window(opens_ns=monotonic_ns(), closes_ns=monotonic_ns() + 600 * SECOND_NS))
    [result] = own.add_to([a_result(errors=["ConnectionError: gone"])])
    assert result.cores is None
    assert time.monotonic() - began < 60
