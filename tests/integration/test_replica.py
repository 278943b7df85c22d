"""A standby beside a private server: what commits wait for, how far it is behind, and what becomes of its troubles."""

import os
import signal
from contextlib import closing
from dataclasses import replace
from threading import Thread

import psutil
import psycopg2
import pytest

from bench.engines.postgresql import following
from bench.engines.postgresql.following import NAME
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.session import RefusedError
from tests.examples import one_of
from tests.integration.support import (
    ONCE,
    Climb,
    assert_nothing_left,
    climbing,
    meddling,
    processes_in,
    stock_server,
    stopped,
    wait_for,
)

LEVELS = ("none", "async", "on", "remote_apply")
SYNCHRONOUS = ("on", *one_of("remote_apply", "remote_write", "local"))


def codes(record) -> set[str]:
    return {reason.code for reason in record.validity.reasons}


# --- measured --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def swept(new_place) -> Climb:
    """Single inserts without a standby, and at three levels, in one block."""
    place, of = new_place(), f"replica={','.join(LEVELS)}"
    asked = ("--of", of, "--phases", "1-B", "--blocks", 1, "--warm-up", 0.3, "--window", 1.5, *ONCE)
    with climbing(place, *asked, question="sweep") as climb:
        ended = climb.end()
        assert ended.code in {0, 1}, ended
        yield climb


def by_level(climb):
    return {record.trial.parameters.replica: record for record in climb.records()}


def test_each_level_is_a_candidate_of_one_run_and_every_row_is_there(swept):
    found = by_level(swept)
    assert set(found) == set(LEVELS)
    for record in found.values():
        seen = record.verified
        assert record.validity.state != "void", record.validity.why
        assert seen.attempted == seen.acknowledged == seen.found > 0
        assert record.durability in {"durable", "in memory", "unknown"}
    assert "replica" in swept.end().out


def test_how_far_the_standby_was_behind_is_recorded_where_there_is_one(swept):
    found = by_level(swept)
    alone = found.pop("none")
    assert set(alone.observed["replication"].values()) == {None}
    assert alone.not_counted["replication.lag_bytes"] == "no standby follows this server"
    for record in found.values():
        lag = record.observed["replication"]
        assert lag["instants"] > 0
        assert 0 <= lag["lag_bytes"] <= lag["lag_bytes_max"]
        assert 0 < lag["lag_ms"] <= lag["lag_ms_max"]


def test_what_the_standby_takes_of_the_processors_is_known_for_itself(swept):
    found = by_level(swept)
    assert found.pop("none").cpu.standby_cores is None
    for record in found.values():
        assert 0 < record.cpu.standby_cores < 2


def test_nothing_of_server_and_standby_is_left(swept):
    assert_nothing_left(swept.place)


def test_readers_read_on_the_standby_and_the_age_of_what_they_see_is_told(place):
    asked = ("--replica", "async", "--readers", 2, "--readers-on", "standby", "--preload-rows", 1000, *ONCE)
    with climbing(place, "--phases", "1-B", *asked, "--blocks", 1, "--warm-up", 0.5, "--window", 2) as climb:
        ended = climb.end()
        [record] = climb.records()
    assert ended.code in {0, 1}, ended
    assert record.validity.state != "void", record.validity.why
    assert record.reads.reads > 0
    assert record.reads.rows + record.reads.empty == record.reads.reads
    assert 0 < record.reads.stale_ms.mean <= record.reads.stale_ms.max < 60_000
    told = " ".join(ended.out.split())
    assert "beside 2 readers (point, on the standby)" in told
    assert "the newest row that they saw was" in told


# --- in trouble ------------------------------------------------------------------------------------------------------


def standby_of(climb) -> psutil.Process:
    """Return the standby's postmaster, once it is there and rows are written."""
    file = climb.data_dir / "server" / "standby" / "postmaster.pid"
    climb.wait_for(file.exists, "there is a standby")
    with meddling(climb) as meddler:
        meddler.wait_inserting()
    return psutil.Process(int(file.read_text().split()[0]))


