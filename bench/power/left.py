"""Processes that a run of cuts left where it made its servers, as it was killed itself: found, proved ours, ended.

Usually there are none: a server and its disk end when who started them is gone. One that stood still at that moment,
as one whose power is being cut does, does not. What they left of files and mounts is ``server``'s to remove.
"""

import os
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGQUIT

import psutil

from bench.engines.postgresql.session import ServerError

GIVEN_BY = ("-D", "bench.power.mounted")
"""What stands before a directory of ours on the command line of a server, and of a disk."""
ENDS_WITHIN_S, KILLED_WITHIN_S = 10, 60


def left_on(base: Path, users: Collection[int]) -> list[psutil.Process]:
    """Return the processes that were started on directories in ``base``, and what these have started.

    Each is of one of the users, and finds this very directory by that path: in another container, or for a server of
    somebody's there, the same path is another directory.

    Args:
        base: proved to be ours, and held: no run that is under way has a process there.
        users: by their numbers.

    """
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if _started_on(base, process.cmdline()) and process.uids().real in users and _sees(process, base):
                for each in (*process.children(recursive=True), process):
                    found[each.pid] = each
    return list(found.values())


def end(processes: Sequence[psutil.Process]) -> None:
    """End processes, also those that stand still: a server gets the time to give its shared memory back.

    Raises:
        ServerError: one does not end.

    """
    _send(processes, SIGQUIT)
    _send(processes, SIGCONT)
    _, alive = psutil.wait_procs(processes, timeout=ENDS_WITHIN_S)
    _send(alive, SIGKILL)
    _, alive = psutil.wait_procs(alive, timeout=KILLED_WITHIN_S)
    if alive:
        numbers = ", ".join(str(process.pid) for process in alive)
        raise ServerError(f"processes that a run which was killed left do not end ({numbers}): end them")


def _started_on(base: Path, command: Sequence[str]) -> bool:
    return any(before in GIVEN_BY and Path(word).parent == base for before, word in pairwise(command))


def _sees(process: psutil.Process, base: Path) -> bool:
    # Without links: from an absolute one the kernel would go on at our root, where it finds what is ours.
    return os.path.samestat(Path(f"/proc/{process.pid}/root{base.resolve()}").stat(), base.stat())


def _send(processes: Iterable[psutil.Process], signal: int) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal)
