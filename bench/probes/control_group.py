"""What control groups leave to a process, which /proc/meminfo and /proc/cpuinfo do not tell: memory and CPU time.

Source: cgroups(7); Documentation/admin-guide/cgroup-v2.rst (memory.max, cpu.max, cpu.stat), cgroup-v1/memory.rst
(memory.limit_in_bytes), scheduler/sched-bwc.rst (cpu.cfs_quota_us, cpu.stat). In a container the paths of
/proc/self/cgroup may be the host's: those are not there, the container's own group is the root.
"""

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Literal, TypeVar

from bench.model.fingerprint import Unreadable
from bench.model.readings import Throttling
from bench.probes.source import refusal

T = TypeVar("T")

MOUNT = "sys/fs/cgroup"
MEMORY_FILES = ("memory.max", "memory.limit_in_bytes")
NO_LIMIT = 1 << 62
"""Version 1 writes "unlimited" as the largest number of pages, in bytes: 2^63 less a page."""
SELF = "self"
"""The process that asks, among those of /proc."""


def memory_limit_bytes(root: Path, process: int | str = SELF) -> int | None:
    """Return the least that the group of a process and those above it allow, None where none of them limits it.

    Raises:
        OSError: there are no control groups here, or one can't be read.
        ValueError: a file has unexpected content.

    """
    limits: list[int] = []
    for group in _groups(root, "memory", process):
        for name in MEMORY_FILES:
            text = (group / name).read_text().strip() if (group / name).exists() else "max"
            if text != "max":
                limits.append(int(text))
    return min((limit for limit in limits if limit < NO_LIMIT), default=None)


def group_fact(
    root: Path, process: int | str, read: Callable[[Path, int | str], T | None]
) -> T | Literal["none"] | Unreadable:
    """Return what one of the functions here reads, ``none`` where nothing limits the process, or why it can't."""
    try:
        found = read(root, process)
    except OSError as error:
        return refusal(error, root / "proc" / str(process) / "cgroup", "no control groups here")
    except ValueError as error:
        return Unreadable(unreadable=f"a control group has unexpected content: {error}")
    if found is None:
        return "none"
    return found


def cpu_quota_cores(root: Path, process: int | str = SELF) -> float | None:
    """Return the fewest cores that the quotas of its group and of those above allow; raises as above."""
    return min((quota for _, quota in _quotas(root, process)), default=None)


def cpus_allowed(root: Path, process: int | str = SELF) -> str | None:
    """Return the processors that its group leaves, as ``0-1,4``, None where there is no such group; raises as above."""
    for group in _groups(root, "cpuset", process):
        for name in ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"):
            cpus = (group / name).read_text().strip() if (group / name).exists() else ""
            if cpus:
                return cpus
    return None


def throttling(root: Path, process: int | str = SELF) -> dict[str, Throttling]:
    """Return what each quota that binds a process did so far, by its group; raises as above."""
    found = {}
    for group, cores in _quotas(root, process):
        stat: dict[str, int] = {}
        for line in (group / "cpu.stat").read_text().splitlines():
            name, value = line.split()
            stat[name] = int(value)
        found[str(group)] = Throttling(cores, stat.get("nr_periods", 0), stat.get("nr_throttled", 0))
    return found


def _quotas(root: Path, process: int | str) -> Iterator[tuple[Path, float]]:
    """Yield each group that has a CPU quota, and how many cores that is."""
    for group in _groups(root, "cpu", process):
        if (group / "cpu.max").exists():
            quota, period = (group / "cpu.max").read_text().split()
        elif (group / "cpu.cfs_quota_us").exists():
            quota = (group / "cpu.cfs_quota_us").read_text().strip()
            period = (group / "cpu.cfs_period_us").read_text()
        else:
            continue
        # No quota: version 2 writes max, version 1 writes -1.
        if quota not in ("max", "-1"):
            yield group, int(quota) / int(period)


def _groups(root: Path, controller: str, process: int | str) -> Iterator[Path]:
    """Yield the groups of a process that may have files of a controller, from its own up to the root."""
    for line in (root / "proc" / str(process) / "cgroup").read_text().splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        # Version 1 gives controllers trees of their own, some shared; beside them version 2 is "unified".
        names = (controllers, controller) if controllers else ("unified", "")
        tree = next((name for name in names if (root / MOUNT / name).is_dir()), names[-1])
        within = PurePosixPath(group.removeprefix("/"))
        for each in (within, *within.parents):
            yield root / MOUNT / tree / each
