"""``explain`` on a real server: predicted before it is tried, tried in the same blocks, gone on with after a stop."""

import json
import signal
from pathlib import Path

import pytest

from bench.model.codec import to_json
from bench.store.run_directory import RunDirectory
from tests.integration.support import Climb, Theirs, added_folder, climbing, passwords, pgladder
from tests.kept import KEPT

TOY = '''"""Pretends that the index is in the way."""

from bench.constraints.constraint import Constraint, Removal

CONSTRAINT = Constraint(
    words="a toy",
    share=lambda record, cpus: 0.25,
    removal=lambda trial, place: Removal(words="with a toy", layout="no-index"),
    relieved=lambda work, share: work.scaled(1 - share),
    remains=lambda record, cpus: 0.0,
)
'''
SLOW = "commit_delay = 10000\ncommit_siblings = 0\n"
"""A commit sleeps: what others of this machine do changes little, and many at once gain much."""
POOL_OF_ONE = ("--phases", "2-B", "--pool-min", 1, "--pool-max", 1, "--warm-up", 0.2, "--window", 0.5)
BLOCKS = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return added_folder(tmp_path_factory.mktemp("added"), {"constraints/toy.py": TOY})


@pytest.fixture(scope="module")
def explained(new_place, folder) -> Climb:
    place = new_place()
    (place / "slow.conf.j2").write_text(SLOW)
    asked = (*POOL_OF_ONE, "--variants", "./slow.conf.j2", "--constraints", "pool toy", "--blocks", BLOCKS)
    with climbing(place, *asked, question="explain", env={"PGLADDER_PATH": str(folder)}) as climb:
        ended = climb.end()
        assert ended.code == 0, ended.err
        assert f"\nPage: {climb.directory.path / 'report.html'}\n" in ended.out
        yield climb


def answer(climb: Climb, folder: Path) -> dict:
    return json.loads(
        pgladder("explain", climb.directory.path, "--json", cwd=climb.place, env={"PGLADDER_PATH": str(folder)}).out
    )


def test_a_pool_of_one_is_what_fifty_workers_wait_for_and_a_larger_one_gains_many_times_the_rate(explained, folder):
    found = answer(explained, folder)
    pool = next(each for each in found["constraints"] if each["name"] == "pool")
    assert pool["share"] > 0.8
    assert pool["measured_gain"]["low"] > 1.05
    assert pool["predicted_gain"] > 1.5
    assert found["verdict"] == {"limit": "limited"}.get(pool["conclusion"], "undecided")


def test_what_was_predicted_was_on_disk_before_the_first_experiment_ended(explained):
    directory = RunDirectory(explained.directory.path)
    suspects = directory.suspects()
    assert {each.constraint for each in suspects.suspects} == {"pool", "toy"}
    tried = [record for record in directory.records() if record.trial.without and not record.trial.alone_of]
    assert (explained.directory.path / "suspects.json").stat().st_mtime < directory.path.joinpath(
        "SHA256SUMS"
    ).stat().st_mtime
    assert tried[0].trial.block == 2


def test_a_constraint_of_ones_own_is_one_file_and_stands_in_the_answer_and_on_the_page(explained, folder):
    there = {"cwd": explained.place, "env": {"PGLADDER_PATH": str(folder)}}
    assert "a toy" in pgladder("explain", explained.directory.path, **there).out
    toy = next(each for each in answer(explained, folder)["constraints"] if each["name"] == "toy")
    assert (toy["how"], toy["blocks"]) == ("with a toy", BLOCKS - 1)
    assert toy["predicted_gain"] == pytest.approx(1 / 0.75, rel=0.2)
    page = explained.place / "page.html"
    assert pgladder("report", explained.directory.path, "--out", page, **there).code == 0
    text = page.read_text()
    assert "What stands in the way?" in text
    assert "with a toy" in text


