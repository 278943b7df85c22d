"""pg_test_fsync's figure: which line it is, and that the program is cut off and leaves nothing behind."""

import os
import time
from pathlib import Path

import pytest

from bench.model import Unreadable
from bench.probes.fsync import fsync_per_second, parse

OUTPUT = Path(__file__).parent / "recorded/pg_test_fsync.txt"


def test_the_figure_is_that_of_fdatasync_with_one_write():
    assert parse(OUTPUT.read_text().splitlines()) == 5873.283


def test_no_line_after_the_figure_is_asked_for():
    lines = iter(OUTPUT.read_text().splitlines())
    parse(lines)
    assert next(lines).split()[0] == "fsync"


def test_where_one_write_has_no_figure_that_of_two_writes_is_not_taken():
    text = OUTPUT.read_text().replace("5873.283 ops/sec     170 usecs/op", "n/a")
    with pytest.raises(ValueError, match="without the figure"):
        parse(text.splitlines())


def program(directory: Path, body: str) -> Path:
    file = directory / "pg_test_fsync"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return directory


def test_the_program_is_stopped_at_the_figure_and_its_file_removed(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    bin_dir = program(tmp_path, f'touch "$4"; echo $$ > {tmp_path}/pid; cat {OUTPUT}; exec sleep 60')
    start = time.monotonic()
    assert fsync_per_second(bin_dir, data) == 5873.283
    assert time.monotonic() - start < 10
    assert list(data.iterdir()) == []
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


def test_the_command_that_changes_user_stands_before_the_program(tmp_path):
    bin_dir = program(tmp_path, f'echo "$AS" > {tmp_path}/as; cat {OUTPUT}')
    assert fsync_per_second(bin_dir, tmp_path, run_as=["env", "AS=postgres"]) == 5873.283
    assert (tmp_path / "as").read_text() == "postgres\n"


def test_a_program_that_fails_gives_its_last_words_as_the_reason(tmp_path):
    bin_dir = program(tmp_path, "echo could not open output file >&2; exit 1")
    fact = fsync_per_second(bin_dir, tmp_path)
    assert isinstance(fact, Unreadable)
    assert fact.unreadable.endswith("could not open output file")


def test_a_program_that_is_not_there_gives_a_reason(tmp_path):
    fact = fsync_per_second(tmp_path / "nowhere", tmp_path)
    assert isinstance(fact, Unreadable)
    assert "No such file" in fact.unreadable


def test_a_program_that_hangs_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.probes.fsync.SPARE_SECONDS", -1)
    fact = fsync_per_second(program(tmp_path, "echo 1 second per test; exec sleep 60"), tmp_path)
    assert isinstance(fact, Unreadable)
    assert "1 second per test" in fact.unreadable


def test_a_file_that_cannot_be_removed_is_said_not_raised(tmp_path):
    bin_dir = program(tmp_path, f'mkdir "$4"; cat {OUTPUT}')
    fact = fsync_per_second(bin_dir, tmp_path)
    assert isinstance(fact, Unreadable)
    assert str(os.getpid()) in fact.unreadable
