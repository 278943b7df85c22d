"""What of the machine's processors a process may use: the quota of its control group, its set of processors.

Owns the facts of group ``cpu`` that are about a process and not about the machine. Whether a quota held somebody up
while a trial ran is the agent's business. Sources: proc_pid_status(5), cpuset(7), ``bench.probes.control_group``.
"""

from math import ceil
from pathlib import Path

from bench.model.fingerprint import Fact, Unreadable
from bench.probes.control_group import SELF, cpu_quota_cores, cpus_allowed, group_fact
from bench.probes.source import field, read_path


def allowance_facts(root: Path, process: int | str = SELF) -> dict[str, Fact]:
    """Read the quota in cores (or ``none``), the processors by control group and by affinity, and how many that are."""
    return {
        "quota_cores": group_fact(root, process, cpu_quota_cores),
        "cpuset": group_fact(root, process, cpus_allowed),
        "affinity": affinity(root, process),
        "usable_cpus": usable_cpus(root, process),
    }


def affinity(root: Path, process: int | str = SELF) -> str | Unreadable:
    """Return the processors the scheduler may put a process on, as ``0-1,4``: by ``taskset``, or by its group."""
    path = root / "proc" / str(process) / "status"
    return read_path(path, field("Cpus_allowed_list"), "no such process in /proc", errors="replace")


def usable_cpus(root: Path, process: int | str = SELF) -> int | Unreadable:
    """Return how many processors a process can keep busy, a part of one counted as one."""
    allowed, quota = affinity(root, process), group_fact(root, process, cpu_quota_cores)
    if isinstance(allowed, Unreadable):
        return allowed
    count = count_cpus(allowed)
    if isinstance(quota, int | float):
        return min(count, ceil(quota))
    return count


def count_cpus(text: str) -> int:
    """Count the processors of a list.

    >>> count_cpus("0-1,4")
    3

    """
    count = 0
    for part in text.split(","):
        first, _, last = part.partition("-")
        count += int(last or first) - int(first) + 1
    return count
