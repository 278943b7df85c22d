"""From facts to reasons, and from reasons to a verdict."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bench.agent
from bench.model.fingerprint import Unreadable
from bench.model.readings import NO_THROTTLE, CpuTimes, DiskCounters, Reading, SwapPages, Throttling
from bench.model.record import Cpu, InFlight, Reason, Validity, clients_here
from bench.validity import judge

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
    assert sorted(codes(verdict.reasons)) == sorted(given_codes)


@pytest.mark.parametrize("code", ["some-steal", "others-unknown", "steal-unknown", "swapped-unknown"])
def test_what_is_slight_or_could_not_be_told_is_a_doubt_about_a_valid_trial(code):
    slight = Reason(code=code, detail="")
    assert judge.validity([slight]) == Validity(state="valid", reasons=(slight,))
    assert judge.validity([slight, Reason(code="throttled", detail="")]).state == "suspect"


def test_what_voids_comes_first_then_the_worst_and_what_is_slight_last():
    sizes = (("some-steal", 0.02), ("swapped", None), ("not-alone", 0.7), ("rows-lost", None), ("stalled", 0.17))
    verdict = judge.validity([Reason(code=code, detail="", share=share) for code, share in sizes])
    assert codes(verdict.reasons) == ["rows-lost", "not-alone", "stalled", "swapped", "some-steal"]


@pytest.mark.parametrize("code", sorted(judge.VOID))
def test_a_voiding_code_is_one_that_the_agent_gives(code):
    rooms = Path(judge.__file__).parent, Path(bench.agent.__path__[0])
    sources = [*rooms[0].glob("*.py"), *rooms[1].glob("*.py")]
    text = "".join(path.read_text() for path in sources)
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


WHY = "/proc does not show it"
NOTHING = Cpu(host_pct=None, steal_pct=None, client_cores=None, server_cores=None)


def test_what_is_not_known_is_a_doubt_that_says_so():
    [steal] = judge.check_steal(None, WHY)
    [others] = judge.check_others(NOTHING, 2, WHY, [])
    assert (steal.code, others.code) == ("steal-unknown", "others-unknown")
    assert steal.detail == f"not known whether a hypervisor took CPU time: {WHY}"
    assert others.detail == f"not known whether other programs ran: {WHY}"
    for first, last in ((QUIET, BLIND), (BLIND, QUIET)):
        found = judge.check_host(first, last)
        assert codes(found) == ["throttled-unknown", "swapped-unknown"]
        assert all(reason.detail.endswith(": no file") for reason in found)


def test_without_a_commit_there_is_nothing_to_be_in_flight():
    assert judge.check_in_flight(None) == []


def test_that_a_kernel_counts_no_throttling_is_a_fact_of_the_host_and_no_doubt_about_each_trial():
    virtual = replace(QUIET, throttle_counts=Unreadable(unreadable=NO_THROTTLE))
    assert judge.check_host(virtual, virtual) == []


@pytest.mark.parametrize(
    ("steal_pct", "code"), [(0, None), (0.9, None), (1, "some-steal"), (5, "some-steal"), (5.1, "steal")]
)
def test_a_hypervisor_that_takes_from_one_percent_on_is_told_with_its_size(steal_pct, code):
    told = f"the hypervisor gave {steal_pct} % of the CPU time to others"
    expected = [Reason(code=code, detail=told, share=steal_pct / 100)] if code else []
    assert judge.check_steal(steal_pct, "") == expected


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


BUSY = Cpu(host_pct=100, steal_pct=0, client_cores=0.3, server_cores=0.3)


def test_others_on_the_host_are_a_doubt_from_a_tenth_of_it_on_with_size_and_names():
    [reason] = judge.check_others(BUSY, 2, "", ["stress", "ffmpeg"])
    assert reason == Reason(
        code="not-alone", detail="other programs kept 1.4 of 2 cores busy, most of it stress, ffmpeg", share=0.7
    )
    assert judge.check_others(replace(BUSY, host_pct=39), 2, "", ["stress"]) == []


def test_what_clients_took_of_other_machines_is_nothing_of_this_host():
    away = replace(BUSY, host_pct=50, client_cores=0.9, elsewhere_cores=0.8)
    assert clients_here(away) == pytest.approx(0.1)
    [reason] = judge.check_others(away, 2, "", ["stress"])
    assert reason.share == pytest.approx(0.3)
    assert judge.check_others(replace(away, host_pct=29), 2, "", ["stress"]) == []


def test_where_the_servers_part_is_not_known_what_is_left_may_be_others():
    [reason] = judge.check_others(replace(BUSY, host_pct=80, server_cores=None), 2, WHY, ["stress"])
    told = "not known how much of 1.3 of 2 cores the server took and how much others, most of it stress: "
    assert reason == Reason(code="others-unknown", detail=told + WHY, share=0.65)


@pytest.mark.parametrize(("host_pct", "state"), [(89, "valid"), (90, "suspect"), (100, "suspect")])
def test_on_a_full_host_it_is_of_weight_who_took_what_is_not_ours(host_pct, state):
    reasons = judge.check_others(replace(BUSY, host_pct=host_pct, server_cores=None), 2, WHY, [])
    assert judge.validity(reasons).state == state


def test_a_full_host_is_told_with_what_of_it_is_not_known_to_be_ours():
    [reason] = judge.check_others(replace(BUSY, server_cores=None), 2, WHY, ["stress"])
    told = "the host was 100 % busy; not known how much of 1.7 of 2 cores the server took and how much others, most of "
    assert reason == Reason(code="host-full", detail=f"{told}it stress: {WHY}", share=0.85)


def test_where_server_and_others_together_took_next_to_nothing_nothing_is_left_to_know():
    assert judge.check_others(replace(BUSY, server_cores=None, host_pct=20), 2, WHY, []) == []


# --- quotas ----------------------------------------------------------------------------------------------------------


def quota(periods, throttled, cores=0.4):
    return {"/sys/fs/cgroup/box": Throttling(cores=cores, periods=periods, throttled=throttled)}


def test_a_quota_that_held_somebody_up_is_told_with_its_size():
    first = {"the clients": quota(100, 50), "the server": quota(100, 50)}
    last = {"the clients": quota(130, 77), "the server": quota(130, 77)}
    each = "in 27 of 30 periods (0.4 cores)"
    told = f"a CPU quota held up the clients {each} and the server {each}"
    assert judge.check_quotas(first, last) == [Reason(code="cpu-quota", detail=told, share=0.9)]


def test_a_quota_that_was_not_used_up_held_nobody_up():
    assert judge.check_quotas({"the clients": quota(100, 50)}, {"the clients": quota(130, 50)}) == []
    assert judge.check_quotas({"the clients": {}}, {"the clients": {}}) == judge.check_quotas({}, {}) == []


def test_a_quota_that_could_not_be_read_is_a_doubt_that_says_so():
    hidden = Unreadable(unreadable=WHY)
    [reason] = judge.check_quotas({"the server": hidden}, {"the server": quota(1, 1)})
    assert reason == Reason(code="cpu-quota-unknown", detail=f"not known whether a CPU quota held up the server: {WHY}")


def test_commits_behind_a_barrier_are_few_when_their_rounds_are():
    assert judge.check_commits(50 * 30, 50) == []
    assert [reason.code for reason in judge.check_commits(50 * 29, 50)] == ["few-commits"]


def test_what_the_agent_did_too_late_is_a_doubt():
    assert judge.check_late("CPU was read", 0.1, window_s=2) == []
    assert [reason.code for reason in judge.check_late("CPU was read", 0.11, window_s=2)] == ["agent-late"]
