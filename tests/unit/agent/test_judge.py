"""From facts to reasons, and from reasons to a verdict."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bench.agent
from bench.agent import judge
from bench.model import Cpu, InFlight, Reason, Unreadable, Validity
from bench.probes.sensors import CpuTimes, DiskCounters, Reading, SwapPages

QUIET = Reading(
    temperature_c=54.0,
    throttle_counts={"core_throttle_count": 8, "package_throttle_count": 28},
    frequency_mhz=2000.0,
    energy_uj={},
    pressure_us={},
    swap=SwapPages(swapped_in=12, swapped_out=340),
    cpu=CpuTimes(busy=1, steal=0, total=2),
    disk=DiskCounters(writes=1, sectors_written=1, busy_ms=1),
)
BLIND = replace(QUIET, throttle_counts=Unreadable(unreadable="no file"), swap=Unreadable(unreadable="no file"))


def codes(reasons):
    return [reason.code for reason in reasons]


# --- the verdict -----------------------------------------------------------------------------------------------------


def test_without_a_reason_a_trial_is_valid():
    assert judge.validity([]) == Validity(state="valid", reasons=())


@given(st.lists(st.sampled_from([*sorted(judge.VOID), "in-flight", "throttled", "swapped", "steal", "few-commits"])))
def test_one_voiding_reason_voids_whatever_else_is_said_and_none_is_dropped(given_codes):
    reasons = [Reason(code=code, detail="") for code in given_codes]
    verdict = judge.validity(reasons)
    voiding = bool(judge.VOID & set(given_codes))
    assert verdict.state == ("void" if voiding else "suspect" if given_codes else "valid")
    assert verdict.reasons == tuple(reasons)


@pytest.mark.parametrize("code", sorted(judge.VOID))
def test_a_voiding_code_is_one_that_the_agent_gives(code):
    text = "".join(path.read_text() for path in Path(bench.agent.__path__[0]).glob("*.py"))
    assert text.count(f'"{code}"') > 1  # once where it is said to void, and where it is given


# --- facts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step_s", "seconds", "stepped"),
    [(0, 5, False), (0.1, 5, False), (-0.1, 5, False), (0.11, 5, True), (-3600, 5, True), (0.15, 120, False)],
)
def test_a_clock_may_be_slewed_but_not_set(step_s, seconds, stepped):
    assert codes(judge.check_clock(step_s, seconds)) == (["clock-stepped"] if stepped else [])


@pytest.mark.parametrize(
    ("measured", "doubtful"), [(47.6, False), (52.4, False), (47.4, True), (52.6, True), (0, True)]
)
def test_in_flight_may_be_off_by_five_percent(measured, doubtful):
    check = InFlight(measured=measured, expected=50)
    assert codes(judge.check_in_flight(check)) == (["in-flight"] if doubtful else [])


def test_too_few_in_flight_is_time_outside_and_too_many_is_not_a_negative_time():
    [few] = judge.check_in_flight(InFlight(measured=0.49, expected=1))
    [many] = judge.check_in_flight(InFlight(measured=6, expected=5))
    assert few.detail.endswith("51% of the workers' time lies outside what was timed")
    assert many.detail.endswith("6.00 commits under way by Little's law where 5.00 are expected: 20% too much")


def test_where_nothing_is_known_nothing_is_said():
    assert judge.check_in_flight(None) == []
    assert judge.check_cpu(Cpu(host_pct=None, steal_pct=None, client_cores=None, server_cores=None), 2) == []
    assert judge.check_host(QUIET, BLIND) == judge.check_host(BLIND, QUIET) == []


@pytest.mark.parametrize(("steal_pct", "doubtful"), [(0, False), (5, False), (5.1, True)])
def test_a_hypervisor_that_takes_more_than_five_percent_is_named(steal_pct, doubtful):
    cpu = Cpu(host_pct=50, steal_pct=steal_pct, client_cores=1, server_cores=1)
    assert codes(judge.check_cpu(cpu, 2)) == (["steal"] if doubtful else [])


def test_throttling_between_two_readings_names_the_counter():
    hot = replace(QUIET, throttle_counts={"core_throttle_count": 8, "package_throttle_count": 29})
    [reason] = judge.check_host(QUIET, hot)
    assert reason.code == "throttled"
    assert reason.detail.endswith(": package_throttle_count")


def test_swapping_between_two_readings_is_counted_in_and_out():
    swapping = replace(QUIET, swap=SwapPages(swapped_in=13, swapped_out=345))
    assert judge.check_host(QUIET, swapping) == [Reason(code="swapped", detail="6 pages were swapped in or out")]


def test_a_host_that_was_throttled_before_and_not_since_is_not_blamed():
    assert judge.check_host(QUIET, QUIET) == []


@pytest.mark.parametrize(
    ("commits", "expected"), [(0, ["no-commits"]), (1, ["few-commits"]), (29, ["few-commits"]), (30, [])]
)
def test_too_few_commits_tell_little_and_none_tell_nothing(commits, expected):
    assert codes(judge.check_commits(commits, 1)) == expected


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"fsync": "on"}, None),
        ({"fsync": "off"}, "fsync changed meanwhile (fsync: on → off)"),
        ({}, "fsync changed meanwhile (fsync: on → None)"),
        ({"fsync": "on", "jit": "off"}, "jit changed meanwhile (jit: None → off)"),
        ({"fsync": "on", "plpgsql.extra_errors": "none"}, None),  # a session loaded its library
    ],
)
def test_a_setting_that_changed_came_or_went_is_named(now, told):
    reasons = judge.check_settings({"fsync": "on"}, now)
    assert reasons == ([Reason(code="configuration-drifted", detail=told)] if told else [])


def test_others_on_the_host_are_a_doubt_from_a_tenth_of_it_on():
    busy = Cpu(host_pct=100, steal_pct=0, client_cores=0.3, server_cores=0.7)
    assert [reason.code for reason in judge.check_cpu(busy, 2)] == ["not-alone"]
    assert judge.check_cpu(replace(busy, host_pct=59), 2) == []


def test_commits_behind_a_barrier_are_few_when_their_rounds_are():
    assert judge.check_commits(50 * 30, 50) == []
    assert [reason.code for reason in judge.check_commits(50 * 29, 50)] == ["few-commits"]


def test_what_the_agent_did_too_late_is_a_doubt():
    assert judge.check_late("CPU was read", 0.1, window_s=2) == []
    assert [reason.code for reason in judge.check_late("CPU was read", 0.11, window_s=2)] == ["agent-late"]
