"""TimescaleDB, as Debian builds it for its own PostgreSQL: rungs of both in one run, on one cluster.

Its programs lie in the tree of another Debian suite (``trees``); a machine that can have none skips, and says why.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bench.engines.engine import engines
from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.session import LayoutError
from bench.engines.postgresql.variants import harness_for
from bench.model.values import Transport
from bench.store.run_directory import RunDirectory
from tests.examples import one_of
from tests.integration import trees
from tests.integration.support import BRIEF, SMALL, Climb, CopiedServer, climbing, pgladder

MAJORS = sorted(major for major, extensions in trees.EXTENSIONS.items() if "timescaledb" in extensions)
STOCK = as_variant("stock", "")
ROWS = 20_000


def programs_of(major: str) -> Path:
    try:
        return trees.bin_dir(major)
    except trees.NoTreeError as error:
        pytest.skip(str(error))


class Both:
    """A private cluster, seen with and without TimescaleDB."""

    def __init__(self, place: Path, major: str) -> None:
        self.major = major
        self.own = CopiedServer(place / "data", programs_of(major))
        self.timescale = engines()["timescaledb"].beside(self.own, place / "data" / "timescaledb")
        self.own.create(harness_for(40, tls=False), tls=False)

    def dsn(self, transport: Transport = "socket", **changes: str) -> str:
        reached = self.own.endpoint(transport).psycopg2_arguments() | changes
        return " ".join(f"{name}={reached[name]}" for name in ("host", "port", "user", "password", "dbname"))


@pytest.fixture(scope="module", params=one_of(*MAJORS))
def both(request, new_place) -> Iterator[Both]:
    made = Both(new_place(), request.param)
    try:
        yield made
    finally:
        made.own.close()


@pytest.fixture
def preloaded(both: Both) -> Both:
    both.timescale.apply(STOCK)
    return both


def test_it_is_loaded_for_its_own_trials_and_not_for_those_of_postgresql(both):
    both.own.apply(STOCK)
    with closing(both.own.session()) as session:
        assert session.value("SHOW shared_preload_libraries") == ""
    both.timescale.apply(STOCK)
    with closing(both.timescale.session()) as session:
        assert session.value("SHOW shared_preload_libraries") == "timescaledb"
        assert session.value("SELECT current_database()") == both.timescale.database
        facts = session.facts()
    assert facts["version"].startswith("TimescaleDB 2.")
    assert f" on PostgreSQL {both.major}." in facts["version"]
    assert facts["licence"] == "apache"
    both.own.apply(STOCK)
    with closing(both.own.session()) as session:
        assert session.value("SHOW shared_preload_libraries") == ""
        assert session.rows("SELECT FROM pg_extension WHERE extname = 'timescaledb'") == []


def test_nothing_is_reported_to_its_vendor(preloaded):
    with closing(preloaded.timescale.session()) as session:
        # A build may have no telemetry at all: then there is no such parameter.
        assert session.value("SELECT current_setting('timescaledb.telemetry_level', true)") in (None, "off")


@pytest.mark.parametrize("name", ["hypertable", "hypertable-indexed", "plain"])
def test_each_layout_is_what_its_header_says_empty_and_full(preloaded, name):
    layout = table_layout(name)
    with closing(preloaded.timescale.session()) as session:
        session.reset(layout, 0, 64)
        assert session.made() == layout.reads_back
        session.reset(layout, ROWS, 64)
        assert session.made() == layout.reads_back
        baseline = session.baseline()
        assert baseline.table_bytes > ROWS * 64
        # Rows of before lie in many chunks, each of whose indexes has pages of its own.
        assert 0 < baseline.index_bytes < baseline.table_bytes
        session.drop_table()
        assert session.made() == frozenset()


def test_a_chunk_that_somebody_altered_is_seen(preloaded):
    layout = table_layout("hypertable")
    with closing(preloaded.timescale.session()) as session:
        session.reset(layout, 100, 64)
        [(chunk,), *_] = session.rows("SELECT show_chunks FROM public.show_chunks('pgladder.events')")
        session.run(f"CREATE INDEX mine ON {chunk} (device_id)")
        [added] = session.made() - layout.reads_back
        assert added.endswith(": index mine")
        session.run("SELECT public.set_chunk_time_interval('pgladder.events', INTERVAL '1 hour')")
        assert f"events: chunks of 3600 s, not of {session.interval_s} s" in session.made()
        session.drop_table()


def test_what_the_apache_edition_lacks_is_refused_with_a_sentence(preloaded):
    with closing(preloaded.timescale.session()) as session:
        with pytest.raises(LayoutError, match=r"layout hypertable-compressed: .* license.*the vendor's package has it"):
            session.reset(table_layout("hypertable-compressed"), 0, 64)
        session.drop_table()


def test_after_a_crash_its_database_is_there_again(preloaded):
    preloaded.timescale.recover()
    preloaded.timescale.apply(STOCK)
    with closing(preloaded.timescale.session()) as session:
        session.reset(table_layout("hypertable"), 10, 64)
        session.drop_table()


# --- a run -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def climbed(new_place) -> Climb:
    programs, place = programs_of("17"), new_place()
    asked = ("--bin-dir", programs, "--phases", "2-D", "2-G", "3-T", "3-T2", "3-T3", "--blocks", 1)
    with climbing(place, *asked, "--versions", "17", *SMALL, "--warm-up", 0.2, "--window", 1) as climb:
        ended = climb.end()
        assert ended.code in (0, 1), ended.err
        return climb


def test_rungs_of_both_are_measured_in_the_same_blocks_and_each_row_is_found(climbed):
    records = climbed.records()
    engine = {"2-D": "postgresql", "2-G": "postgresql"} | dict.fromkeys(("3-T", "3-T2", "3-T3"), "timescaledb")
    layout = {"postgresql": "plain", "timescaledb": "hypertable"}
    assert {record.trial.phase for record in records} == engine.keys()
    assert {record.trial.block for record in records} == {1}
    for record in records:
        assert record.engine == engine[record.trial.phase]
        assert record.trial.layout == layout[record.engine]
        assert record.validity.state != "void", record.validity.reasons
        assert record.verified.found >= record.verified.acknowledged >= record.rows > 0
        codes = {reason.code for reason in record.validity.reasons}
        assert codes.isdisjoint({"table-altered", "table-unknown", "configuration-drifted", "transactions"})


def test_both_stand_in_one_ladder_and_what_the_others_are_is_told(climbed):
    path, place = climbed.directory.path, climbed.place
    [host] = json.loads(pgladder("ladder", path, "--json", cwd=place).out)["hosts"]
    [ladder] = host["ladders"]
    assert ladder["layout"] == "plain"
    found = [(rung["phase"], rung["engine"], rung["layout"]) for rung in ladder["rungs"]]
    of_its_own = [(phase, "timescaledb", "hypertable") for phase in ("3-T", "3-T2", "3-T3")]
    assert found == [("2-D", None, None), ("2-G", None, None), *of_its_own]
    told = " ".join(pgladder("ladder", path, cwd=place).out.split())
    assert "on timescaledb hypertable: 3-T, 3-T2, 3-T3" in told
    facts = host["host"]["facts"]["engines"]["timescaledb"]
    assert f", {facts['version'].split(' on ')[0]}; " in told
    assert facts["chunk_interval_s"] > 0


@pytest.mark.slow
def test_its_layouts_are_compared_with_those_of_postgresql(new_place):
    programs, place = programs_of("17"), new_place()
    asked = ("--bin-dir", programs, "--versions", "17", "--phases", "2-G", "--layouts", "plain,hypertable")
    with climbing(place, *asked, "--blocks", 2, "--repeat-suspect", "no", *BRIEF) as climb:
        assert climb.end().code in (0, 1)
    report = json.loads(pgladder("compare", climb.directory.path, "--across", "layout", "--json", cwd=place).out)
    [cell] = report["cells"]
    assert [arm["name"] for arm in cell["arms"]] == ["plain", "hypertable"]
    assert {record.engine for record in climb.records()} == {"postgresql", "timescaledb"}


def test_on_a_server_of_somebody_elses_it_is_measured_where_its_owner_made_it_and_refused_where_not(both, new_place):
    both.timescale.apply(STOCK)
    place = new_place()
    ended = pgladder("run", "--dsn", both.dsn(), "--phases", "3-T3", *BRIEF, "--blocks", 1, cwd=place)
    assert ended.code == 2
    assert "The database of --dsn has no TimescaleDB, and pgladder makes no extension in it" in ended.err
    there = both.dsn(dbname=both.timescale.database)
    asked = ("--phases", "3-T3", *BRIEF, *SMALL, "--blocks", 1, "--out", place / "out")
    ended = pgladder("run", "--dsn", there, *asked, cwd=place)
    assert ended.code in (0, 1), ended.err
    [record] = RunDirectory(place / "out").records()
    assert record.engine == "timescaledb"
    assert record.validity.state != "void", record.validity.reasons


def test_where_it_is_not_installed_nothing_is_begun(new_place):
    place = new_place()
    ended = pgladder("run", "--phases", "3-T", *BRIEF, "--data-dir", place / "data", cwd=place)
    assert ended.code == 2
    assert "has no TimescaleDB. On a box: make provision ROLES=timescaledb." in ended.err
    assert not (place / "data").exists()
    assert not (place / "results").exists()
