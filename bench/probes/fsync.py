"""How many times a second the disk commits: 8 kB written and flushed by fdatasync, again and again.

fdatasync is the default of ``wal_sync_method`` on Linux, and this is what pg_test_fsync (manual) does,
which takes two seconds to get to that line.
"""

import os
from pathlib import Path
from statistics import median
from time import monotonic

from bench.model.fingerprint import Fact, Unreadable
from bench.model.fingerprint_diff import FSYNC_FACTS
from bench.probes.source import all_known

SECONDS = 0.1
READINGS, READING_S = 5, 0.04
"""Of the fingerprint, for which a run waits: of the slowest disks, 100 a second, each is of four flushes."""
BLOCK = bytes(8192)


def fsync_facts(directory: Path) -> dict[str, Fact]:
    """Measure several times: a disk's rate is no constant, and one reading of it no fact. Median, least and most."""
    readings = all_known(fsync_per_second(directory, READING_S) for _ in range(READINGS))
    if isinstance(readings, Unreadable):
        return {FSYNC_FACTS[0]: readings}
    return dict(zip(FSYNC_FACTS, (median(readings), min(readings), max(readings)), strict=True))


def fsync_per_second(directory: Path, seconds: float = SECONDS) -> float | Unreadable:
    """Measure on the file system that holds a directory; nothing is left there."""
    file = directory / f"pgladder-fsync.{os.getpid()}"
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            # Now: nothing is left there whatever happens.
            file.unlink()
            return _rate(descriptor, seconds)
        finally:
            os.close(descriptor)
    except OSError as error:
        return Unreadable(unreadable=f"nothing could be written and flushed there: {os.strerror(error.errno or 0)}")


def _rate(descriptor: int, seconds: float) -> float:
    os.pwrite(descriptor, BLOCK, 0)
    # The file's size and place are known from here on: fdatasync then writes data alone.
    os.fsync(descriptor)
    count, begin = 0, monotonic()
    while (spent := monotonic() - begin) < seconds or not count:
        os.pwrite(descriptor, BLOCK, 0)
        os.fdatasync(descriptor)
        count += 1
    return count / spent
