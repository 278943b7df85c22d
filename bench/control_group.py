"""The memory that control groups leave to us, which /proc/meminfo does not tell.

Source: cgroups(7); Documentation/admin-guide/cgroup-v2.rst (memory.max) and cgroup-v1/memory.rst
(memory.limit_in_bytes). In a container the paths of /proc/self/cgroup may be the host's: those are not there, the
container's own group is the root.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

MOUNT = "sys/fs/cgroup"
NO_LIMIT = 1 << 62
"""Version 1 writes "unlimited" as the largest number of pages, in bytes: 2^63 less a page."""


def memory_limit_bytes(root: Path) -> int | None:
    """Return the least that the group of this process and those above it allow, None where none of them limits it.

    Raises:
        OSError: there are no control groups here, or one can't be read.
        ValueError: a file has unexpected content.

    """
    texts = [path.read_text() for path in _limit_files(root) if path.exists()]
    limits = [int(text) for text in texts if text.strip() != "max"]
    return min((limit for limit in limits if limit < NO_LIMIT), default=None)


def _limit_files(root: Path) -> Iterator[Path]:
    for line in (root / "proc/self/cgroup").read_text().splitlines():
        _, controllers, group = line.split(":", 2)
        within = PurePosixPath(group.removeprefix("/"))
        for each in (within, *within.parents):
            if not controllers:
                yield root / MOUNT / each / "memory.max"
            elif "memory" in controllers.split(","):
                yield root / MOUNT / "memory" / each / "memory.limit_in_bytes"
