"""What is found out afterwards, or against the clock: results that were touched, a clock that was set."""

import shutil
from pathlib import Path

import pytest

from tests.integration.support import Climb, climbing, meddling, pgladder

SITECUSTOMIZE = """
import os, time
real = time.time
def set_clock():
    return real() + float(open(os.environ["CLOCK_SET_BY"]).read())
time.time = set_clock
"""


@pytest.fixture(scope="module")
def stepped(new_place) -> Climb:
    """A run during whose second trial the wall clock is set, as far as the command's own Python can tell.

    The clock of this machine is not ours to set, and libfaketime can't leave CLOCK_MONOTONIC alone under Python 3.11.
    """
    place = new_place()
    (place / "sitecustomize.py").write_text(SITECUSTOMIZE)
    offset = place / "offset"
    offset.write_text("0")
    env = {"PYTHONPATH": str(place), "CLOCK_SET_BY": str(offset)}
    with climbing(place, "--phases", "1-B", "--warm-up", 0.2, "--window", 1, "--blocks", 3, env=env) as climb:
        climb.wait_trial(2)
        with meddling(climb) as meddler:
            meddler.wait_inserting()
        part = place / "part"
        part.write_text("-30")
        part.replace(offset)
        climb.wait_record(2)
        assert climb.end().code == 1
    return climb


def test_a_clock_that_was_set_voids_its_trial_only(stepped):
    first, second, third = stepped.records()
    assert [(reason.code, reason.detail) for reason in second.validity.reasons if reason.code == "clock-stepped"] == [
        ("clock-stepped", "the wall clock was set by -30.0 s during the trial")
    ]
    assert [record.validity.state for record in (first, second, third)].count("void") == 1


def test_rates_are_told_by_the_monotonic_clock(stepped):
    first, second, third = stepped.records()
    assert second.seconds == first.seconds == third.seconds == 1
    assert second.latency_ms.max < 5_000


def change(path: Path) -> None:
    """Change one digit of the rates."""
    text = (path / "trials.jsonl").read_text()
    (path / "trials.jsonl").write_text(text.replace('"rows_per_s":', '"rows_per_s":9', 1))


def lose(path: Path) -> None:
    """Remove a file."""
    (path / "samples/2.jsonl").unlink()


def add(path: Path) -> None:
    """Add a file."""
    (path / "samples/7.jsonl").write_text("")


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (change, "trials.jsonl is not the file SHA256SUMS lists"),
        (lose, "samples/2.jsonl is missing"),
        (add, "samples/7.jsonl is no file of this run"),
    ],
)
def test_results_that_were_touched_are_neither_shown_nor_gone_on_with(stepped, place, tamper, words):
    copy = place / "copy"
    shutil.copytree(stepped.directory.path, copy)
    tamper(copy)
    for asked in (["ladder", copy], ["run", "--resume", copy]):
        ended = pgladder(*asked, cwd=place)
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
        assert words in ended.err


def test_a_journal_line_cut_short_by_a_power_cut_is_no_record_and_its_trial_runs_again(stepped, place):
    copy = place / "out"
    shutil.copytree(stepped.directory.path, copy)
    (copy / "SHA256SUMS").unlink()
    lines = (copy / "trials.jsonl").read_bytes().splitlines(keepends=True)
    (copy / "trials.jsonl").write_bytes(b"".join([*lines[:2], lines[2][:100]]))
    with climbing(place, "--resume", copy) as climb:
        climb.end()
        assert [record.key for record in climb.records()] == [(1, 1), (2, 1), (3, 1), (3, 2)]
        assert climb.records()[2].validity.reasons[0].code == "agent-ended"
        assert climb.lines()[:2] == [line.rstrip(b"\n") for line in lines[:2]]
