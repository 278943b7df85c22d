"""The real pg_test_fsync of PostgreSQL 15."""

import time
from pathlib import Path

from bench.model import Unreadable
from bench.probes.fsync import fsync_per_second

BIN_DIR = Path("/usr/lib/postgresql/15/bin")


def test_the_figure_is_had_within_3_seconds_and_nothing_is_left_behind(tmp_path):
    start = time.monotonic()
    rate = fsync_per_second(BIN_DIR, tmp_path)
    assert time.monotonic() - start < 3
    assert not isinstance(rate, Unreadable)
    assert rate > 0
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_does_not_exist_gives_the_programs_words(tmp_path):
    fact = fsync_per_second(BIN_DIR, tmp_path / "nowhere")
    assert isinstance(fact, Unreadable)
    assert "could not open output file" in fact.unreadable