def test_a_standby_that_dies_voids_its_trial_and_the_next_one_has_another(place):
    asked = ("--phases", "1-B", "--replica", "on", "--blocks", 2, "--warm-up", 1, "--window", 2, *ONCE)
    with climbing(place, *asked) as climb:
        standby_of(climb).kill()
        assert climb.end().code == 1
        first, second = climb.records()
    assert (first.validity.state, codes(first)) == ("void", {"standby-gone"}), first.validity
    assert "the standby ended" in first.validity.why
    assert second.validity.state != "void", second.validity.why
    assert_nothing_left(place)


@pytest.mark.slow
def test_one_that_does_not_keep_up_makes_its_trial_suspect(place):
    asked = ("--phases", "1-B", "--replica", "async", "--blocks", 1, "--warm-up", 1, "--window", 2, *ONCE)
    with climbing(place, *asked) as climb:
        postmaster = standby_of(climb)
        with stopped([*postmaster.children()]):
            climb.wait_record(1)
        climb.end()
        [record] = climb.records()
    assert record.validity.state == "suspect", record.validity.why
    assert "standby-behind" in codes(record)


def test_after_ctrl_c_neither_is_left(place):
    asked = ("--phases", "1-B", "--replica", "async", "--blocks", 3, "--warm-up", 1, "--window", 5)
    with climbing(place, *asked) as climb:
        standby_of(climb)
        climb.process.send_signal(signal.SIGINT)
        climb.end()
    assert_nothing_left(place)


# --- the server itself -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(new_place):
    with stock_server(new_place()) as made:
        with closing(made.session()) as session:
            session.run("CREATE TABLE pgladder.seen (n bigint PRIMARY KEY)")
        yield made


def client(server, level):
    """Connect as a client of a trial does."""
    endpoint = server.endpoint("tcp")
    connection = psycopg2.connect(**replace(endpoint, synchronous_commit=level).psycopg2_arguments())
    connection.autocommit = True
    return connection


def insert(connection, number) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO pgladder.seen VALUES (%s)", (number,))


def asked_of(server, statement):
    with closing(server.connect()) as session:
        return session.rows(statement)


