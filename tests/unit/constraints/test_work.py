"""The model of what-if questions: closed forms of queueing networks, and what every one of them must keep."""

from dataclasses import replace

import pytest

from bench.constraints.work import Work, fitted, rate

ALONE = Work(
    in_flight=1, in_flight_each=1, processes=1, cpus=4, client_s=0.002, server_s=0.003, waits_s={"wal-flush": 0.005}
)
MANY = replace(ALONE, in_flight=50)


def test_one_commit_at_a_time_takes_the_sum_of_its_parts():
    assert rate(ALONE) == pytest.approx(1 / 0.010, rel=1e-9)


def test_without_a_part_it_takes_what_is_left():
    assert rate(ALONE.without("wal-flush")) / rate(ALONE) == pytest.approx(2.0)
    assert rate(ALONE.scaled(0.5)) / rate(ALONE) == pytest.approx(2.0)


def test_of_many_the_station_with_most_to_do_gives_the_pace():
    # A process of Python uses one core: 500 a second, whatever is flushed.
    assert rate(MANY) == pytest.approx(500, rel=0.03)
    assert rate(MANY.without("wal-flush")) / rate(MANY) == pytest.approx(1.0, abs=0.01)
    # With four of them the four processors do: 4 / 5 ms.
    assert rate(replace(MANY, processes=4)) == pytest.approx(800, rel=0.06)


def test_no_rate_is_above_what_a_station_or_the_commits_allow():
    for in_flight in (1, 2, 5, 10, 50):
        for processes in (1, 2, 4):
            work = replace(ALONE, in_flight=in_flight, processes=processes)
            assert rate(work) <= min(processes / 0.002, 4 / 0.005, in_flight / 0.010) * (1 + 1e-9)


def test_more_in_flight_is_never_slower_and_less_work_is_never_either():
    rates = [rate(replace(ALONE, in_flight=in_flight)) for in_flight in (1, 2, 4, 8, 16)]
    assert rates == sorted(rates)
    assert rate(MANY.scaled(0.9)) > rate(MANY)


@pytest.mark.parametrize("measured", [40.0, 90.0])
def test_what_nothing_explains_is_what_makes_the_rate_that_was_measured(measured):
    found = fitted(ALONE, measured)
    assert rate(found) == pytest.approx(measured, rel=1e-6)
    assert found.rest_s == pytest.approx(1 / measured - 0.010)


def test_what_is_explained_twice_leaves_nothing_and_never_less():
    assert fitted(ALONE, 200.0).rest_s == 0
