"""``make study-partitions`` with tiny windows: its runs can be measured, and its page is of their records."""

import subprocess
import sys

import pytest

from bench.store.run_directory import RunDirectory
from tests.integration.support import PATIENCE_S
from tests.readme import CHECKOUT
from tests.studies.partitions import CLIENTS, COUNTS, HASH, KEEPS, RETENTION

TINY = ("--blocks", "1", "--warm-up", "0.2", "--window", "1")


def study(place):
    command = [sys.executable, "-m", "tests.studies.partitions", "--into", place / "partitions"]
    command += ["--data-dir", place / "data", *TINY]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=5 * PATIENCE_S, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.slow
def test_the_page_is_written_and_what_was_cut_off_goes_on(place):
    study(place)
    page = (place / "partitions.md").read_text()
    of_hash, of_retention = (RunDirectory(place / "partitions" / name).records() for name in (HASH, RETENTION))
    assert {record.trial.parameters.partitions for record in of_hash} == {0, *COUNTS}
    assert {record.trial.parameters.in_flight for record in of_hash} == set(CLIENTS)
    assert {record.preload_rows for record in of_retention} == {KEEPS}
    # One block shows no spread.
    assert "Nothing is known of hash partitions: measure 3 blocks or more." in page
    assert "too few blocks tell what keeping 250,000 rows costs" in " ".join(page.split())
    assert "| 16 partitions |" in page
    last = place / "partitions" / RETENTION
    journal = last / "trials.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    # What a power cut leaves.
    journal.write_bytes(b"".join(lines[:-1]) + lines[-1][:50])
    (last / "SHA256SUMS").unlink()
    study(place)
    assert journal.read_bytes().splitlines(keepends=True)[: len(lines) - 1] == lines[:-1]
    assert len(RunDirectory(last).records()) == len(lines)
