"""ClickHouse beside PostgreSQL by the real command: every rung, every row verified, trouble told as what it is."""

import json

import pytest

from tests.examples import one_of
from tests.integration.clickhouses import EMBEDDED, SERVER, environment
from tests.integration.support import BRIEF, ONCE, Climb, added_folder, assert_nothing_left, climbing, pgladder

RUNGS = {"3-C": 1, "3-C2": 500, "3-C3": 5000, "3-C4": 100_000, "3-C5": 100_000}
EMBEDDED_RUNGS = ("3-C", "3-C3")
"""Each trial loads half a gigabyte of an engine."""
WITHOUT_WAL = "ClickHouse has no WAL and no such counter"
ONE_PART = """-- at most one part: the second INSERT that meets it is refused
-- engine: clickhouse
CREATE TABLE {schema}.events (device_id Int64, payload String, created_at {moment})
ENGINE = MergeTree ORDER BY device_id SETTINGS parts_to_throw_insert = 1, parts_to_delay_insert = @
"""
NARROW = """-- a stamp does not fit into 32 bits, and is fitted without a word
-- engine: clickhouse
CREATE TABLE {schema}.events (device_id Int32, payload String, created_at {moment})
ENGINE = MergeTree ORDER BY device_id
"""


@pytest.fixture(scope="module", params=[SERVER, EMBEDDED])
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def rungs(kind) -> list[str]:
    return list(RUNGS if kind == SERVER else EMBEDDED_RUNGS)


@pytest.fixture(scope="module")
def climbed(kind, rungs, new_place) -> Climb:
    """Rungs, and one of PostgreSQL's."""
    window_s = 2 if kind == SERVER else 4
    asked = ("--phases", "2-G", *rungs, "--blocks", 1, *ONCE, "--warm-up", "0.2", "--window", window_s)
    with climbing(new_place(), *asked, env=environment(kind)) as climb:
        ended = climb.end()
        assert ended.code in (0, 1), ended.err
        return climb


def of_clickhouse(climb):
    return [record for record in climb.records() if record.engine == "clickhouse"]


def test_every_row_of_every_rung_is_found_and_each_insert_made_one_block(climbed, rungs):
    records = of_clickhouse(climbed)
    assert sorted(record.trial.phase for record in records) == sorted(rungs)
    for record in records:
        assert not record.void, record.validity.why
        assert record.verified.found == record.verified.acknowledged > 0
        assert record.trial.parameters.batch == RUNGS[record.trial.phase]
        assert record.rows == record.commits * record.trial.parameters.batch
        assert record.transactions * record.trial.parameters.batch == record.verified.found


def test_what_a_crash_takes_is_told_and_what_can_not_be_read_has_its_reason(climbed, kind):
    for record in of_clickhouse(climbed):
        assert record.durability == "not crash-safe"
        assert "nothing is flushed" in record.durability_because
        assert WITHOUT_WAL in record.not_counted.values()
        assert record.checkpoint_s > 0
        assert (record.cpu.server_cores is None) == (kind == EMBEDDED)


def test_the_fingerprint_says_which_clickhouse_it_was(climbed, kind):
    facts = climbed.directory.host().facts["engines"]["clickhouse"]
    assert facts["version"].startswith("ClickHouse 18.16" if kind == SERVER else "ClickHouse 2")
    assert facts["runs"].startswith("as a server" if kind == SERVER else "embedded")


@pytest.fixture(scope="module", params=one_of(SERVER, EMBEDDED))
def compared(request, new_place) -> Climb:
    """Rungs of 5,000 rows a commit, twice; of the embedded engine, one beside them."""
    rungs, window_s = (["3-C3"], 2) if request.param == SERVER else (EMBEDDED_RUNGS, 4)
    asked = ("--phases", "2-G", *rungs, "--blocks", 2, *ONCE, "--warm-up", "0.2", "--window", window_s)
    with climbing(new_place(), *asked, env=environment(request.param)) as climb:
        ended = climb.end()
        assert ended.code in (0, 1), ended.err
        return climb


def test_they_are_compared_where_they_write_as_many_rows(compared):
    """Of 5,000 rows a commit; what one alone writes so is compared with nothing."""
    ended = pgladder("compare", compared.directory.path, "--across", "engine", "--json", cwd=compared.place)
    assert ended.code in (0, 1), ended.err
    [box] = json.loads(ended.out)["comparisons"] if "comparisons" in json.loads(ended.out) else [json.loads(ended.out)]
    [cell] = box["cells"]
    assert cell["parameters"]["batch"] == 5000
    assert [arm["name"] for arm in cell["arms"]] == ["postgresql", "clickhouse"]
    assert "clickhouse" in box["sentence"]


