"""Follow a run: its records are sent as they come, and how it ended; why one that broke off did.

The follower sleeps beside a trial that is measured. It wakes twice a second to look for records to send: 0.3 ms of
processor time a second, as measured (a tail that does the same took 0.1 ms, and sends half lines too). That the agent
has ended, or that nobody listens any more, wakes it at once.
"""

import os
import select
import shutil
import time
from pathlib import Path
from typing import BinaryIO

from bench.box.runs import run_directory
from bench.box.units import ANSWER_S, UNITS, command, is_wanted, unit_of
from bench.model.box import Ending, Provisioned
from bench.store.run_directory import SUMS, TRIALS, RunDirectory

POLL_MS = 500
START_S = 60
"""After a boot it is some seconds until a unit is started."""
FULL_MB = 50
WORDS = "pgladder: "
"""Begins what the agent complains of in the journal, beside what systemd says."""


def follow(box: Provisioned, run: str, offset: int, out: BinaryIO) -> Ending:
    """Send ``trials.jsonl`` from a byte on until the run ends; return how it ended.

    Raises:
        BrokenPipeError: nobody listens any more.

    """
    directory = run_directory(box, run)
    follower = _Follower(directory.path / TRIALS, offset, out)
    _wait_for_its_start(directory, follower)
    while (unit := unit_of(run)).under_way:
        if unit.pid:
            follower.send_until_it_ends(unit.pid)
        follower.sleep(POLL_MS)
    follower.send()
    if (directory.path / SUMS).exists():
        return "finished"
    # Cancelling disables the unit; one that broke off is started again at the next boot.
    if is_wanted(run):
        return "failed"
    return "cancelled"


class _Follower:
    """Sends what comes, and sleeps in between."""

    def __init__(self, path: Path, offset: int, out: BinaryIO) -> None:
        self._path, self._offset, self._out = path, offset, out
        self._watched = select.poll()
        # Errors only: that whoever listens went away.
        self._watched.register(out, 0)

    def send(self) -> None:
        """Send whole lines only: half a line that a full disk left is taken back by the agent."""
        # Its size first: where nothing came, no file is opened.
        try:
            if self._path.stat().st_size <= self._offset:
                return
            with self._path.open("rb") as file:
                file.seek(self._offset)
                text = file.read()
        except FileNotFoundError:
            return
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        self._out.write(whole)
        self._out.flush()

    def send_until_it_ends(self, pid: int) -> None:
        """Send what comes while a process runs."""
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        self._watched.register(process, select.POLLIN)
        try:
            self.send()
            while not self.sleep(POLL_MS):
                self.send()
        finally:
            self._watched.unregister(process)
            os.close(process)

    def sleep(self, milliseconds: int) -> bool:
        """Sleep so long, or until the process that is watched has ended: then return True.

        Raises:
            BrokenPipeError: nobody listens any more.

        """
        events = dict(self._watched.poll(milliseconds))
        if self._out.fileno() in events:
            raise BrokenPipeError
        return bool(events)


def _wait_for_its_start(directory: RunDirectory, follower: _Follower) -> None:
    """Wait for a run that is to be started, not for one that has ended."""
    run, deadline = directory.path.name, time.monotonic() + START_S
    while is_wanted(run) and not (directory.path / SUMS).exists() and time.monotonic() < deadline:
        if unit_of(run).active != "inactive":
            return
        follower.sleep(1000)


def last_words(box: Provisioned, run: str) -> str:
    """Return why a run broke off: what its agent said last, and how full the disk is where that may be why."""
    unit = UNITS.format(run)
    journal = ("journalctl", "--quiet", "--output=cat", "--no-pager", "--lines=20", "--identifier=pgladder")
    lines = command(*journal, f"--unit={unit}", timeout_s=ANSWER_S).splitlines()
    return why_it_ended(lines, unit_of(run).result, shutil.disk_usage(box.runs).free)


def why_it_ended(journal: list[str], result: str, free_bytes: int) -> str:
    """Say it, from the journal's last lines, systemd's word for how the agent ended, and what the disk has left."""
    why = f"it logged no reason (systemd: {result or 'nothing'})"
    for line in journal:
        if line.startswith(WORDS):
            why = line.removeprefix(WORDS).rstrip(".")
    if free_bytes < FULL_MB * 1_000_000:
        why += "; its disk is full"
    return why
