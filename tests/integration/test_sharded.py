"""Rows over several PostgreSQL by postgres_fdw: real servers behind a real one, whose rows are looked for on each."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import psutil
import pytest

from bench.agent.made import check_table
from bench.engines.engine import engines
from bench.engines.postgres_fdw.server import ShardedServer
from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.variants import harness_for
from bench.workload.rows import SEQUENCE_BITS
from tests.integration.support import (
    BRIEF,
    ONCE,
    CopiedServer,
    Meddler,
    assert_nothing_left,
    climbing,
    passwords,
    pgladder,
    wait_for,
)

STOCK, ASYNC = as_variant("stock", ""), as_variant("async", "synchronous_commit = off\n")
ROWS = 1000


@dataclass(frozen=True)
class Behind:
    """The plan's own server, and what is behind it."""

    own: CopiedServer
    sharded: ShardedServer

    def session(self):
        return closing(self.sharded.session())


@pytest.fixture(scope="module")
def behind(new_place) -> Iterator[Behind]:
    home = new_place() / "data"
    own = CopiedServer(home, find_binaries())
    sharded = engines()["postgres_fdw"].beside(own, home / "postgres_fdw")
    harness = harness_for(40, tls=False)
    try:
        own.create(harness, tls=False)
        sharded.create(harness, tls=False)
        sharded.apply(STOCK)
        with closing(own.session()) as session:
            session.run("CREATE SCHEMA IF NOT EXISTS pgladder")
        yield Behind(own, sharded)
    finally:
        sharded.close()
        own.close()


def test_the_table_is_what_its_header_says_and_rows_lie_on_as_many_servers_as_are_asked_for(behind):
    for count in (2, 3, 1):
        layout = table_layout("sharded", count)
        with behind.session() as session:
            session.reset(layout, ROWS, 64)
            assert check_table(layout, session.made(), "made") == []
            assert check_table(table_layout("sharded", count + 1), session.made(), "made") != []
            assert session.value("SELECT count(*) FROM pgladder.events") == ROWS
            there = [shard.value("SELECT count(*) FROM pgladder.events") for shard in session.behind]
            assert len(there) == count
            assert sum(there) == ROWS
            assert min(there) > ROWS / count / 2
            assert session.baseline().table_bytes > 64 * ROWS
    # What is not in use any more does not run.
    assert [server.alive() for server in behind.sharded._made] == [True, False, False]


def test_rows_go_many_to_a_statement_and_not_one(behind):
    body = "BEGIN PERFORM nextval(''pgladder.n''); RETURN NULL; END"
    counts = f"CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS '{body}'"
    with behind.session() as session:
        session.reset(table_layout("sharded", 1), 0, 64)
        [shard] = session.behind
        shard.run(counts)
        shard.run("CREATE SEQUENCE n; CREATE TRIGGER t AFTER INSERT ON pgladder.events EXECUTE FUNCTION told()")
        session.run("INSERT INTO pgladder.events (device_id, payload) SELECT n, '' FROM generate_series(1, 500) AS n")
        assert shard.value("SELECT last_value FROM n") == 5
        shard.run("DROP TABLE pgladder.events; DROP FUNCTION told; DROP SEQUENCE n")


def test_a_table_that_was_altered_on_one_of_them_is_seen(behind):
    layout = table_layout("sharded")
    with behind.session() as session:
        session.reset(layout, 0, 64)
        session.behind[1].run("CREATE INDEX mine ON pgladder.events (device_id)")
        [reason] = check_table(layout, session.made(), "made")
        assert "shard 1: events: index mine" in reason.detail
        session.run("ALTER FOREIGN TABLE pgladder.events_0 OPTIONS (ADD batch_size '7')")
        assert "batch_size=7" in check_table(layout, session.made(), "made")[0].detail


def test_each_is_under_the_variant_and_the_grade_is_theirs(behind):
    behind.sharded.apply(ASYNC)
    with behind.session() as session:
        session.reset(table_layout("sharded"), 0, 64)
        assert {shard.setting("synchronous_commit") for shard in session.behind} == {"off"}
        grade = session.grade(table_layout("sharded"), (), behind.sharded.data_place(), ())
        assert grade.word == "may lose last 600 ms"
        assert session.settings()["synchronous_commit of shard 1"] == "off"
    behind.sharded.apply(STOCK)
    with behind.session() as session:
        session.reset(table_layout("sharded"), 0, 64)
        grade = session.grade(table_layout("sharded"), (), behind.sharded.data_place(), ("off",))
    # As that of a table on the first server, whose clients wait for its flush: what their disk is may not be seen here.
    with closing(behind.own.session()) as session:
        plain = session.grade(table_layout("plain"), (), behind.own.data_place(), ())
    assert grade.word == plain.word
    assert grade.word in ("durable", "in memory", "unknown")


