"""What a box tells of its runs."""

import pytest

from bench.box import units
from bench.box.state import run_states
from bench.store.run_directory import RunDirectory
from tests.builders import a_plan, a_record, a_samples
from tests.sweeps import Box, planned


def a_run(runs, name, *, records=0, sealed=False):
    directory = RunDirectory(runs / name)
    directory.begin(a_plan(run=name))
    for trial in range(1, records + 1):
        directory.append(a_record(trial), a_samples(trial))
    if sealed:
        directory.finish()


@pytest.fixture(autouse=True)
def wanted(tmp_path, monkeypatch):
    """Where the units of runs are enabled."""
    place = tmp_path / "wanted"
    place.mkdir()
    monkeypatch.setattr(units, "WANTED", place)
    return place


def test_runs_are_told_with_their_course(tmp_path, wanted):
    runs = tmp_path / "runs"
    for name in ("b", "c"):
        (wanted / f"pgladder-run@{name}.service").symlink_to("/dev/null")
    a_run(runs, "a", records=2, sealed=True)
    a_run(runs, "b", records=1)
    a_run(runs, "c")
    a_run(runs, "d", records=1)
    a_run(runs, "f", records=1)
    (runs / "f" / "cancelled").touch()
    (runs / "e").mkdir()  # none
    states = run_states(runs, ["b"])
    assert [(state.run, state.recorded, state.planned, state.course) for state in states] == [
        ("a", 2, 2, "finished"),
        ("b", 1, 2, "running"),
        ("c", 0, 2, "waiting"),
        ("d", 1, 2, "stopped"),
        ("f", 1, 2, "cancelled"),
    ]


def test_of_a_run_that_refines_as_many_trials_are_planned_as_there_may_be_at_most(tmp_path):
    plan = planned()
    records = Box(lambda pool: 1000 * min(pool, 6)).carry_out(plan)
    states = []
    for name, so_far in (("a", 10), ("b", 40), ("c", len(records))):
        directory = RunDirectory(tmp_path / name)
        directory.begin(plan)
        for record in records[:so_far]:
            directory.append(record, a_samples(record.trial.number))
        [state] = [each for each in run_states(tmp_path, []) if each.run == name]
        states.append((state.recorded, state.planned))
    assert states == [(10, 72), (40, 72), (72, 72)]


def test_a_run_that_waits_for_its_turn_says_so_and_who_gives_it(tmp_path):
    a_run(tmp_path, "a")
    (tmp_path / "a" / "turn").write_text("0\n")

    def said(*running):
        [state] = run_states(tmp_path, running)
        return state.course, state.detail

    assert said("a") == ("running", "waits at its gate, which make compare-hosts RUN=a opens")
    assert said() == ("stopped", "")
    (tmp_path / "a" / "turn").write_text("1\n")
    assert said("a") == ("running", "")


def test_a_run_that_can_not_be_read_does_not_hide_the_others(tmp_path):
    a_run(tmp_path, "a")
    a_run(tmp_path, "b")
    (tmp_path / "a" / "plan.json").write_text("{")
    first, second = run_states(tmp_path, [])
    assert (first.course, second.course) == ("unreadable", "stopped")
    assert "plan.json" in first.detail


def test_a_directory_whose_name_no_run_can_have_is_none(tmp_path):
    for name in ("a", "my run", "one~", ".b.part"):
        a_run(tmp_path, "a" if name == "a" else "x")
        if name != "a":
            (tmp_path / "x").rename(tmp_path / name)
    assert [state.run for state in run_states(tmp_path, [])] == ["a"]


def test_no_runs_yet(tmp_path):
    assert run_states(tmp_path / "none", []) == ()
