"""What on somebody's server would fail or hang is asked before anything is made there, and keeps nobody waiting."""

import json
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import monotonic

import pytest

from bench.engines.postgresql.external import ExternalPostgreSQL
from tests.integration.support import BRIEF, SMALL, Ended, Theirs, climbing, passwords, pgladder, wait_for

ONE = ("--phases", "1-B", *BRIEF, "--blocks", "1")
PROMPTLY_S = 100
"""On a machine that is very busy; what waited for a standby waited for ever."""


@contextmanager
def changed(server: Theirs, change: str, back: str) -> Iterator[None]:
    """Have something otherwise for a while."""
    server.ask(change)
    try:
        yield
    finally:
        server.ask(back)


@contextmanager
def with_setting(server: Theirs, name: str, value: str) -> Iterator[None]:
    """Have a setting of the server otherwise for a while."""
    before = server.ask(f"SHOW {name}")[0][0]
    server.set(name, value)
    try:
        yield
    finally:
        server.set(name, before)


def run(server: Theirs, place, *asked) -> Ended:
    """Run with the user's password at hand."""
    return pgladder("run", *asked, "--dsn", server.dsn(), "--out", place / "out", cwd=place, env=passwords(place))


def assert_refused(ended: Ended, place, *words: str) -> None:
    """One sentence that has these words, and no run directory."""
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    for word in words:
        assert word in ended.err
    assert "is left" not in ended.err
    assert not (place / "out").exists()


# --- asked first -----------------------------------------------------------------------------------------------------


def test_a_standby_is_refused(new_place):
    place = new_place()
    server = Theirs(place)
    server.control("stop")
    try:
        (server.data / "standby.signal").touch()
        server.control("start")
        assert_refused(run(server, place, *ONE), place, "is a standby", "give its primary")
    finally:
        server.control("stop")


def test_a_role_whose_transactions_are_read_only_is_refused(theirs, place):
    on = "ALTER ROLE ann SET default_transaction_read_only = on"
    with changed(theirs, on, "ALTER ROLE ann RESET default_transaction_read_only"):
        assert_refused(run(theirs, place, *ONE), place, "'ann'", "default_transaction_read_only")


def test_a_server_that_waits_for_a_standby_that_is_not_there_is_refused_by_the_settings_name(theirs, place):
    before = theirs.dump()
    with with_setting(theirs, "synchronous_standby_names", "nobody"):
        began = monotonic()
        ended = run(theirs, place, *ONE)
        assert monotonic() - began < PROMPTLY_S
        assert_refused(ended, place, "synchronous_standby_names = 'nobody'")
    assert theirs.dump() == before


def test_what_does_not_wait_for_standbys_is_measured(theirs, place):
    local = "ALTER ROLE ann SET synchronous_commit = local"
    with (
        changed(theirs, local, "ALTER ROLE ann RESET synchronous_commit"),
        with_setting(theirs, "synchronous_standby_names", "nobody"),
    ):
        assert run(theirs, place, *ONE).code == 0


@pytest.mark.slow
def test_a_role_whose_idle_sessions_are_soon_ended_is_measured(theirs, place):
    limit = "ALTER ROLE ann SET idle_session_timeout = '300ms'"
    with changed(theirs, limit, "ALTER ROLE ann RESET idle_session_timeout"):
        ended = run(theirs, place, "--phases", "1-B", "--warm-up", "0.2", "--window", "2", "--blocks", "1")
    assert ended.code == 0, ended.err


def test_a_commit_that_never_returns_is_given_up_where_a_standby_seems_to_be_there(theirs, place, monkeypatch):
    monkeypatch.setenv("PGPASSFILE", passwords(place)["PGPASSFILE"])
    monkeypatch.setattr("bench.engines.postgresql.external.COMMIT_TIMEOUT_S", 1)
    server = ExternalPostgreSQL(theirs.dsn(), "standby")
    with with_setting(theirs, "synchronous_standby_names", "nobody"):
        server._standing |= {"synchronous_standby_names": "nobody", "standbys": 1}
        with pytest.raises(Exception, match=r"synchronous_standby_names = 'nobody'.*took over 1 s"):
            server.recover()


# --- whose schema ----------------------------------------------------------------------------------------------------


