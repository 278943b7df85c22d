"""How many times a second the disk commits: PostgreSQL's own pg_test_fsync, as far as its fdatasync line.

Owns running the program and reading its figure, to which commits per second are compared. fdatasync is what
``wal_sync_method`` is by default on Linux. Source: PostgreSQL 15 manual, pg_test_fsync.
"""

import os
import re
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.model import Unreadable

SECTION = "Compare file sync methods using one 8kB write"
FIGURE = re.compile(r"\s+fdatasync\s+(?P<rate>[\d.]+) ops/sec")
SPARE_SECONDS = 20
"""What the program may take beside its tests before it counts as hanging."""


def fsync_per_second(
    bin_dir: Path, data_directory: Path, seconds: int = 1, run_as: Sequence[str] = ()
) -> float | Unreadable:
    """Measure how often a second 8 kB can be written and flushed by fdatasync where the data directory is.

    Takes about ``2 × seconds``: the program's other tests are cut off. ``run_as`` is a command prefix that changes
    user (``runuser -u postgres --``). Whatever keeps the figure from being had becomes the reason.
    """
    file = data_directory / f"pg_test_fsync.{os.getpid()}"
    program = [str(bin_dir / "pg_test_fsync"), "--secs-per-test", str(seconds), "--filename", str(file)]
    limit = ["timeout", "--kill-after=5", str(SPARE_SECONDS + 2 * seconds)]
    try:
        return _measure([*limit, *run_as, *program], file)
    except (OSError, ValueError) as error:
        return Unreadable(unreadable=f"pg_test_fsync: {error}")


def _measure(command: list[str], file: Path) -> float:
    try:
        with _running(command) as lines:
            return parse(lines)
    finally:
        file.unlink(missing_ok=True)


def parse(lines: Iterable[str]) -> float:
    """Return the operations a second of the wanted line; lines after it are not asked for."""
    section = last = ""
    for line in filter(str.strip, lines):
        section = line if line.startswith("Compare") else section
        found = FIGURE.match(line)
        if found and section.startswith(SECTION):
            return float(found["rate"])
        last = line.strip()
    raise ValueError(f"ended without the figure for fdatasync; its last words: {last or 'none'}")


@contextmanager
def _running(command: list[str]) -> Iterator[Iterator[str]]:
    """Give the output of a command line by line; on leaving, ask what still runs to stop, and wait for it.

    On SIGTERM pg_test_fsync removes its file.
    """
    environment = {**os.environ, "LC_ALL": "C"}
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield iter(process.stdout or ())
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