def test_the_ladder_of_the_run_has_the_rung_alone(explained, folder):
    there = {"cwd": explained.place, "env": {"PGLADDER_PATH": str(folder)}}
    said = json.loads(pgladder("ladder", explained.directory.path, "--json", **there).out)
    [ladder] = said["hosts"][0]["ladders"]
    [rung] = ladder["rungs"]
    assert rung["trials"] == BLOCKS
    assert rung["bound_by"]["ceiling_rows_per_s"] is not None


@pytest.mark.slow
def test_what_was_stopped_goes_on_and_its_predictions_stay_as_they_were(new_place):
    asked = (*POOL_OF_ONE, "--constraints", "pool", "--blocks", 3)
    with climbing(new_place(), *asked, question="explain") as climb:
        climb.wait_trial(4)
        before = (climb.directory.path / "suspects.json").read_bytes()
        climb.process.send_signal(signal.SIGINT)
        assert climb.end().code == 1
        assert (
            pgladder("run", "--resume", climb.directory.path, "--data-dir", climb.data_dir, cwd=climb.place).code == 0
        )
        assert (climb.directory.path / "suspects.json").read_bytes() == before
        directory = RunDirectory(climb.directory.path)
        assert to_json(directory.suspects()) + b"\n" == before
        assert {record.trial.number for record in directory.records()} == {
            trial.number for trial in directory.plan().trials
        }
        assert pgladder("explain", climb.directory.path, cwd=climb.place).code == 0


def test_a_run_without_experiments_says_how_to_have_some(place):
    said = pgladder("explain", KEPT / "steps", cwd=place)
    assert said.code == 2
    assert "has no experiments" in said.err


# --- on a server that somebody brings ---------------------------------------------------------------------------------


OF_SESSIONS = ("--phases", "1-B", "--constraints", "wal-flush wal-write checkpoints", "--warm-up", 0.2, "--window", 0.5)
ALTERED = "SELECT name FROM pg_file_settings WHERE sourcefile LIKE '%/postgresql.auto.conf'"


@pytest.fixture(scope="module")
def named(new_place):
    """Explain a rung on a server that flushes, by constraints that are named; with what was there before and after."""
    place = new_place()
    server = Theirs(place, settings="fsync = on")
    try:
        before = server.dump()
        asked = (*OF_SESSIONS, "--blocks", 3, "--dsn", server.dsn())
        with climbing(place, *asked, question="explain", env=passwords(place)) as climb:
            ended = climb.end()
            assert ended.code in (0, 1), ended.err
            yield climb, before, server
    finally:
        server.control("stop")


def test_named_on_somebodys_server_sessions_wait_for_no_flush_in_experiments_alone(named):
    climb, *_ = named
    grades = dict.fromkeys(("wal-flush", "wal-write", None), frozenset())
    for record in climb.records():
        if record.trial.engine is None:
            [name] = record.trial.without.constraints if record.trial.without else [None]
            grades[name] |= {record.durability}
    assert grades.pop(None) <= {"durable", "unknown"}
    assert grades == {"wal-flush": {"may lose last 600 ms"}, "wal-write": {"not crash-safe"}}


def test_the_answer_says_what_durability_was_given_up_and_that_the_servers_own_settings_are_untested(named):
    climb, *_ = named
    said = pgladder("explain", climb.directory.path, "--json", cwd=climb.place)
    found = {each["name"]: each for each in json.loads(said.out)["constraints"]}
    assert found["wal-flush"]["conclusion"] != "untested"
    assert found["wal-flush"]["how"].startswith("with synchronous_commit=off (")
    assert found["wal-flush"]["how"].endswith(" → may lose last 600 ms)")
    if found["wal-write"]["blocks"]:
        assert found["wal-write"]["how"].endswith(" → not crash-safe)")
    if "checkpoints" in found:
        assert found["checkpoints"]["conclusion"] == "untested"


def test_nothing_of_the_server_its_roles_or_databases_is_set_meanwhile_or_afterwards(named):
    _, before, server = named
    assert server.dump() == before
    assert server.ask(ALTERED) == server.ask("SELECT * FROM pg_db_role_setting") == []
    assert server.ask("SHOW synchronous_commit") == [("on",)]