@pytest.mark.parametrize("level", SYNCHRONOUS)
def test_from_local_on_the_standby_is_synchronous_and_the_agent_waits_for_none(server, level):
    server.replicate(level)
    assert asked_of(server, f"SELECT sync_state FROM pg_stat_replication WHERE application_name = '{NAME}'") == [
        ("sync",)
    ]
    assert asked_of(server, "SHOW synchronous_commit") == [("local",)]
    with closing(client(server, level)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == (level,)


def test_at_async_no_commit_waits(server):
    server.replicate("async")
    assert asked_of(server, "SHOW synchronous_standby_names") == [("",)]
    assert asked_of(server, "SHOW synchronous_commit") == [("on",)]
    assert asked_of(server, "SELECT sync_state FROM pg_stat_replication") == [("async",)]


def test_its_role_may_replicate_and_nothing_else_and_its_slot_has_a_bound(server):
    server.replicate("async")
    role = (
        f"SELECT rolreplication, rolsuper, rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = '{NAME}'"
    )
    assert asked_of(server, role) == [(True, False, True)]
    assert asked_of(server, "SHOW max_slot_wal_keep_size") == [("1GB",)]
    assert asked_of(server, f"SELECT active FROM pg_replication_slots WHERE slot_name = '{NAME}'") == [(True,)]


def test_what_is_committed_at_remote_apply_is_seen_on_the_standby_at_once(server):
    standby = server.replicate("remote_apply")
    with closing(client(server, "remote_apply")) as connection, closing(standby.connect()) as there:
        for number in range(1000, 1100):
            insert(connection, number)
            assert there.rows(f"SELECT n FROM pgladder.seen WHERE n = {number}") == [(number,)]


def test_without_a_standby_nothing_of_it_is_left(server):
    standby = server.replicate("on")
    server.replicate("none")
    assert not standby.data_directory.exists()
    assert asked_of(server, "SELECT count(*) FROM pg_replication_slots") == [(0,)]
    assert asked_of(server, "SHOW synchronous_standby_names") == [("",)]
    assert asked_of(server, "SHOW max_slot_wal_keep_size") == [("-1",)]
    assert not processes_in(standby.data_directory)


def test_it_is_made_anew_where_its_primary_was_restarted(server):
    before = server.replicate("on").postmaster()
    server.stop()
    server.apply(as_variant("stock", ""))
    assert server.replicate("on").postmaster() != before
    assert server.standby.trouble is None


def test_a_variant_without_room_for_a_standby_is_refused(server):
    server.replicate("on")
    server.apply(as_variant("minimal", "wal_level = minimal\nmax_wal_senders = 0\n"))
    with pytest.raises(RefusedError, match="no standby can follow with wal_level = minimal, max_wal_senders = 0"):
        server.replicate("async")
    server.apply(as_variant("stock", ""))


def waiting_commit(server, number) -> Thread:
    """Begin a commit that waits for a standby that does not answer."""
    connection = client(server, "on")

    def commit() -> None:
        with closing(connection):
            insert(connection, number)

    thread = Thread(target=commit)
    thread.start()
    return thread


def processes_of(standby) -> list[psutil.Process]:
    postmaster = psutil.Process(standby.postmaster())
    return [postmaster, *postmaster.children()]


def test_who_waits_for_a_standby_that_says_nothing_is_let_go(server, monkeypatch):
    monkeypatch.setattr(following, "SILENT_S", 1.5)
    standby = server.replicate("on")
    with standby.guarded(), stopped(processes_of(standby)):
        thread = waiting_commit(server, 1)
        wait_for(lambda: standby.trouble, "it is found out")
        thread.join(30)
        assert not thread.is_alive()
    assert "did not answer for 1.5 s" in standby.trouble


def test_a_slot_at_its_limit_is_found_out(server, monkeypatch):
    standby = server.standby
    server.replicate("none")
    monkeypatch.setattr(type(standby), "slot_keeps_mb", 32)
    server.replicate("async")
    with standby.guarded(), stopped(processes_of(standby)), closing(server.session()) as session:
        for _ in range(8):
            session.run("SELECT pg_logical_emit_message(false, 'x', repeat('-', 1 << 20)) FROM generate_series(1, 16)")
            session.run("SELECT pg_switch_wal()")
        session.run("CHECKPOINT")
        wait_for(lambda: standby.trouble, "the slot is lost")
    assert "more than 32 MB behind" in standby.trouble


def test_every_row_that_was_acknowledged_at_on_is_there_when_the_standby_takes_over(new_place):
    acknowledged: list[int] = []
    with stock_server(new_place()) as server:
        with closing(server.session()) as session:
            session.run("CREATE TABLE pgladder.seen (n bigint PRIMARY KEY)")
        standby = server.replicate("on")

        def load(writer: int) -> None:
            with closing(client(server, "on")) as connection:
                for number in range(writer * 1_000_000, (writer + 1) * 1_000_000):
                    try:
                        insert(connection, number)
                    except psycopg2.Error:
                        return
                    acknowledged.append(number)

        threads = [Thread(target=load, args=(writer,)) for writer in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(acknowledged) > 500, "rows are acknowledged")
        primary = psutil.Process(server.postmaster())
        for process in [primary, *primary.children()]:
            os.kill(process.pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
        with closing(standby.connect()) as session:
            session.run("SELECT pg_promote()")
            assert session.rows("SELECT pg_is_in_recovery()") == [(False,)]
            found = {number for (number,) in session.rows("SELECT n FROM pgladder.seen")}
            session.run("INSERT INTO pgladder.seen VALUES (-1)")
    assert len(acknowledged) > 500
    assert set(acknowledged) <= found
