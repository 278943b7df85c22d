"""``make study-adjusted`` with tiny windows: both conditions can be measured, and a run that was cut off goes on."""

import subprocess
import sys

import pytest

from bench.store.run_directory import RunDirectory
from tests.integration.support import PATIENCE_S
from tests.readme import CHECKOUT
from tests.studies.adjusted import BURNING, CONDITIONS, EQUAL

TINY = ("--blocks", "1", "--warm-up", "0.2", "--window", "0.5")
LAYOUTS = {"plain", *EQUAL, *BURNING}


def study(place):
    command = [sys.executable, "-m", "tests.studies.adjusted", "--into", place / "adjusted"]
    command += ["--data-dir", place / "data", *TINY]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=3 * PATIENCE_S, check=False)
    assert ended.returncode == 0, ended.stderr
    return (place / "adjusted.md").read_text()


@pytest.mark.slow
def test_both_conditions_are_measured_and_what_was_cut_off_goes_on(place):
    text = study(place)
    for name in CONDITIONS:
        records = RunDirectory(place / "adjusted" / name).records()
        assert {each.trial.layout for each in records} == LAYOUTS
        # Of batches of 5,000 a busy machine may acknowledge none in so short a window.
        void = [each for each in records if each.void and "no-commits" not in each.validity.codes]
        assert [each.validity.why for each in void] == []
        assert f"| {name} | burning-much |" in text
    last = place / "adjusted" / "hogs"
    journal = last / "trials.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    # What a power cut leaves.
    journal.write_bytes(b"".join(lines[:-1]) + lines[-1][:50])
    (last / "SHA256SUMS").unlink()
    study(place)
    kept = journal.read_bytes().splitlines(keepends=True)
    assert kept[: len(lines) - 1] == lines[:-1]
    assert {each.trial.layout for each in RunDirectory(last).records()} == LAYOUTS
