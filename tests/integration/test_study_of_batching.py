"""``make study-batching`` with tiny windows: its runs can be measured, and its pages are of their records."""

import subprocess
import sys

import pytest

from bench.store.run_directory import RunDirectory
from tests.integration.support import PATIENCE_S
from tests.readme import CHECKOUT
from tests.studies.batching import COLLECTED, PAGES, PER_S, POOLS

TINY = ("--blocks", "1", "--warm-up", "0.2", "--window", "0.5")


def study(place, *more):
    command = [sys.executable, "-m", "tests.studies.batching", "--into", place / "batching"]
    command += ["--data-dir", place / "data", *TINY, *more]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=3 * PATIENCE_S, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.slow
def test_both_pages_are_written_and_what_was_cut_off_goes_on(place):
    study(place)
    batches, pools = ((place / f"{name}.md").read_text() for name in PAGES)
    for per_s, (run, _) in COLLECTED.items():
        records = RunDirectory(place / "batching" / run).records()
        assert {record.trial.parameters.rate for record in records} == {None, float(per_s)}
        assert f"### {per_s:,} rows a second" in batches
    assert "| 500 |" in batches
    assert "| 1, by 2 processes |" in batches.partition(f"### {PER_S:,} rows")[2]
    assert "| up to 5 ms | up to 20 ms | up to 1000 ms |" in batches
    # One block shows no spread.
    assert "In no case was a size shown" in pools
    last = place / "batching" / POOLS
    journal = last / "trials.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    # What a power cut leaves.
    journal.write_bytes(b"".join(lines[:-1]) + lines[-1][:50])
    (last / "SHA256SUMS").unlink()
    study(place, "--page", "pool-size")
    assert journal.read_bytes().splitlines(keepends=True)[: len(lines) - 1] == lines[:-1]
    assert len(RunDirectory(last).records()) == len(lines)