def test_one_that_was_killed_is_brought_back(behind):
    with behind.session() as session:
        session.reset(table_layout("sharded"), 0, 64)
    [_, pid] = behind.sharded.further_postmasters()
    psutil.Process(pid).kill()
    wait_for(lambda: not behind.sharded.in_use[1].alive(), "it is gone")
    behind.sharded.recover()
    with behind.session() as session:
        session.reset(table_layout("sharded"), ROWS, 64)
        assert session.value("SELECT count(*) FROM pgladder.events") == ROWS


# --- a run -----------------------------------------------------------------------------------------------------------


def test_a_run_finds_every_row_beside_the_plain_table_and_leaves_nothing(new_place):
    place = new_place()
    asked = ("--phases", "1-B", "2-B", "--layouts", "plain", "sharded", "--blocks", 1)
    # CPU time is read in hundredths of a second for each of fifty backends: in less than 2 s they may have none.
    with climbing(place, *asked, "--warm-up", "0.2", "--window", "2", *ONCE) as climb:
        ended = climb.end()
        assert ended.code in (0, 1), ended.err
    records = climb.records()
    assert {record.engine for record in records} == {"postgresql", "postgres_fdw"}
    for record in records:
        assert record.validity.state != "void", record.validity.why
        assert record.verified.attempted == record.verified.acknowledged == record.verified.found > 0
        # Of the servers behind it, too, which write all of it.
        assert record.cpu.server_cores > 0
        assert record.counters["wal_position"] > record.rows * 100
    assert {record.durability for record in records} <= {"durable", "in memory", "unknown"}
    report = json.loads(pgladder("compare", climb.directory.path, "--across", "layout", "--json", cwd=place).out)
    assert [arm["name"] for arm in report["cells"][0]["arms"]] == ["plain", "sharded"]
    host = json.loads((climb.directory.path / "host.json").read_text())
    assert host["facts"]["engines"]["postgres_fdw"]["version"].startswith("postgres_fdw 1.")
    assert "password" not in climb.texts()
    assert_nothing_left(place)


def test_a_row_that_one_of_them_lost_is_missed(new_place):
    place = new_place()
    asked = ("--phases", "1-B", "--layouts", "sharded", "--blocks", 1, "--warm-up", "0.2", "--window", "3")
    with climbing(place, *asked, *ONCE) as climb:
        climb.wait_trial(1)
        data = climb.data_dir / "postgres_fdw" / "1" / "server" / "data"
        started = data / "postmaster.pid"
        climb.wait_for(lambda: started.exists() and "ready" in started.read_text(), "the second one is ready")
        behind = Meddler(data)
        behind.ask_until("SELECT 1 FROM pg_tables WHERE schemaname = 'pgladder' AND tablename = 'events'")
        one = f"SELECT min(device_id) FROM pgladder.events WHERE device_id >= 1::bigint << {SEQUENCE_BITS}"
        behind.ask_until(f"DELETE FROM pgladder.events WHERE device_id = ({one}) RETURNING id")
        behind.leave()
        climb.end()
    [record] = climb.records()
    assert "rows-lost" in record.validity.codes


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--engine", "postgres_fdw"), "is measured beside PostgreSQL: ask for --layouts"),
        (("--layouts", "sharded", "--partitions", 9), "has a server of its own, 8 at most, not 9"),
        (("--layouts", "sharded", "--readers", 1, "--reads", "point"), "primary key"),
    ],
)
def test_what_can_not_be_is_refused_with_a_sentence(new_place, asked, said):
    place = new_place()
    ended = pgladder("run", "--phases", "2-D", *asked, *BRIEF, cwd=place)
    assert ended.code == 2
    assert said in ended.err
    assert not (place / "results").exists()


def test_on_a_server_of_somebody_elses_nothing_is_made(theirs, new_place):
    place, before = new_place(), theirs.dump()
    asked = ("--phases", "1-B", "--layouts", "sharded", *BRIEF, "--dsn", theirs.dsn())
    ended = pgladder("run", *asked, cwd=place, env=passwords(place))
    assert ended.code == 2
    assert "which pgladder makes on no server that you bring: leave out --dsn, or that layout" in " ".join(
        ended.err.split()
    )
    assert theirs.dump() == before
