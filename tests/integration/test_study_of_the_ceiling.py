"""``make study-ceiling`` with tiny windows: every condition can be measured, and a run that was cut off goes on."""

import json
import subprocess
import sys

import pytest

from bench.store.run_directory import RunDirectory
from tests.integration.support import PATIENCE_S
from tests.readme import CHECKOUT
from tests.studies.published_ceiling import BASE, CONDITIONS, PHASES, key_of

TINY = ("--blocks", "1", "--warm-up", "0.2", "--window", "1")
LOST = 5
"""Records that a power cut takes."""


def study(place):
    command = [sys.executable, "-m", "tests.studies.published_ceiling", "--into", place / "ceiling"]
    command += ["--data-dir", place / "data", *TINY]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=3 * PATIENCE_S, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def cut_off(directory):
    """Leave what a power cut leaves: the last records are not there, nor the checksums."""
    journal = directory / "trials.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-LOST]) + lines[-LOST][:50])
    (directory / "SHA256SUMS").unlink()
    return lines


@pytest.mark.slow
def test_every_condition_is_measured_and_what_was_cut_off_goes_on(place):
    out = place / "ceiling"
    assert study(place) == {"page": f"{out}.md"}
    records = RunDirectory(out).records()
    assert {(key_of(each.trial), each.trial.parameters.batch) for each in records} == {
        (condition.key, batch) for condition in CONDITIONS for batch in (100, 500)
    }
    # Of 20 batches of 500 a busy machine may acknowledge none in so short a window.
    void = [each for each in records if each.void and "no-commits" not in each.validity.codes]
    assert [(each.trial.number, each.validity.why) for each in void] == []
    assert sum(each.errors for each in records) == 0
    assert all(each.verified.found == each.verified.acknowledged for each in records)
    # Of a table that is not the one its layout tells, the record would say so, void or not.
    assert not {code for each in records for code in each.validity.codes if code.startswith("table-")}
    lines = cut_off(out)
    study(place)
    kept = (out / "trials.jsonl").read_bytes().splitlines(keepends=True)
    assert kept[:-LOST] == lines[:-LOST]
    assert [each.trial.number for each in RunDirectory(out).records()] == list(range(1, len(lines) + 1))
    kept = {path.name for path in out.iterdir()} - {"report.html"}
    assert kept == {"plan.json", "host.json", "trials.jsonl", "SHA256SUMS"}
    before = (out / "trials.jsonl").read_bytes()
    page = (place / "ceiling.md").read_text()
    assert page.count(f"| {BASE.words} |") == 2 + len(PHASES)
    (place / "ceiling.md").unlink()
    study(place)
    assert ((out / "trials.jsonl").read_bytes(), (place / "ceiling.md").read_text()) == (before, page)
