"""Which programs use the processor: one reading of all processes that /proc shows, and who was busy between two.

Names are those the kernel keeps (15 characters, no arguments), which tell what a program is and not what it is about.
Source: proc_pid_stat(5).
"""

import os
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench.model.fingerprint import Unreadable
from bench.probes.source import LIVE, read_path

NAMED = 3
"""Programs that are named, of those that took most."""
LEAST_SHARE = 0.1
"""Of what all others took: who took less is not named."""
NOT_HERE = "ended meanwhile"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
CLOCK_OF_PROCESS = 2
"""Kind of clock, in the lowest three bits of a clock's number: the CPU time that a process was scheduled for."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process; times in CPU seconds since it began."""

    name: str
    parent: int
    began: int
    """In ticks since boot: tells apart two that had the same number."""
    own_s: float
    waited_for_s: float
    """Of its children that have ended."""


def processes(root: Path = LIVE) -> dict[int, Process]:
    """Read all processes that can be seen, by their number; about 20 µs each."""
    found = {}
    for directory in (root / "proc").glob("[0-9]*"):
        number = int(directory.name)
        process = one_process(number, root)
        if not isinstance(process, Unreadable):
            found[number] = _by_its_clock(number, process) if root == LIVE else process
    return found


def _by_its_clock(number: int, process: Process) -> Process:
    """Return a process of this machine with the time that its clock shows; source: clock_getcpuclockid(3) of glibc.

    /proc rounds down to ticks of 10 ms. Of 50 backends at work in step, that took 0.5 s from a window or added it.
    """
    try:
        own_s = time.clock_gettime(~number << 3 | CLOCK_OF_PROCESS)
    except OSError:
        # It ended meanwhile, or this kernel has no such clock.
        return process
    return replace(process, own_s=own_s)


def one_process(number: int, root: Path = LIVE) -> Process | Unreadable:
    """Read one of them."""
    return read_path(root / "proc" / str(number) / "stat", parse_process, NOT_HERE, errors="replace")


def parse_process(text: str) -> Process:
    """Take what is needed of a line of /proc/PID/stat; a name may hold anything, brackets too."""
    name, _, after = text.partition("(")[2].rpartition(")")
    fields = after.split()
    # proc_pid_stat(5) counts from 1, and the first field after the name is its third.
    own, waited_for = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    printable = "".join(letter if letter.isprintable() else "?" for letter in name)
    return Process(printable, int(fields[1]), int(fields[19]), own / TICKS_PER_S, waited_for / TICKS_PER_S)


def titles(numbers: Iterable[int], root: Path = LIVE) -> dict[int, str]:
    """Read what processes call themselves, by their number; not those that ended meanwhile."""
    found = {}
    for number in numbers:
        title = read_path(root / "proc" / str(number) / "cmdline", _title, NOT_HERE, errors="replace")
        if isinstance(title, str):
            found[number] = title
    return found


def _title(text: str) -> str:
    return text.replace("\0", " ").strip()


def busiest(
    before: Mapping[int, Process],
    after: Mapping[int, Process],
    ours: Collection[int | None],
    others: Collection[int] = (),
) -> list[str]:
    """Name the programs that took most between two readings, those of ``ours`` and their children left out. Pure.

    ``others``: children of ours that work for somebody else, as sessions of others on the server do.
    What a child took that ended in between is its parent's.
    """
    took: defaultdict[str, float] = defaultdict(float)
    ended: defaultdict[int, float] = defaultdict(float)
    for number, process in before.items():
        if number not in after:
            heir = process.parent
            # A parent that ended too left what it had waited for to its own parent.
            while heir in before and heir not in after:
                heir = before[heir].parent
            ended[heir] += process.own_s + process.waited_for_s
    for number, process in after.items():
        if number in others or (number not in ours and process.parent not in ours):
            took[process.name] += _took(process, before.get(number), ended[number])
    least = LEAST_SHARE * sum(took.values())
    most = sorted(took, key=lambda name: -took[name])[:NAMED]
    return [name for name in most if took[name] > least]


def _took(now: Process, then: Process | None, ended: float) -> float:
    """Return what a process took; ``ended``: what its children that ended since had taken before."""
    if then is None or then.began != now.began:
        return now.own_s + now.waited_for_s
    return now.own_s - then.own_s + max(now.waited_for_s - then.waited_for_s - ended, 0)
