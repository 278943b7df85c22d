"""Our figure beside that of PostgreSQL 15's pg_test_fsync, on the same disk."""

import re
import subprocess
from pathlib import Path

from bench.probes.fsync import fsync_per_second

PROGRAM = Path("/usr/lib/postgresql/15/bin/pg_test_fsync")


def test_the_figure_is_that_of_pg_test_fsync(place):
    command = [PROGRAM, "--secs-per-test", "1", "--filename", place / "theirs"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout
    theirs = float(re.search(r"one 8kB write.*?fdatasync\s+([\d.]+) ops/sec", said, re.DOTALL)[1])
    ours = fsync_per_second(place, seconds=1)
    assert 1 / 3 < ours / theirs < 3
