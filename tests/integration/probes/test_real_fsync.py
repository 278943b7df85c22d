"""Our figure beside that of PostgreSQL's pg_test_fsync, on the same disk."""

import re
import subprocess
from pathlib import Path

from bench.engines.postgresql.binaries import find_binaries
from bench.probes.fsync import fsync_per_second

PROGRAM = find_binaries() / "pg_test_fsync"


ROUNDS = 3
"""What others do to the disk makes both slower, hardly ever in each of some seconds: the best of each is the disk's."""


def pg_test_fsync(place: Path) -> float:
    """Let it run until it has told the figure."""
    command = [PROGRAM, "--secs-per-test", "1", "--filename", place / "theirs"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"LC_ALL": "C"}) as process:
        figures = (re.search(r"fdatasync\s+([\d.]+) ops/sec", line) for line in process.stdout)
        figure = next(float(found[1]) for found in figures if found)  # the first: of one 8 kB write
        process.terminate()
    return figure


def test_the_figure_is_that_of_pg_test_fsync(place):
    rounds = [(pg_test_fsync(place), fsync_per_second(place, seconds=1)) for _ in range(ROUNDS)]
    theirs, ours = map(max, zip(*rounds, strict=True))
    assert 1 / 3 < ours / theirs < 3
