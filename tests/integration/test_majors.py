"""PostgreSQL of other majors than the one here, from the trees of Debian's suites: alone and side by side with it."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from bench.agent.made import check_table
from bench.engines.engine import Counters
from bench.engines.postgresql.binaries import build_of, check_one_builder, find_binaries, installed, suite_of
from bench.engines.postgresql.layout import layout_files, table_layout
from bench.engines.postgresql.parameters import NotInMajorError, parameters, values
from bench.engines.postgresql.render import as_variant, variant_names
from bench.engines.postgresql.session import VariantError
from bench.engines.postgresql.variants import harness_for, of_major, this_machine, variants_for
from bench.model.errors import HostError
from bench.model.waiting import FLUSHES, STATE_BY_EVENT, STATE_BY_KIND, STATES
from bench.plan.estimate import opened_each
from bench.store.run_directory import RunDirectory
from tests.examples import one_of
from tests.integration import trees
from tests.integration.support import BRIEF, ONCE, SMALL, CopiedServer, climbing, pgladder

HARNESS = harness_for(40, tls=False)
HERE = build_of(find_binaries()).major
MAJORS = sorted(trees.SUITES.keys() - {HERE}, reverse=True)
"""The others, the newest first."""
ALL = sorted([HERE, *MAJORS])
TOO_MUCH = ("huge_pages = on: ", "max_wal_size = ", "shared_buffers = ", "io_method = io_uring", "io_uring")
"""What this machine may be too small for, or its kernel may refuse."""


STARTED = ("io-sync", "io-uring", "pgtune-oltp", "pigsty-crit", "timescaledb-tune", "wal-compression")
"""The server itself reads each variant; it is started with those in which majors differ, or that take the most."""


LISTS_WAIT_EVENTS = 17


def programs_of(major: str) -> Path:
    """Where they are; skips the test, and says why, where there can be none."""
    try:
        return trees.bin_dir(major)
    except trees.NoTreeError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=MAJORS)
def server(request, new_place):
    made = CopiedServer(new_place() / "data", programs_of(request.param))
    made.major = request.param
    try:
        made.create(HARNESS, tls=False)
        made.apply(as_variant("stock", ""))
        yield made
    finally:
        made.close()


def test_it_is_the_major_that_was_asked_for_by_debian_from_its_suite(server):
    directory = trees.bin_dir(server.major)
    assert build_of(directory).major == server.major
    assert (build_of(directory).builder, suite_of(directory)) == ("Debian", trees.SUITES[server.major])
    with closing(server.session()) as session:
        facts = session.facts()
    assert facts["version"].startswith(f"PostgreSQL {server.major}.")
    assert facts["data_checksums"] == "on"  # in every major, whatever its initdb does by itself
    assert server.what == f"a private PostgreSQL {server.major}"


def test_what_is_known_of_its_parameters_is_what_it_says(server):
    with closing(server.session()) as session:
        rows = session.rows(
            "SELECT lower(name), vartype, coalesce(unit, ''), coalesce(boot_val, ''), coalesce(min_val, ''),"
            " coalesce(max_val, ''), coalesce(array_to_string(enumvals, ','), '') FROM pg_settings"
            " WHERE context <> 'internal' AND position('.' IN name) = 0"
        )
    said = {name: tuple(rest) for name, *rest in rows}
    known = {
        name: (p.kind, p.unit, p.default, p.least, p.most, p.choices) for name, p in parameters(server.major).items()
    }
    assert {name: said.get(name) for name in known} == known


def test_every_layout_is_what_its_header_says(server):
    with closing(server.session()) as session:
        names = [name for name in layout_files() if table_layout(name).engine is None]
        for name, partitions in [*((name, 0) for name in names), ("hash-partitioned", 16)]:
            layout = table_layout(name, partitions)
            session.reset(layout, 100, 64)
            assert check_table(layout, session.made(), name) == []
        session.drop_table()


def test_every_counter_is_there_and_moves(server):
    with closing(server.session()) as session:
        counters = session.counters()
        assert counters.missing == {}
        before = counters.read(session)
        session.reset(table_layout("plain"), 1000, 64)
        session.settle()
    with closing(server.session()) as session:
        after = counters.read(session)
    assert isinstance(counters, Counters)
    assert after.keys() == before.keys()
    for name in ("wal_position", "wal_records", "wal_write", "wal_sync", "wal_sync_time", "checkpoints_req"):
        assert after[name] > before[name], name


def test_the_wait_events_that_are_told_apart_are_among_its_own(server):
    if int(server.major) < LISTS_WAIT_EVENTS:
        pytest.skip(f"PostgreSQL {server.major} does not list its wait events")
    with closing(server.session()) as session:
        rows = session.rows("SELECT type || ':' || name FROM pg_wait_events")
    events = {event.lower() for (event,) in rows}
    assert STATE_BY_EVENT.keys() | {FLUSHES} <= events
    assert {event.partition(":")[0] for event in events} >= STATE_BY_KIND.keys()
    assert {event for event in events if event.startswith("activity:checkpointer")}


@pytest.mark.parametrize("server", one_of(*MAJORS), indirect=True)
@pytest.mark.parametrize("name", variant_names())
def test_every_variant_is_taken_by_the_server_or_refused_by_name(server, name):
    machine = this_machine(server.data_directory())
    if name not in of_major(machine, 40, HARNESS, server.major):
        assert (name.startswith("io-"), int(server.major) < 18) == (True, True)
        with pytest.raises(
            HostError, match=f"{name}: PostgreSQL {server.major} has no io_method, a parameter from 18 on"
        ):
            variants_for([name], machine, 40, HARNESS, server.major)
        return
    variant = variants_for([name], machine, 40, HARNESS, server.major)[name]
    try:
        server.check(variant)
        if name in STARTED:
            server.apply(variant)
    except VariantError as error:
        reason = str(error)
        assert any(why in reason for why in TOO_MUCH)


@pytest.mark.parametrize("server", one_of(*MAJORS), indirect=True)
def test_as_a_server_that_somebody_brings_it_is_measured_without_a_word(server, place):
    server.apply(as_variant("stock", ""))
    reached = server.endpoint("socket").psycopg2_arguments()
    dsn = " ".join(f"{name}={reached[name]}" for name in ("host", "port", "user", "password", "dbname"))
    asked = ["--dsn", dsn, "--phases", "1-B", "2-C", *BRIEF, *SMALL, "--blocks", 1, "--out", place / "out"]
    ended = pgladder("run", *asked, cwd=place)
    assert ended.code in (0, 1), ended.err
    limits = [line for line in ended.out.splitlines() if line.startswith("Of the server of --dsn")]
    assert limits
    assert [line for line in limits if server.major in line] == []
    records, host = RunDirectory(place / "out").records(), RunDirectory(place / "out").host()
    assert [record.validity.state for record in records].count("void") == 0
    assert all(record.counters["wal_sync"] is not None for record in records)
    assert host.facts["postgresql"]["version"].startswith(f"PostgreSQL {server.major}.")


@pytest.mark.parametrize("server", one_of(*MAJORS), indirect=True)
def test_a_standby_follows_it_and_shows_what_was_committed(server):
    standby = server.replicate("remote_apply")
    with closing(server.session()) as session, standby.guarded():
        session.run("SET synchronous_commit = remote_apply")
        session.run("CREATE TABLE pgladder.seen AS SELECT 1 AS n")
        with closing(standby.connect()) as there:
            assert there.rows("SELECT n FROM pgladder.seen") == [(1,)]
        session.run("DROP TABLE pgladder.seen")
    assert standby.trouble is None
    server.replicate("none")


def test_what_another_major_has_is_refused_by_its_name():
    with pytest.raises(NotInMajorError, match="PostgreSQL 17 has no vacuum_defer_cleanup_age, a parameter up to 15"):
        values({"vacuum_defer_cleanup_age": "500000"}, "x", "17")
    with pytest.raises(NotInMajorError, match="PostgreSQL 14 does not take wal_compression = lz4, a value from 15 on"):
        values({"wal_compression": "lz4"}, "x", "14")


@pytest.fixture(scope="module")
def several(new_place):
    """What a run of three majors recorded."""
    place = new_place()
    tree_dirs = [programs_of(major) for major in MAJORS]
    asked = ["--versions", *ALL, "--bin-dir", *tree_dirs, "--phases", "1-B", "2-C", "2-G", *ONCE]
    with climbing(place, *asked, *SMALL, "--blocks", 1, "--warm-up", 0.2, "--window", 1) as climb:
        ended = climb.end()
        assert ended.code in (0, 1), ended.err
        yield climb


def test_majors_are_measured_side_by_side_each_row_found_by_its_identity(several):
    records = several.records()
    assert len(records) == len(ALL) * 3
    for record in records:
        assert record.validity.state != "void", record.validity.reasons
        assert record.verified.found >= record.verified.acknowledged >= record.rows > 0
        assert record.counters["wal_sync"] is not None
        # What of the host can't be read depends on where the test runs, and whether CPU is read in time on its load;
        # clients of 1-B have no event loop.
        elsewhere = (
            "host.",
            "quota.",
            "server_cpu.",
            "metronome.",
            "replication.",
            *(["event_loop."] if record.trial.phase == "1-B" else []),
        )
        of_server = {name for name in record.not_counted if not name.startswith(elsewhere)}
        assert of_server <= {"energy_j"}
        waits = record.observed["waits"]
        assert sum(waits[state] for state in STATES) == pytest.approx(waits["backends"])
        assert waits["backends"] == pytest.approx(opened_each(record.trial.parameters), abs=0.5)
    assert {record.trial.version for record in records} == set(ALL)


def test_suite_and_compiler_of_each_major_are_recorded(several):
    versions = several.directory.host().facts["postgresql"]["versions"]
    assert {major: each["suite"] for major, each in versions.items()} == {
        HERE: suite_of(find_binaries(HERE)),
        **{major: trees.SUITES[major] for major in MAJORS},
    }
    for major, each in versions.items():
        assert each["version"].startswith(f"PostgreSQL {major}.")
        assert "compiled by " in each["version"]
        assert (each["builder"], each["data_checksums"]) == ("Debian", "on")


def test_they_are_compared_by_their_version_without_a_word(several):
    for asked in ([], ["--across", "version"]):
        found = json.loads(pgladder("compare", several.directory.path, *asked, "--json", cwd=several.place).out)
        assert (found["across"], found["of_runs"], found["paired"]) == ("version", False, True)
        for cell in found["cells"]:
            assert [arm["name"] for arm in cell["arms"]] == ALL
    based = pgladder("compare", several.directory.path, "--baseline", "18", "--json", cwd=several.place)
    assert json.loads(based.out)["cells"][0]["arms"][0]["name"] == "18"


def test_nothing_of_the_servers_is_left(several):
    assert list(several.data_dir.glob("*")) == []


@pytest.fixture(scope="module")
def beside(new_place):
    """What a run of all majors recorded, with readers beside it and a table that keeps its size, by either driver."""
    tree_dirs = [programs_of(major) for major in MAJORS]
    asked = ["--versions", *ALL, "--bin-dir", *tree_dirs, "--phases", "1-B", "--drivers", "psycopg2,pgbench"]
    mixed = ["--rate", 300, "--force", "--readers", 1, "--reads", "recent", "--retain", 2000, *ONCE]
    with climbing(new_place(), *asked, *mixed, "--blocks", 1, "--warm-up", 0.5, "--window", 1) as climb:
        ended = climb.end()
        assert ended.code in (0, 1), ended.err
        yield [record for record in climb.records() if record.trial.engine is None]


@pytest.mark.slow
def test_every_major_is_read_and_deleted_from_at_a_rate_by_either_driver(beside):
    tried = [(record.trial.version, record.trial.driver) for record in beside]
    assert sorted(tried) == [(major, driver) for major in ALL for driver in ("pgbench", "psycopg2")]
    for record in beside:
        seen = record.verified
        assert record.validity.state != "void", record.validity.reasons
        assert seen.attempted == seen.acknowledged == seen.found + seen.deleted > 0
        assert (record.reads.reads > 0, record.retention.deleted > 0) == (True, True)
        assert record.open_loop.due > 0


@pytest.fixture
def of_nobody(tmp_path) -> Path:
    """Programs that name no package: a build of one's own."""
    made = tmp_path / "bin"
    made.mkdir()
    for name, said in {"postgres": "postgres (PostgreSQL) 16.9", "initdb": "", "pg_config": "gcc\n-O3"}.items():
        (made / name).write_text(f"#!/bin/sh\necho '{said}'\n")
        (made / name).chmod(0o755)
    return made


def test_builds_of_different_builders_are_refused_by_their_names(of_nobody):
    ours = build_of(find_binaries(HERE)).builder
    with pytest.raises(HostError, match=rf"{HERE}: {ours}; 16: unknown, compiled by gcc -O3"):
        check_one_builder({HERE: find_binaries(HERE), "16": of_nobody})


def test_a_major_that_is_not_there_is_refused_with_what_is(place):
    ended = pgladder("run", "--postgres", "16", "--data-dir", place, cwd=place)
    assert ended.code == 2
    there = " and ".join(sorted(installed()))
    assert f"No PostgreSQL 16 server programs in /usr/lib/postgresql and the PATH; there is {there}" in ended.err
    assert "apt-get install postgresql-16" in ended.err


def test_the_page_of_such_a_run_names_every_major_and_its_build(several):
    ended = pgladder("report", several.directory.path, cwd=several.place)
    assert ended.code in (0, 1), ended.err
    text = (several.directory.path / "report.html").read_text()
    assert [each for each in ALL if f"PostgreSQL {each}" not in text] == []
    for major in MAJORS:
        assert trees.SUITES[major] in text
