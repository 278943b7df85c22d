"""What is seen of the server's processes, as mean numbers of the run's own sessions by what they are in."""

import pytest

from bench.model.fingerprint import Unreadable
from bench.model.waiting import STATES, state_of
from bench.probes.observed.waits import NEVER_LOOKED, NONE_SEEN, NOT_SHOWN, OF_SERVER, PROBE
from tests.builders import a_scene

IDLE_SERVER = [("checkpointer", "Activity:CheckpointerMain", 1), ("walwriter", "Activity:WalWriterMain", 1)]


class Told:
    """A server that shows one thing after another."""

    def __init__(self, *shown):
        self._shown = list(shown)

    def rows(self, statement, values=None):
        assert "pg_stat_get_activity" in statement
        assert values is None
        return self._shown.pop(0)


def summed_up(*shown, before=()):
    """The figures of a window in which this was shown; ``before`` it opened, that."""
    probe, server = PROBE(a_scene()), Told(*before, *shown)
    for _ in before:
        probe.sample(server)
    readings = [probe.read()]
    for _ in shown:
        probe.sample(server)
    readings.append(probe.read())
    return probe.summary(readings, 1.0)


def test_they_are_mean_numbers_that_add_up_to_the_sessions_seen():
    found = summed_up(
        [("own", "IO:WALSync", 1), ("own", "LWLock:WALWrite", 3), ("own", "running", 1), *IDLE_SERVER],
        [("own", "Client:ClientRead", 2), ("own", "Lock:transactionid", 2), ("own", "IPC:SyncRep", 1), *IDLE_SERVER],
    )
    known = {"wal_flush": 2, "running": 0.5, "idle": 1, "lock": 1, "other": 0.5}
    assert {state: found[state] for state in STATES} == dict.fromkeys(STATES, 0) | known
    assert found["backends"] == sum(found[state] for state in STATES) == 5
    assert found["instants"] == 2
    assert set(found) == set(PROBE.figures)


def test_what_was_seen_before_the_window_does_not_count():
    before = [[("own", "Lock:tuple", 9), ("autovacuum worker", "running", 3)]] * 4
    found = summed_up([("own", "running", 2)], before=before)
    assert (found["lock"], found["running"], found["instants"], found["autovacuum"]) == (0, 2, 1, 0)


def test_sessions_of_others_are_not_the_runs():
    found = summed_up([("own", "running", 1), ("client backend", "Lock:relation", 7)])
    assert (found["backends"], found["lock"]) == (1, 0)


@pytest.mark.parametrize("flush", ["IO:WALSync", "IO:WalSync"])
def test_a_flush_is_one_whoever_makes_it_and_however_a_major_writes_it(flush):
    found = summed_up(
        [("own", "running", 1), ("walwriter", flush, 1)],
        [("own", flush, 2)],
        [("own", "running", 1)],
        [("own", "running", 1)],
    )
    assert (found["flushing"], found["wal_flush"]) == (0.5, 0.5)


def test_a_checkpoint_is_under_way_while_the_checkpointer_does_not_sleep():
    found = summed_up(
        [("own", "running", 1), ("checkpointer", "Timeout:CheckpointWriteDelay", 1)],
        [("own", "running", 1), *IDLE_SERVER],
    )
    assert found["checkpointing"] == 0.5


def test_of_a_server_that_shows_our_own_sessions_alone_the_rest_is_null_with_its_reason():
    found = summed_up([("own", "running", 1), ("hidden", "running", 6)])
    assert found["running"] == 1
    assert {found[name] for name in OF_SERVER} == {NOT_SHOWN}


def test_where_no_session_of_ours_was_seen_none_is_told():
    found = summed_up(IDLE_SERVER)
    assert {found[name] for name in (*STATES, "backends")} == {NONE_SEEN}
    assert (found["instants"], found["flushing"]) == (1, 0)


def test_a_window_in_which_it_was_never_looked_tells_nothing():
    assert set(summed_up().values()) == {NEVER_LOOKED}
    assert isinstance(NEVER_LOOKED, Unreadable)


@pytest.mark.parametrize(
    ("event", "state"),
    [
        ("IO:WALSync", "wal_flush"),
        ("LWLock:WALWrite", "wal_flush"),
        ("IO:WALWrite", "wal_write"),
        ("IO:WALInitSync", "wal_write"),
        ("LWLock:WALInsert", "wal_write"),
        ("Lock:advisory", "lock"),
        ("Lock:extend", "extend"),
        ("LWLock:BufferContent", "extend"),
        ("LWLock:BufferMapping", "lwlock"),
        ("BufferPin:BufferPin", "lock"),
        ("IO:DataFileExtend", "data_io"),
        ("IO:SLRURead", "data_io"),
        ("IPC:BufferIO", "data_io"),
        ("Client:ClientRead", "idle"),
        ("Client:ClientWrite", "client_write"),
        ("Timeout:PgSleep", "other"),
        ("Extension:Extension", "other"),
        ("running", "running"),
    ],
)
def test_what_a_session_is_in(event, state):
    assert state_of(event) == state
