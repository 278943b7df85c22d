"""A quota of processor time for a command, by a control group of its own; as root."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
QUOTA = {"cpu": {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "40000"}, ".": {"cpu.max": "40000 100000"}}
"""Two fifths of a processor, by version: the tree, and the files of a group."""
END_S = 10
"""For what runs in a group to end."""


def tree() -> Path | None:
    """Return where groups for processor time are made; None: not here, or not by us."""
    for name in QUOTA:
        if (GROUPS / name / "cgroup.procs").exists() and os.access(GROUPS / name, os.W_OK):
            return GROUPS / name
    return None


@contextmanager
def two_fifths(name: str) -> Iterator[list[str]]:
    """Return the start of a command that has two fifths of a processor; its group is removed once all has ended.

    Raises:
        RuntimeError: there are no groups here.
        OSError: something of it still runs.

    """
    place = tree()
    if place is None:
        raise RuntimeError("a quota takes control groups for processor time, and root")
    group = place / name
    group.mkdir()
    try:
        for file, text in QUOTA[place.relative_to(GROUPS).name or "."].items():
            (group / file).write_text(f"{text}\n")
        yield ["sh", "-c", f'echo $$ >{group}/cgroup.procs; exec "$@"', "sh"]
    finally:
        deadline = time.monotonic() + END_S
        while (group / "cgroup.procs").read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        group.rmdir()
