"""Citus: a real coordinator with real workers, where a PostgreSQL that has it is installed.

No suite of Debian has it, and its vendor's source is out of reach of tests: a machine without it skips, and says why.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2
import pytest

from bench.agent.made import check_table
from bench.engines.citus.server import CitusServer
from bench.engines.engine import engines
from bench.engines.postgresql.binaries import find_binaries, installed
from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.swap import ALTERED
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
ENGINE = engines()["citus"]
SHARDS_HERE = """
    SELECT shardid FROM pg_dist_placement WHERE groupid = (SELECT groupid FROM pg_dist_local_group) ORDER BY shardid"""
"""Asked of a worker."""


@pytest.fixture(scope="module")
def programs() -> Path:
    """Return where there is a PostgreSQL that has it."""
    for directory in installed().values():
        if ENGINE.lacking(directory) is None:
            return directory
    pytest.skip(str(ENGINE.lacking(find_binaries())))


@dataclass(frozen=True)
class Cluster:
    """The plan's own server, and what is seen of it with Citus."""

    own: CopiedServer
    citus: CitusServer

    def session(self):
        return closing(self.citus.session())


@pytest.fixture(scope="module")
def cluster(programs, new_place) -> Iterator[Cluster]:
    home = new_place() / "data"
    own = CopiedServer(home, programs)
    citus = ENGINE.beside(own, home / "citus")
    harness = harness_for(40, tls=False)
    try:
        own.create(harness, tls=False)
        citus.create(harness, tls=False)
        citus.apply(STOCK)
        yield Cluster(own, citus)
    finally:
        citus.close()
        own.close()


def test_it_is_loaded_for_its_own_trials_and_not_for_those_of_postgresql(cluster):
    cluster.citus.apply(STOCK)
    with cluster.session() as session:
        assert session.value("SHOW shared_preload_libraries") == "citus"
        facts = session.facts()
    assert facts["version"].startswith("Citus 1")
    assert " on PostgreSQL " in facts["version"]
    assert facts["workers"] == 2
    cluster.citus.stop()
    cluster.own.apply(STOCK)
    with closing(cluster.own.session()) as session:
        assert session.value("SHOW shared_preload_libraries") == ""
        assert session.rows("SELECT FROM pg_extension WHERE extname LIKE 'citus%'") == []
    cluster.citus.apply(STOCK)


def test_nothing_is_reported_to_its_vendor_and_nothing_is_altered_behind_our_back(cluster):
    with cluster.session() as session:
        session.reset(table_layout("distributed"), 0, 64)
        for each in (session, *session.behind):
            assert each.setting("citus.enable_statistics_collection") == "off"
            assert each.rows(ALTERED) == []


def test_each_server_lets_in_by_password_alone(cluster):
    with cluster.session() as session:
        session.reset(table_layout("distributed"), 0, 64)
        for each in (session, *session.behind):
            ways = {way for (way,) in each.rows("SELECT auth_method FROM pg_hba_file_rules")}
            assert ways == {"scram-sha-256"}
            assert each.value("SELECT has_table_privilege('pg_monitor', 'pg_dist_authinfo', 'SELECT')") is False


def test_the_table_is_what_its_header_says_and_its_shards_lie_on_all_workers(cluster):
    for shards in (4, 1, 32):
        layout = table_layout("distributed", shards)
        with cluster.session() as session:
            session.reset(layout, ROWS, 64)
            assert check_table(layout, session.made(), "made") == []
            assert check_table(table_layout("distributed", shards + 1), session.made(), "made") != []
            assert session.value("SELECT count(*) FROM pgladder.events") == ROWS
            there = [len(worker.rows(SHARDS_HERE)) for worker in session.behind]
            assert sum(there) == shards
            assert max(there) - min(there) <= 1
            baseline = session.baseline()
            assert baseline.table_bytes > 64 * ROWS
            assert baseline.index_bytes > 16 * ROWS
            session.drop_table()
            assert session.made() == frozenset()


def test_a_shard_that_was_altered_on_its_worker_is_seen(cluster):
    layout = table_layout("distributed")
    with cluster.session() as session:
        session.reset(layout, 0, 64)
        worker = session.behind[0]
        [(shard,), *_] = worker.rows(SHARDS_HERE)
        worker.run("SET citus.enable_manual_changes_to_shards TO on")
        worker.run(f"CREATE INDEX mine ON pgladder.events_{shard} (payload)")
        [reason] = check_table(layout, session.made(), "made")
        assert ": events: index mine" in reason.detail
        session.drop_table()


def test_each_is_under_the_variant_and_the_grade_is_the_worst(cluster):
    cluster.citus.apply(ASYNC)
    layout, data = table_layout("distributed"), cluster.citus.data_place()
    with cluster.session() as session:
        session.reset(layout, 0, 64)
        assert {worker.setting("synchronous_commit") for worker in session.behind} == {"off"}
        assert session.grade(layout, session.made(), data, ()).word == "may lose last 600 ms"
        assert session.settings()["synchronous_commit of shard 1"] == "off"
    cluster.citus.apply(STOCK)
    with cluster.session() as session:
        session.reset(layout, 0, 64)
        assert session.grade(layout, session.made(), data, ("on",)).word == "durable"
        # Of a commit on several workers that is in doubt what the coordinator has not flushed is undone.
        assert session.grade(layout, session.made(), data, ("off",)).word == "may lose last 600 ms"