@pytest.mark.slow
def test_rows_a_statement_are_swept_beside_postgresqls(new_place):
    of = ("--of", "batch=500,5000", "--phases", "2-G", "3-C3")
    asked = (*of, "--blocks", 2, *ONCE, "--warm-up", "0.2", "--window", 2)
    with climbing(new_place(), *asked, question="sweep", env=environment(EMBEDDED)) as climb:
        ended = climb.end()
        assert ended.code in (0, 1), ended.err
    report = json.loads(pgladder("sweep", climb.directory.path, "--json", cwd=climb.place).out)
    assert report["of"] == ["batch"]
    assert sorted((curve["phase"], len(curve["points"])) for curve in report["curves"]) == [("2-G", 2), ("3-C3", 2)]
    assert {record.engine for record in climb.records()} == {"postgresql", "clickhouse"}


def test_nothing_is_left_of_it(climbed):
    assert_nothing_left(climbed.place)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, kind):
    """At 0 the server of 2018 would slow the first INSERT by a second, at 1 that of today would not refuse."""
    one_part = ONE_PART.replace("@", "1" if kind == SERVER else "0")
    added = tmp_path_factory.mktemp("added")
    return added_folder(added, {"layouts/one-part.sql": one_part, "layouts/narrow.sql": NARROW})


def records(kind, place, folder, *asked):
    """Measure a trial each that has trouble; return the records."""
    env = {**environment(kind), "PGLADDER_PATH": str(folder)}
    with climbing(place, *asked, "--blocks", 1, *ONCE, *BRIEF, env=env) as climb:
        climb.end()
        return climb.records()


LAYOUTS = {SERVER: "merge-tree,one-part,merge-tree-flushed", EMBEDDED: "narrow,one-part,merge-tree-flushed"}
WRITES = {SERVER: "3-C3", EMBEDDED: "3-C2"}
"""The rung of blocks of rows; of the other, of asynchronous inserts, every trial is refused."""


@pytest.fixture(scope="module")
def troubled(kind, new_place, folder):
    """Trials on tables with which there is trouble, by phase and layout; a server has several clients."""
    asked = ("--phases", WRITES[kind], "3-C6", "--layouts", LAYOUTS[kind], "--processes", 3 if kind == SERVER else 1)
    found = records(kind, new_place(), folder, *asked)
    return {(record.trial.phase, record.trial.layout): record for record in found}


def test_too_many_parts_void_a_trial_and_say_what_to_do(kind, troubled):
    record = troubled[WRITES[kind], "one-part"]
    assert record.void
    detail = record.validity.detail("client-error")
    assert "too many parts (code 252)" in detail
    assert "--batch" in detail
    assert record.validity.codes >= {"client-error"}
    assert not record.validity.codes & {"refused-rows-found", "rows-lost", "rows-foreign", "transactions-mismatch"}


def test_stamps_that_wrap_are_found_out(kind, troubled):
    if kind == SERVER:
        pytest.skip("clickhouse-driver refuses a number that does not fit: only the engine wraps it")
    record = troubled[WRITES[kind], "narrow"]
    assert record.void
    assert record.validity.codes & {"rows-lost", "rows-foreign"}


def test_flushed_it_is_durable_where_it_can_be(kind, troubled):
    record = troubled[WRITES[kind], "merge-tree-flushed"]
    if kind == SERVER:
        assert record.validity.codes == {"refused"}
        assert "ClickHouse 18.16.1 can't make it, leave it out" in record.validity.why
        return
    assert not record.void, record.validity.why
    assert record.durability in ("durable", "unknown")
    assert record.verified.found == record.verified.acknowledged > 0


def test_asynchronous_inserts_are_refused_where_there_are_none(troubled):
    of_it = [record for (phase, _), record in troubled.items() if phase == "3-C6"]
    assert len(of_it) == 3
    assert all(record.void for record in of_it)
    assert any("has no asynchronous inserts: leave the phase out" in record.validity.why for record in of_it)


def test_the_embedded_engine_takes_one_client_and_says_so(kind, place, folder):
    if kind == SERVER:
        pytest.skip("a server takes several")
    [record] = records(kind, place, folder, "--phases", "3-C2", "--processes", 2)
    assert record.void
    assert "takes one client process" in record.validity.why


def test_several_clients_write_to_a_server(kind, troubled):
    if kind == EMBEDDED:
        pytest.skip("it takes one")
    record = troubled[WRITES[kind], "merge-tree"]
    assert record.trial.parameters.processes == 3
    assert not record.void, record.validity.why
    assert record.verified.found == record.verified.acknowledged > 0


def test_readers_and_what_deletes_speak_postgresql_and_are_refused(place):
    asked = ("--phases", "3-C3", "--readers", 1, "--data-dir", place / "data")
    ended = pgladder("run", *asked, cwd=place)
    assert ended.code == 2
    assert "The layout merge-tree has no primary key" in ended.err
