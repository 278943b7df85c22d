"""Trials of a comparison that other programs disturb are measured again, once; both records are kept."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench.analysis.pulled import latest
from bench.plan.repeat import chosen, repeated, repetitions_at_most
from bench.results.read import read
from bench.store.run_directory import RunDirectory
from tests.integration.support import Climb, climbing, pgladder

ASKED = ("--phases", "2-F", "--variants", "stock wal-buffers", "--blocks", 4, "--warm-up", 0.2, "--window", 2)
TRIALS = 8


@contextlib.contextmanager
def neighbours() -> Iterator[None]:
    """Keep every processor busy with what is left of it: while a commit waits for its flush, that is nearly all.

    As neighbours that give way: who took the agent's turns as well would leave it nothing to tell of them.
    """
    command = ["nice", "-n", "10", sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for each in busy:
            each.kill()
            each.wait()


@pytest.fixture(scope="module")
def disturbed(new_place) -> Climb:
    """A comparison all trials of which are disturbed."""
    with neighbours(), climbing(new_place(), *ASKED) as climb:
        ended = climb.end()
        assert ended.code in (0, 1), ended.err
        yield climb


def test_the_disturbed_trials_are_repeated_in_their_block_and_no_more_than_planned(disturbed):
    plan, records = disturbed.directory.plan(), disturbed.records()
    again = repeated(records)
    assert again == {trial.number for trial in chosen(plan, records)}
    assert 1 <= len(again) <= repetitions_at_most(plan) == 2
    assert len(records) == TRIALS + len(again)
    blocks = [record.trial.block for record in records]
    assert blocks == sorted(blocks)
    assert any((record.observed["metronome"]["cpu_ms"] or 0) > 0 for record in records)
    for number in again:
        assert [record.attempt for record in records if record.trial.number == number] == [1, 2]


def test_it_is_said_before_and_while_it_is_done(disturbed):
    said = " ".join(disturbed.end().out.split())
    assert f"{TRIALS} of {TRIALS} trials, and up to 2 again where others disturb them, at most" in said
    assert "is measured again: " in said


def test_the_repetitions_are_what_is_compared_and_readers_are_told(disturbed):
    ended = pgladder("compare", disturbed.directory.path, "--json", cwd=disturbed.place)
    report = json.loads(ended.out)
    assert report["complete"], report["notes"]
    assert any("measured again in the same block" in note for note in report["notes"])
    counted = {record.key for record in latest(read(disturbed.directory).records)}
    assert {(number, 2) for number in repeated(disturbed.records())} <= counted
    for question in ("ladder", "report"):
        assert pgladder(question, disturbed.directory.path, cwd=disturbed.place).code in (0, 1)


def test_every_pair_has_what_a_row_costs(disturbed):
    report = json.loads(pgladder("compare", disturbed.directory.path, "--json", cwd=disturbed.place).out)
    costs = {cost["name"]: cost for cost in report["cells"][0]["pairs"][0]["costs"]}
    assert {"client_us", "server_us", "wal_bytes", "flushes", "buffers"} >= set(costs) >= {"wal_bytes", "client_us"}
    # A row has as much WAL on a busy machine as on a quiet one.
    assert costs["wal_bytes"]["ratio"] == pytest.approx(1, rel=0.05)
    assert costs["wal_bytes"]["interval"]["low"] < 1.05


def test_a_run_that_lost_a_repetition_makes_it_again_and_no_other(disturbed, new_place):
    place = new_place()
    cut = place / "out"
    shutil.copytree(disturbed.directory.path, cut)
    directory = RunDirectory(cut)
    directory.reopen()
    lost = next(record for record in disturbed.records() if record.attempt == 2)
    lines = (cut / "trials.jsonl").read_bytes().splitlines(keepends=True)
    kept = [
        line for line in lines if json.loads(line)["attempt"] == 1 or json.loads(line)["trial"]["number"] != lost.key[0]
    ]
    (cut / "trials.jsonl").write_bytes(b"".join(kept))
    (cut / "samples" / f"{lost.key[0]}.2.jsonl").unlink()
    shown = pgladder("compare", cut, cwd=place)
    assert "1 that others disturbed were not measured again yet" in " ".join(shown.out.split())
    with climbing(place, "--resume", cut) as again:
        assert again.end().code in (0, 1)
    assert (cut / "trials.jsonl").read_bytes().startswith(b"".join(kept))
    assert repeated(directory.records()) == repeated(disturbed.records())
    assert directory.check_sums()


def test_a_repetition_that_was_not_due_is_refused(disturbed, new_place):
    place = new_place()
    forged = place / "out"
    shutil.copytree(disturbed.directory.path, forged)
    directory = RunDirectory(forged)
    directory.reopen()
    [first, *_] = [each for each in disturbed.records() if each.trial.number not in repeated(disturbed.records())]
    samples = json.loads((forged / "samples" / f"{first.trial.number}.jsonl").read_text())
    record = next(each for each in map(json.loads, disturbed.lines()) if each["trial"]["number"] == first.trial.number)
    with (forged / "trials.jsonl").open("a") as journal:
        journal.write(json.dumps(record | {"attempt": 2}) + "\n")
    (forged / "samples" / f"{first.trial.number}.2.jsonl").write_text(json.dumps(samples | {"attempt": 2}) + "\n")
    directory.finish()
    ended = pgladder("compare", forged, cwd=place)
    assert ended.code == 2
    assert f"trial {first.trial.number} of run" in ended.err
    assert "is recorded again, and was not to be" in ended.err


@pytest.mark.slow
def test_where_it_is_not_wanted_nothing_is_measured_twice(place):
    asked = (*ASKED[:4], "--blocks", 2, *ASKED[6:])
    with neighbours(), climbing(place, *asked, "--repeat-suspect", "no") as climb:
        ended = climb.end()
    assert ended.code in (0, 1), ended.err
    assert [record.attempt for record in climb.records()] == [1] * 4
    assert "again where others disturb them" not in ended.out
