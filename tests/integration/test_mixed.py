"""Readers beside writers, and a table that keeps its size: on a real server, every row accounted for."""

import json

import pytest

from tests.examples import one_of
from tests.integration.support import BRIEF, ONCE, Climb, added_folder, climbing, meddling, passwords, pgladder

KEPT = 20_000
PRELOADED = 20_000
MIXED = ("--readers", 2, "--retain", KEPT, *ONCE)
EACH_ROW = '''"""Commits each row by itself, and claims that a hundred are one commit."""

from bench.model.plan import Parameters
from bench.workload.phase import AsyncPhase


async def insert(connection, rows, table):
    for row in rows:
        await connection.execute(f"INSERT INTO {table.sql} (device_id, payload) VALUES ($1, $2)", *row)


PHASE = AsyncPhase(
    method="row by row",
    parameters=Parameters(in_flight=5, pool_min=5, pool_max=5, batch=100, event_loop="asyncio"),
    insert=insert,
    call="execute",
)
'''
WRONG = {"transactions-mismatch", "client-error"}
"""A machine that others use may be behind with reading and deleting: that is told, and nothing is lost by it."""


def codes(record) -> set[str]:
    return {reason.code for reason in record.validity.reasons}


def assert_whole(record) -> None:
    """Every row that was acknowledged is there or was deleted, and no other."""
    seen = record.verified
    assert record.validity.state != "void", record.validity.why
    assert not codes(record) & WRONG, record.validity.why
    assert seen.attempted == seen.acknowledged == seen.found + seen.deleted > 0


