"""What a run's own sessions wait for, on a real server: what is planted is what is seen, whoever else is there."""

import time

import pytest

from bench.engines.postgresql.binaries import find_binaries
from bench.model.waiting import FLUSHES, STATE_BY_EVENT, STATES
from bench.plan.estimate import opened_each
from bench.probes.observed.waits import NOT_SHOWN, OF_SERVER
from tests.integration.support import climbing, meddling, passwords

ASKED = ("--warm-up", 0.3, "--window", 2, "--blocks", 1)
HELD_S = 1.0
LATER_THAN_15 = {"SpinDelay"}


@pytest.fixture(scope="module")
def waited(new_place):
    """A run of two rungs, on one of which somebody holds a lock meanwhile."""
    with climbing(new_place(), "--phases", "1,2-C", "--variants", "async-commit", *ASKED) as climb:
        climb.wait_trial(1)
        [locked] = [trial.number for trial in climb.directory.plan().trials if trial.phase == "2-C"]
        climb.wait_trial(locked)
        with meddling(climb) as meddler:
            meddler.wait_window()
            meddler.ask("BEGIN")
            meddler.ask("LOCK TABLE pgladder.events IN EXCLUSIVE MODE")
            time.sleep(HELD_S)  # what is tested: how long it is held
            meddler.ask("COMMIT")
        climb.end()
        return climb


def of_phase(climb, phase):
    [record] = [record for record in climb.records() if record.trial.phase == phase]
    return record


def test_a_lock_that_somebody_holds_is_what_all_wait_for_meanwhile(waited):
    record = of_phase(waited, "2-C")
    waits, in_flight = record.observed["waits"], record.trial.parameters.in_flight
    # Half of a window of 2 s; the first look of them may come late on a busy machine.
    assert waits["lock"] > 0.25 * in_flight
    assert waits["lock"] > waits["wal_flush"] + waits["extend"] + waits["data_io"]
    assert waits["backends"] == pytest.approx(opened_each(record.trial.parameters), abs=0.5)
    assert sum(waits[state] for state in STATES) == pytest.approx(waits["backends"])
    samples = waited.directory.samples(*record.key)
    assert samples.readings[-1]["waits"]["seen"]["own Lock:relation"] > 0


def test_on_a_server_of_others_the_runs_own_sessions_are_told_from_theirs_and_the_rest_is_null(theirs, place):
    dsn = f"host={theirs.home} port={theirs.port} user=ann dbname=shop"
    with climbing(place, "--phases", "2-C", *ASKED, "--dsn", dsn, env=passwords(place)) as climb:
        climb.end()
        record = of_phase(climb, "2-C")
    waits = record.observed["waits"]
    assert waits["backends"] == pytest.approx(opened_each(record.trial.parameters), abs=0.5)
    assert {waits[name] for name in OF_SERVER} == {None}
    assert {record.not_counted[f"waits.{name}"] for name in OF_SERVER} == {NOT_SHOWN.unreadable}
    assert record.observed["server_cpu"]["backends"] > 0


def test_of_clients_that_connect_each_time_and_have_no_loop_the_lag_is_null_with_its_reason(waited):
    record = of_phase(waited, "1")
    assert set(record.observed["event_loop"].values()) == {None}
    assert "no event loop" in record.not_counted["event_loop.lag_ms"]
    cores = record.observed["server_cpu"]
    assert sum(cores.values()) == pytest.approx(record.cpu.server_cores, abs=0.02)
    assert cores["backends"] > cores["walwriter"]


def test_the_wait_events_that_are_told_apart_are_among_those_of_15():
    programs = (find_binaries("15") / "postgres").read_bytes().lower()
    for event in {*STATE_BY_EVENT, FLUSHES} - {f"timeout:{name.lower()}" for name in LATER_THAN_15}:
        assert f"\0{event.partition(':')[2]}\0".encode() in programs, event
