"""Variants, layouts and transports: in force is what the server itself says, not what was asked for."""

import json
from dataclasses import dataclass

import pytest

from bench.model.record import Record
from tests.grades import assert_graded
from tests.integration.support import ONCE, Climb, Ended, assert_nothing_left, climbing, meddling, pgladder

LAYOUTS = ("plain", "no-index", "unlogged", "hash-partitioned", "plain-time-key", "time-partitioned")
PRELOADED = 1000
WHILE = ("--warm-up", 0.5, "--window", 1)
"""Long enough to be asked about meanwhile."""
SHAPE = (
    "SELECT relkind::text, relpersistence::text, relhasindex, count(inhrelid) FROM pg_class"
    " LEFT JOIN pg_inherits ON inhparent = oid WHERE oid = 'pgladder.events'::regclass GROUP BY 1, 2, 3"
)
SHAPES = {
    "plain": ("r", "p", True, 0),
    "no-index": ("r", "p", False, 0),
    "unlogged": ("r", "u", True, 0),
    "hash-partitioned": ("p", "p", True, 8),
    "plain-time-key": ("r", "p", True, 0),
    # Eight of the past, today, tomorrow, and one for what fits none.
    "time-partitioned": ("p", "p", True, 11),
}


@dataclass
class Arms:
    """A run that ended, its records, and what the server said in each trial."""

    climb: Climb
    ended: Ended
    records: list[Record]
    said: dict[int, dict]


def watch(climb: Climb, trials: int, questions: dict[str, str]) -> Arms:
    """Ask the server in every trial while rows are being written."""
    said = {}
    for trial in range(1, trials + 1):
        climb.wait_trial(trial)
        with meddling(climb) as meddler:
            meddler.wait_inserting()
            said[trial] = {name: meddler.ask_until(question) for name, question in questions.items()}
    return Arms(climb, climb.end(), climb.records(), said)


@pytest.fixture(scope="module")
def arms(new_place) -> Arms:
    """Every layout, over preloaded rows."""
    asked = ["--phases", "2-F", "--layouts", ",".join(LAYOUTS), *ONCE]
    questions = {
        "synchronous_commit": "SHOW synchronous_commit",
        "shape": SHAPE,
        "before": "SELECT count(*) FROM pgladder.events WHERE device_id < 0",
    }
    with climbing(new_place(), *asked, *WHILE, "--blocks", 1, "--preload-rows", PRELOADED) as climb:
        return watch(climb, len(LAYOUTS), questions)


def test_each_layout_is_measured_and_none_is_void(arms):
    assert {record.trial.layout for record in arms.records} == set(LAYOUTS)
    assert [record.validity for record in arms.records if record.validity.state == "void"] == []
    assert (arms.ended.code, arms.ended.err) == (0, "")


def test_the_server_waits_for_every_flush_under_stock(arms):
    assert [said["synchronous_commit"] for said in arms.said.values()] == [[("on",)]] * len(LAYOUTS)


def test_the_server_confirms_the_layout_of_every_trial(arms):
    for record in arms.records:
        assert arms.said[record.trial.number]["shape"] == [SHAPES[record.trial.layout]]


def test_durability_is_graded_by_what_a_crash_would_take(arms):
    for record in arms.records:
        if record.trial.layout == "unlogged":
            assert record.durability == "not crash-safe"
        else:
            assert_graded((record.durability, record.durability_because), arms.climb.place)


def test_preloaded_rows_are_there_and_counted_nowhere(arms):
    for record in arms.records:
        assert arms.said[record.trial.number]["before"] == [(PRELOADED,)]
        assert record.preload_rows == PRELOADED
        assert record.start.table_bytes > PRELOADED * 64
        assert record.verified.found == record.verified.acknowledged


def test_only_a_layout_with_an_index_starts_with_one(arms):
    for record in arms.records:
        assert (record.start.index_bytes > 0) == (record.trial.layout != "no-index")


def test_each_arm_has_a_table_of_its_own_with_its_durability(arms):
    shown = pgladder("ladder", arms.climb.directory.path, cwd=arms.climb.place).out
    for record in arms.records:
        word = "durability unknown" if record.durability == "unknown" else record.durability
        assert f"{record.trial.variant} · {record.trial.layout} · tcp · {word}" in shown


def test_the_layouts_of_a_run_are_compared_with_the_plain_table_without_a_word(arms):
    done = pgladder("compare", arms.climb.directory.path, "--json", cwd=arms.climb.place)
    report = json.loads(done.out)
    assert report["across"] == "layout"
    [cell] = report["cells"]
    assert (cell["phase"], cell["variant"], cell["layout"], cell["transport"]) == ("2-F", "stock", None, "tcp")
    rates = {record.trial.layout: record.settled_rows_per_s for record in arms.records}
    assert {pair["candidate"] for pair in cell["pairs"]} == set(LAYOUTS) - {"plain"}
    for pair in cell["pairs"]:
        assert pair["baseline"] == "plain"
        assert pair["settled"]["ratio"] == pytest.approx(rates[pair["candidate"]] / rates["plain"])


def test_another_baseline_may_be_named(arms):
    words = ("--across", "layout", "--baseline", "no-index", "--json")
    report = json.loads(pgladder("compare", arms.climb.directory.path, *words, cwd=arms.climb.place).out)
    assert {pair["baseline"] for pair in report["cells"][0]["pairs"]} == {"no-index"}


# --- variants and transports --------------------------------------------------------------------------------


WAYS = (
    "SELECT DISTINCT host(client_addr), ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
    " WHERE application_name = 'pgladder' AND query LIKE 'INSERT INTO %.events%'"
)


@pytest.fixture(scope="module")
def ways(new_place) -> tuple[Arms, Climb]:
    """The other variant by each transport once; and what becomes of a second run meanwhile."""
    asked = [
        "--phases",
        "2-F",
        "--variants",
        "async-commit",
        "--transports",
        "tcp tls socket",
        *WHILE,
        "--blocks",
        1,
    ]
    with climbing(new_place(), *asked) as climb:
        climb.wait_for((climb.directory.path / "plan.json").exists, "it is under way")
        with climbing(new_place()) as second:
            return watch(climb, 3, {"ways": WAYS, "synchronous_commit": "SHOW synchronous_commit"}), second


@pytest.mark.parametrize(
    ("transport", "way"), [("tcp", ("127.0.0.1", False)), ("tls", ("127.0.0.1", True)), ("socket", (None, False))]
)
def test_the_server_sees_the_clients_come_by_the_transport_recorded(ways, transport, way):
    arms, _ = ways
    [record] = [record for record in arms.records if record.trial.transport == transport]
    assert arms.said[record.trial.number]["ways"] == [way]
    assert record.validity.state != "void"


def test_async_commit_is_in_force_and_graded_by_what_it_may_lose(ways):
    arms, _ = ways
    assert [said["synchronous_commit"] for said in arms.said.values()] == [[("off",)]] * 3
    assert {(record.trial.variant, record.durability) for record in arms.records} == {
        ("async-commit", "may lose last 600 ms")
    }


def test_a_second_run_on_the_box_is_refused_and_told_which_process_is_first(ways):
    first, second = ways
    ended = second.end()
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"process {first.climb.process.pid} of user " in ended.err
    assert not second.directory.path.exists()
    assert first.ended.code == 0


def test_nothing_is_left_of_either(ways):
    first, second = ways
    assert_nothing_left(first.climb.place)
    assert_nothing_left(second.place)
