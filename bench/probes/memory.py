"""Memory: how much there is, and what the kernel does with it before a write reaches the disk.

Owns the facts of group ``memory``. Swapping while a trial runs is ``observed.host``'s business.
What control groups leave of it is read by ``bench.probes.control_group``.
Sources: /proc/meminfo and /proc/swaps (proc(5)); Documentation/admin-guide/sysctl/vm.rst,
Documentation/admin-guide/mm/transhuge.rst.
"""

from collections.abc import Callable
from pathlib import Path

from bench.model.fingerprint import Fact
from bench.probes.control_group import SELF, group_fact, memory_limit_bytes
from bench.probes.source import chosen, field, read_fact

KERNEL_SETTINGS = (
    "swappiness",
    "dirty_ratio",
    "dirty_bytes",
    "dirty_background_ratio",
    "dirty_background_bytes",
    "dirty_expire_centisecs",
    "dirty_writeback_centisecs",
    "overcommit_memory",
    "overcommit_ratio",
    "nr_hugepages",
)
"""Files of /proc/sys/vm, in the units of their names; of each ratio (percent) and bytes pair the one not 0 rules."""


def memory_facts(root: Path, process: int | str = SELF) -> dict[str, Fact]:
    """Read sizes in bytes, the choices for transparent huge pages, and the settings of /proc/sys/vm.

    The control group is that of a process.
    """
    return {
        "ram_bytes": read_fact(root, "proc/meminfo", meminfo_bytes("MemTotal"), "no /proc here"),
        "control_group_limit_bytes": group_fact(root, process, memory_limit_bytes),
        "swap_bytes": read_fact(root, "proc/meminfo", meminfo_bytes("SwapTotal"), "no /proc here"),
        "swap_kinds": read_fact(root, "proc/swaps", parse_swap_kinds, "no swap in this kernel"),
        "huge_page_bytes": read_fact(root, "proc/meminfo", meminfo_bytes("Hugepagesize"), "no /proc here"),
        "transparent_huge_pages": _transparent_huge_pages(root, "enabled"),
        "transparent_huge_pages_defrag": _transparent_huge_pages(root, "defrag"),
        **{name: read_fact(root, f"proc/sys/vm/{name}", int, "not in this kernel") for name in KERNEL_SETTINGS},
    }


def _transparent_huge_pages(root: Path, name: str) -> Fact:
    path = f"sys/kernel/mm/transparent_hugepage/{name}"
    return read_fact(root, path, chosen, "no transparent huge pages in this kernel")


def meminfo_bytes(name: str) -> Callable[[str], int]:
    """Make a parser of one line of /proc/meminfo, which counts in KiB and writes kB."""

    def parse(text: str) -> int:
        number, _, unit = field(name)(text).partition(" ")
        if unit != "kB":
            raise ValueError(f"{name} is in {unit!r}, not kB")
        return int(number) * 1024

    return parse


def parse_swap_kinds(text: str) -> list[str]:
    """Return what is swapped to: ``partition``, ``file`` or ``zram`` (compressed memory); empty without swap."""
    kinds: list[str] = []
    for line in text.splitlines()[1:]:
        name, kind, *_ = line.split()
        kinds.append("zram" if name.startswith("/dev/zram") else kind)
    return kinds