def test_after_a_worker_was_killed_all_is_made_anew(cluster):
    with cluster.session() as session:
        session.reset(table_layout("distributed"), 0, 64)
        before = session.settings()
    [_, pid] = cluster.citus.further_postmasters()
    psutil.Process(pid).kill()
    wait_for(lambda: not cluster.citus._made[1].alive(), "it is gone")
    cluster.citus.recover()
    cluster.citus.apply(STOCK)
    with cluster.session() as session:
        session.reset(table_layout("distributed"), ROWS, 64)
        assert session.value("SELECT count(*) FROM pgladder.events") == ROWS
        # No drift of the configuration, which would end a run.
        assert session.settings() == before
        assert pid not in cluster.citus.further_postmasters()


# --- a run -----------------------------------------------------------------------------------------------------------


def test_a_run_finds_every_row_beside_the_plain_table_and_leaves_nothing(programs, new_place):
    place = new_place()
    asked = ("--phases", "1-B", "2-G", "3-D", "--layouts", "plain", "distributed", "--blocks", 1)
    longer = ("--warm-up", "0.5", "--window", "2")
    with climbing(place, "--bin-dir", programs, *asked, *longer, *ONCE) as climb:
        ended = climb.end()
        assert ended.code in (0, 1), ended.err
    records = climb.records()
    assert {record.engine for record in records} == {"postgresql", "citus"}
    assert {record.trial.layout for record in records if record.trial.phase == "3-D"} == {"distributed"}
    for record in records:
        assert record.validity.state != "void", record.validity.why
        assert record.verified.attempted == record.verified.acknowledged == record.verified.found > 0
        # Of the workers, too, which write all of it.
        assert record.cpu.server_cores > 0
        assert record.counters["wal_position"] > record.rows * 100
    assert {record.durability for record in records} <= {"durable", "in memory"}
    report = json.loads(pgladder("compare", climb.directory.path, "--across", "layout", "--json", cwd=place).out)
    assert [arm["name"] for arm in report["cells"][0]["arms"]] == ["plain", "distributed"]
    host = json.loads((climb.directory.path / "host.json").read_text())
    assert host["facts"]["engines"]["citus"]["workers"] == 2
    assert "password" not in climb.texts()
    assert_nothing_left(place)


def test_large_commits_by_one_connection_to_each_worker_are_found_and_readers_read_through_the_coordinator(
    programs, new_place
):
    place = new_place()
    asked = ("--phases", "3-D2", "3-D3", "--readers", 1, "--blocks", 1, "--warm-up", "0.5", "--window", "3")
    with climbing(place, "--bin-dir", programs, *asked, *ONCE) as climb:
        assert climb.end().code in (0, 1)
    for record in climb.records():
        assert record.validity.state != "void", record.validity.why
        assert record.reads is not None
        assert record.reads.rows > 0


def test_a_row_that_a_worker_lost_is_missed(programs, new_place):
    place = new_place()
    asked = ("--phases", "1-B", "--layouts", "distributed", "--blocks", 1, "--warm-up", "0.2", "--window", "3")
    with climbing(place, "--bin-dir", programs, *asked, *ONCE) as climb:
        climb.wait_trial(1)
        data = climb.data_dir / "citus" / "1" / "server" / "data"
        started = data / "postmaster.pid"
        climb.wait_for(lambda: started.exists() and "ready" in started.read_text(), "the second worker is ready")
        worker = Meddler(data, "pgladder_beside_citus")
        worker.ask("SET citus.enable_manual_changes_to_shards TO on")
        delete_one_of(worker)
        worker.leave()
        climb.end()
    [record] = climb.records()
    assert "rows-lost" in record.validity.codes


def delete_one_of(worker: Meddler) -> None:
    """Delete a row of a shard once there is one."""

    def deleted() -> bool:
        try:
            for (shard,) in worker.ask(SHARDS_HERE):
                table = f"pgladder.events_{shard}"
                one = f"SELECT min(device_id) FROM {table} WHERE device_id >= 1::bigint << {SEQUENCE_BITS}"
                if worker.ask(f"DELETE FROM {table} WHERE device_id = ({one}) RETURNING id"):
                    return True
        except psycopg2.errors.UndefinedTable:
            return False  # it is made meanwhile
        return False

    wait_for(deleted, "a row of its is there, and deleted")


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--engine", "citus"), "is measured beside PostgreSQL: ask for --phases 3-D"),
        (("--layouts", "distributed", "--partitions", 101), "100 partitions at most"),
        (
            ("--layouts", "distributed", "--retain", 50_000),
            "it can't be told how many transactions wrote the rows that are deleted",
        ),
    ],
)
def test_what_can_not_be_is_refused_with_a_sentence(new_place, asked, said):
    place = new_place()
    ended = pgladder("run", "--phases", "2-D", *asked, *BRIEF, cwd=place)
    assert ended.code == 2
    assert said in " ".join(ended.err.split())
    assert not (place / "results").exists()


def test_on_a_server_of_somebody_elses_nothing_is_made(theirs, new_place):
    place, before = new_place(), theirs.dump()
    ended = pgladder("run", "--phases", "3-D", *BRIEF, "--dsn", theirs.dsn(), cwd=place, env=passwords(place))
    assert ended.code == 2
    assert "which pgladder makes on no server that you bring" in " ".join(ended.err.split())
    assert theirs.dump() == before


def test_where_it_is_not_installed_nothing_is_begun(new_place):
    if ENGINE.lacking(find_binaries()) is None:
        pytest.skip("Citus is installed here")
    place = new_place()
    ended = pgladder("run", "--phases", "3-D", *BRIEF, "--data-dir", place / "data", cwd=place)
    assert ended.code == 2
    assert "has no Citus. On a box: make provision ROLES=citus." in " ".join(ended.err.split())
    assert not (place / "data").exists()
    assert not (place / "results").exists()
