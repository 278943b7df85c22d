"""What the agent observes of clients and server by itself: the loops' lag, the server's CPU by kind, quotas."""

import pytest

from bench.agent import evidence
from bench.agent.observe import BACKENDS, KINDS, Usage, kind_of, server_cpu_between
from bench.model.fingerprint import Unreadable
from bench.model.readings import Throttling
from bench.probes.programs import Process
from bench.workload.messages import LoopLag
from tests.builders import a_result

POSTMASTER = 100
WHY = "/proc does not show it"


# --- the event loop --------------------------------------------------------------------------------------------------


def a_client(lag, commits=(50, 50), insert_s=2.0):
    return a_result(loop_lag=lag, commits_per_second=list(commits), insert_s=insert_s)


def test_its_lag_is_of_all_processes_and_the_turn_is_a_part_of_the_inserts():
    quick = LoopLag(moments=30, lag_s=0.03, most_s=0.002, blocked=3)
    slow = LoopLag(moments=10, lag_s=0.05, most_s=0.04, blocked=9)
    found = evidence.event_loop([a_client(quick), a_client(slow)])
    assert found == pytest.approx(
        {"lag_ms": 2, "lag_max_ms": 40, "blocked_share": 0.3, "turn_share": (100 * 0.001 + 100 * 0.005) / 4}
    )


def test_a_turn_is_no_more_than_all_of_an_insert():
    found = evidence.event_loop([a_client(LoopLag(moments=1, lag_s=1, most_s=1, blocked=1))])
    assert found["turn_share"] == 1


@pytest.mark.parametrize(
    ("results", "why"),
    [
        ([a_client(None)], evidence.NO_LOOP),
        ([a_client(None), a_client(LoopLag(moments=1, lag_s=1, most_s=1, blocked=1))], evidence.NO_LOOP),
        ([], evidence.NO_LOOP),
        ([a_client(LoopLag(moments=0, lag_s=0, most_s=0, blocked=0))], evidence.NOT_LOOKED),
    ],
)
def test_where_it_can_not_be_told_each_figure_says_why(results, why):
    assert evidence.event_loop(results) == dict.fromkeys(evidence.OF_EVENT_LOOP, why)


# --- the server's processes ------------------------------------------------------------------------------------------


def spent(at_s, seconds, others=()):
    """``seconds``: by process number, what it had used by then."""
    found = {
        pid: Process(name="postgres", parent=POSTMASTER, began=pid, own_s=used, waited_for_s=0)
        for pid, used in seconds.items()
    }
    return Usage(at_s=at_s, clients_s=0, server_s=0.0, processes=found, quotas={}, others=frozenset(others))


def test_what_is_no_other_kinds_is_the_backends():
    titles = {
        1: "postgres: walwriter",
        2: "postgres: 15/main: checkpointer",
        3: "postgres: autovacuum worker shop",
        4: "postgres: ann shop 127.0.0.1(4711) INSERT",
        5: "postgres: startup_db shop [local] idle",
    }
    first, last = spent(0, {1: 5, 2: 5, 4: 5}), spent(2, {1: 5.2, 2: 6, 3: 0.4, 4: 7, 5: 1})
    found = server_cpu_between(first, last, 2.0, titles, WHY)
    assert found == pytest.approx(
        dict.fromkeys(KINDS, 0) | {BACKENDS: 1.2, "walwriter": 0.1, "checkpointer": 0.5, "autovacuum": 0.2}
    )
    assert sum(found.values()) == pytest.approx(2.0)


def test_sessions_of_others_are_in_none_of_them():
    titles = {1: "postgres: walsender eve 127.0.0.1(4711)", 2: "postgres: eve shop [local] SELECT"}
    found = server_cpu_between(spent(0, {}), spent(1, {1: 0.5, 2: 0.9}, others=(1, 2)), 0.3, titles, WHY)
    assert found == pytest.approx(dict.fromkeys(KINDS, 0) | {BACKENDS: 0.3})


def test_where_the_servers_time_is_not_known_each_kind_says_why():
    found = server_cpu_between(spent(0, {}), spent(1, {1: 1}), None, {1: "postgres: walwriter"}, WHY)
    assert found == dict.fromkeys((BACKENDS, *KINDS), Unreadable(unreadable=WHY))


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("postgres: background writer", "background_writer"),
        ("postgres: autovacuum launcher", "autovacuum"),
        ("postgres: io worker 2", "io_workers"),
        ("postgres: logical replication launcher", "other"),
        ("postgres: 17/a: b: walwriter", "walwriter"),
        ("postgres: parallel worker for PID 4711", BACKENDS),
        ("", BACKENDS),
    ],
)
def test_a_kind_is_told_by_the_title(title, kind):
    assert kind_of(title) == kind


# --- quotas ----------------------------------------------------------------------------------------------------------


def quota(periods, throttled):
    return {"/sys/fs/cgroup/box": Throttling(cores=0.4, periods=periods, throttled=throttled)}


def test_a_quotas_share_is_of_its_periods_in_the_window_and_0_without_a_quota():
    first = {"the clients": quota(100, 50), "the server": {}}
    last = {"the clients": quota(130, 77), "the server": {}}
    assert evidence.quota(first, last) == {"client_throttled_share": 0.9, "server_throttled_share": 0}


def test_a_quota_that_could_not_be_read_is_not_known():
    hidden = Unreadable(unreadable=WHY)
    found = evidence.quota({"the clients": hidden}, {"the clients": quota(1, 1)})
    assert found == {"client_throttled_share": hidden, "server_throttled_share": evidence.NOT_SEEN}


def test_quotas_of_this_machine_say_nothing_of_clients_on_others():
    first, last = ({"the clients": quota(n, n), "the server": quota(n, n // 2)} for n in (100, 200))
    found = evidence.quota(evidence.of_server(first), evidence.of_server(last))
    assert found == {"client_throttled_share": evidence.NOT_SEEN, "server_throttled_share": 0.5}