def test_a_schema_of_that_name_that_the_run_did_not_make_is_left_alone(theirs, place):
    assert run(theirs, place, *ONE).code == 0
    plan = json.loads((place / "out/plan.json").read_text())
    (place / "plan.json").write_text(json.dumps({**plan, "run": "mine"}))
    theirs.ask("CREATE SCHEMA pgladder_mine AUTHORIZATION ann; CREATE TABLE pgladder_mine.events (theirs text)", "shop")
    before = theirs.dump()
    try:
        asked = ["--plan", place / "plan.json", "--dsn", theirs.dsn(), "--out", place / "again"]
        ended = pgladder("run", *asked, cwd=place, env=passwords(place))
        assert (ended.code, ended.out) == (2, "")
        assert "has a schema pgladder_mine already" in ended.err
        assert not (place / "again").exists()
        assert theirs.dump() == before
    finally:
        theirs.ask("DROP SCHEMA pgladder_mine CASCADE", "shop")


# --- in the middle of a run ------------------------------------------------------------------------------------------

LONG = ("--phases", "1-B", "--warm-up", "0.2", "--window", "60", "--blocks", "1")


def test_a_standby_that_is_lost_meanwhile_hangs_neither_the_stop_nor_the_tidying_up(theirs, place):
    before = theirs.dump()
    with climbing(place, *LONG, "--dsn", theirs.dsn(), env=passwords(place)) as climb:
        climb.wait_trial(1)
        theirs.wait_inserting()
        with with_setting(theirs, "synchronous_standby_names", "nobody"):
            climb.process.send_signal(signal.SIGINT)
            began = monotonic()
            ended = climb.end()
            assert monotonic() - began < PROMPTLY_S
    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert theirs.schemas() == []
    assert theirs.dump() == before


def test_the_second_ctrl_c_ends_a_tidying_up_that_somebody_keeps_waiting(theirs, place):
    with climbing(place, *LONG, "--dsn", theirs.dsn(), env=passwords(place)) as climb:
        climb.wait_trial(1)
        theirs.wait_inserting()
        [schema] = theirs.schemas()
        with closing(theirs.connect("shop")) as somebody, somebody.cursor() as cursor:
            cursor.execute(f"BEGIN; LOCK TABLE {schema}.events IN ACCESS SHARE MODE")
            climb.process.send_signal(signal.SIGINT)
            waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%DROP SCHEMA%'"
            wait_for(lambda: theirs.ask(waits), "the schema is to be dropped")
            climb.process.send_signal(signal.SIGINT)
            ended = climb.end()
    assert ended.code == 1
    assert "told to stop while tidying up" in ended.err  # and not: canceled due to lock timeout
    assert f"DROP SCHEMA {schema} CASCADE" in ended.err
    assert "Traceback" not in ended.err
    theirs.ask(f"DROP SCHEMA IF EXISTS {schema} CASCADE", "shop")


# --- room ------------------------------------------------------------------------------------------------------------


def test_what_opens_more_sessions_than_a_role_may_is_left_out_and_said(theirs, place):
    with changed(theirs, "ALTER ROLE ann CONNECTION LIMIT 12", "ALTER ROLE ann CONNECTION LIMIT -1"):
        ended = run(theirs, place, "--phases", "1", "1-B", "2", "2-G", *BRIEF, *SMALL, "--blocks", "1")
    assert (ended.code, ended.err) == (0, "")
    said = " ".join(ended.out.split())
    assert (
        "Phase 2 is left out: it opens 14 connections, and its role 'ann' (CONNECTION LIMIT) has room for 12." in said
    )
    phases = [trial["phase"] for trial in json.loads((place / "out/plan.json").read_text())["trials"]]
    assert sorted(phases) == ["1", "1-B", "2-G"]


def test_no_room_at_all_is_refused(theirs, place):
    with changed(theirs, "ALTER DATABASE shop CONNECTION LIMIT 3", "ALTER DATABASE shop CONNECTION LIMIT -1"):
        ended = run(theirs, place, *ONE)
    assert_refused(ended, place, "opens 5 connections", "its database 'shop' (CONNECTION LIMIT) has room for 3")


# --- sessions of others ----------------------------------------------------------------------------------------------


def test_sessions_of_others_are_told_from_ours(theirs, place, monkeypatch):
    monkeypatch.setenv("PGPASSFILE", passwords(place)["PGPASSFILE"])
    server = ExternalPostgreSQL(theirs.dsn(), "others")
    with closing(theirs.connect("shop")) as somebody, closing(server._session()) as ours:
        assert list(server.others(ours)) == [somebody.info.backend_pid]