@pytest.fixture(scope="module", params=one_of("plain", "plain,hash-partitioned"))
def layouts(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def mixed(new_place, layouts) -> Climb:
    """A single insert, rounds of them, and COPY, on a table, or on partitions too."""
    asked = ("--phases", "1-B,2-B,2-G", "--layouts", layouts, "--pool-min", 2)
    place = new_place()
    with climbing(place, *asked, *MIXED, "--batch", 100, "--blocks", 1, "--warm-up", 0.5, "--window", 1.5) as climb:
        ended = climb.end()
        assert ended.code in {0, 1}, ended
        assert "beside 2 readers (point)" in ended.out
        assert f"keeping {KEPT:,} rows" in ended.out
        yield climb


def test_no_row_goes_unaccounted_for(mixed, layouts):
    assert len(mixed.records()) == 3 * len(layouts.split(","))
    for record in mixed.records():
        assert_whole(record)
        assert record.preload_rows == PRELOADED


def test_rows_are_read_and_every_read_returns_one(mixed):
    for record in mixed.records():
        assert record.reads.reads > 0, record.trial
        assert record.reads.rows + record.reads.empty == record.reads.reads
        assert record.reads.latency_ms.mean > 0
        assert record.reads.reads_per_s == record.reads.reads / record.seconds
        assert 0 < record.cpu.beside_cores < record.cpu.client_cores


def test_the_table_keeps_its_size_but_for_what_comes_in_a_step(mixed):
    for record in mixed.records():
        assert record.retention.deleted > 0
        assert record.retention.steps > 0
        behind = "retention-behind" in codes(record)
        assert behind or record.retention.most_rows <= KEPT + record.rows_per_s + record.trial.parameters.under_way
        # What was still under way at the end came on top.
        assert record.verified.found <= record.retention.most_rows + record.trial.parameters.under_way


def test_of_the_newest_rows_a_hundred_are_read_at_a_time_and_so_often_for_a_hundred_written(place):
    asked = ("--phases", "2-C", "--readers", 4, "--reads", "recent", "--reads-per-100-rows", 2, "--preload-rows", 1000)
    with climbing(place, *asked, "--pool-min", 2, "--blocks", 1, "--warm-up", 0.5, "--window", 2, *ONCE) as climb:
        assert climb.end().code in {0, 1}
        [record] = climb.records()
    assert_whole(record)
    assert (record.retention, record.verified.deleted, record.reads.empty) == (None, 0, 0)
    assert record.reads.rows == 100 * record.reads.reads > 0
    # On a machine that others use they may be behind, and never ahead of what they were asked for.
    behind = "readers-behind" in codes(record)
    assert 100 * record.reads.reads / record.rows == pytest.approx(2, rel=0.15) or behind


def test_pgbench_writes_beside_them_too(place):
    asked = ("--phases", "2-B", "--drivers", "pgbench", "--load", "closed", *MIXED, "--blocks", 1)
    with climbing(place, *asked, "--warm-up", 0.5, "--window", 1) as climb:
        assert climb.end().code in {0, 1}
        [record] = climb.records()
    assert_whole(record)
    assert (record.reads.reads > 0, record.retention.deleted > 0) == (True, True)


def test_at_a_rate_the_table_keeps_its_size_while_it_is_read(place):
    asked = ("--phases", "2-C", "--rate", 4000, "--collect-ms", 10, *MIXED, "--pool-min", 2, "--blocks", 1, "--force")
    with climbing(place, *asked, "--warm-up", 0.5, "--window", 1.5) as climb:
        assert climb.end().code in {0, 1}
        [record] = [each for each in climb.records() if each.trial.engine is None]
    assert_whole(record)
    assert (record.reads.reads > 0, record.retention.deleted > 0) == (True, True)


def test_on_somebodys_server_nothing_but_the_runs_own_table_is_read_and_deleted_from(theirs, place):
    before = theirs.dump()
    asked = ("--phases", "2-C", *MIXED, "--pool-min", 2, "--pool-max", 5, "--blocks", 1, "--dsn", theirs.dsn())
    with climbing(place, *asked, "--warm-up", 0.5, "--window", 1, env=passwords(place)) as climb:
        assert climb.end().code in {0, 1}
        [record] = climb.records()
    assert_whole(record)
    assert (record.reads.reads > 0, record.retention.deleted > 0) == (True, True)
    assert theirs.dump() == before
    assert theirs.schemas() == []


# --- what must not go unnoticed --------------------------------------------------------------------------------------


DEEDS = {
    "DELETE FROM pgladder.events WHERE id = (SELECT max(id) - 2000 FROM pgladder.events)": "rows-lost",
    "UPDATE pgladder.events SET payload = 'x' WHERE id = (SELECT max(id) - 4500 FROM pgladder.events)": "rows-altered",
    "INSERT INTO pgladder.events (device_id, payload) SELECT device_id, payload FROM pgladder.events"
    " ORDER BY id DESC LIMIT 1": "rows-",
}
"""What somebody does to a row of the trial's own, and how the code of the reason begins that tells it."""


@pytest.mark.parametrize("deeds", one_of([*DEEDS][:1], [*DEEDS]))
def test_what_somebody_does_to_a_row_shows_though_the_row_is_deleted_by_the_end(place, deeds):
    asked = ("--phases", "2-C", "--retain", 5000, "--pool-min", 2, "--blocks", len(deeds))
    with climbing(place, *asked, "--warm-up", 0.5, "--window", 3) as climb:
        for number, deed in enumerate(deeds, 1):
            climb.wait_trial(number)
            with meddling(climb) as meddler:
                meddler.wait_window()
                # Of the rows that were there before none is left.
                meddler.ask_until("SELECT 1 FROM pgladder.events HAVING min(device_id) >= 0")
                meddler.ask(deed)
            climb.wait_record(number)
        assert climb.end().code == 1
        records = climb.records()
    for record, deed in zip(records, deeds, strict=True):
        assert record.validity.state == "void"
        assert any(each.startswith(DEEDS[deed]) for each in codes(record)), record.validity.why
        assert record.verified.deleted > 0


@pytest.mark.slow
def test_a_method_that_commits_each_row_is_void_though_its_rows_are_deleted(place, tmp_path):
    folder = tmp_path / "added"
    folder.mkdir()
    env = {"PGLADDER_PATH": str(added_folder(folder, {"phases/each_row.py": EACH_ROW}))}
    asked = ("--phases", "each_row", "--retain", 5000, "--blocks", 1, "--warm-up", 0.5, "--window", 1)
    with climbing(place, *asked, env=env) as climb:
        assert climb.end().code == 1
        [record] = climb.records()
    details = [reason.detail for reason in record.validity.reasons if reason.code == "transactions-mismatch"]
    assert any("were written by" in detail for detail in details), record.validity.why


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_readers_of_a_table_that_is_empty_at_first_begin_with_its_rows_and_what_they_cost_is_a_sentence(place):
    """With an interval."""
    asked = ("--of", "readers=0,4", "--phases", "2-C", "--pool-min", 2, "--blocks", 2, *ONCE)
    with climbing(place, *asked, "--warm-up", 0.5, "--window", 1.5, question="sweep") as climb:
        ended = climb.end()
        assert ended.code in {0, 1}
        for record in climb.records():
            assert record.preload_rows == 0
            assert_whole(record)
            assert (record.reads is None) == (record.trial.parameters.readers == 0)
            assert record.reads is None or record.reads.reads > 0
        assert "4 readers cost the writers" in ended.out or "is fastest at readers 4" in ended.out
    told = pgladder("compare", climb.directory.path, "--across", "readers", "--json", cwd=climb.place)
    report = json.loads(told.out)
    assert [arm["name"] for arm in report["cells"][0]["arms"]] == ["readers=0", "readers=4"]
    assert "4 readers cost the writers" in report["sentence"] or "With 4 readers" in report["sentence"]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("--readers", 2, "--layouts", "no-index"), "The layout no-index has no primary key"),
        (("--retain", 100), "has up to 500 rows under way"),
        (("--retain", 5000, "--preload-rows", 10), "--preload-rows is 10"),
        (("--reads", "recent"), "ask for --readers 4"),
        (("--readers", 1, "--ceiling"), "Leave out --readers and --retain"),
    ],
)
def test_what_can_not_be_is_refused_before_anything_is_measured(place, asked, why):
    refused = pgladder("run", "--phases", "2-C", *asked, *BRIEF, cwd=place)
    assert (refused.code, why in " ".join(refused.err.split())) == (2, True), refused
    assert not (place / "results").exists()


def test_explain_refuses_what_works_beside_the_writers(place):
    refused = pgladder("explain", "--phases", "2-C", "--readers", 2, *BRIEF, cwd=place)
    assert (refused.code, "explain also measures what a trial" in " ".join(refused.err.split())) == (2, True)
