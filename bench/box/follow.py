"""Follow a run: its records are sent as they come, and how it ended; why one that broke off did.

The follower sleeps beside a trial that is measured. It wakes five times a second, to look whether there are records to
send, whether the agent has ended, and whether anybody listens still.
"""

import os
import select
import shutil
import time
from typing import BinaryIO

from bench.box.runs import run_directory
from bench.box.units import ANSWER_S, UNITS, command, is_wanted, unit_of
from bench.model.box import Ending, Provisioned
from bench.store.run_directory import SUMS, TRIALS, RunDirectory

POLL_MS = 200
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
    records = _Records(directory, offset, out)
    _wait_for_its_start(directory, out)
    while (unit := unit_of(run)).under_way:
        if unit.pid:
            _send_until_it_ends(unit.pid, records, out)
        _sleep(out)
    records.send()
    if (directory.path / SUMS).exists():
        return "finished"
    return "failed" if is_wanted(run) else "cancelled"


class _Records:
    """The records that a run has written and that were not sent yet."""

    def __init__(self, directory: RunDirectory, offset: int, out: BinaryIO) -> None:
        self._path, self._offset, self._out = directory.path / TRIALS, offset, out

    def send(self) -> None:
        """Send whole lines only: half a line that a full disk left is taken back by the agent."""
        try:
            with self._path.open("rb") as file:
                whole = self._whole_lines(file)
        except FileNotFoundError:
            return
        if whole:
            self._offset += len(whole)
            self._out.write(whole)
            self._out.flush()

    def _whole_lines(self, file: BinaryIO) -> bytes:
        file.seek(self._offset)
        text = file.read()
        return text[: text.rfind(b"\n") + 1]


def _wait_for_its_start(directory: RunDirectory, out: BinaryIO) -> None:
    """Wait for a run that is to be started, not for one that has ended."""
    run, deadline = directory.path.name, time.monotonic() + START_S
    while is_wanted(run) and not (directory.path / SUMS).exists() and time.monotonic() < deadline:
        if unit_of(run).active != "inactive":
            return
        _sleep(out, 1000)


def _send_until_it_ends(pid: int, records: _Records, out: BinaryIO) -> None:
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        records.send()
        while not _sleep(out, POLL_MS, process):
            records.send()
    finally:
        os.close(process)


def _sleep(out: BinaryIO, milliseconds: int = POLL_MS, process: int | None = None) -> bool:
    """Sleep so long, or until a process has ended: then return True.

    Raises:
        BrokenPipeError: nobody listens any more.

    """
    watched = select.poll()
    watched.register(out, 0)  # errors only: that whoever listens went away
    if process is not None:
        watched.register(process, select.POLLIN)
    events = watched.poll(milliseconds)
    if any(file == out.fileno() for file, _ in events):
        raise BrokenPipeError
    return bool(events)


def last_words(box: Provisioned, run: str) -> str:
    """Return why a run broke off: what its agent said last, and how full the disk is where that may be why."""
    unit = UNITS.format(run)
    journal = ("journalctl", "--quiet", "--output=cat", "--no-pager", "--lines=20", "--identifier=pgladder")
    lines = command(*journal, f"--unit={unit}", timeout_s=ANSWER_S).splitlines()
    return why_it_ended(lines, unit_of(run).result, shutil.disk_usage(box.runs).free)


def why_it_ended(journal: list[str], result: str, free_bytes: int) -> str:
    """Say it, from the journal's last lines, systemd's word for how the agent ended, and what the disk has left."""
    words = [line.removeprefix(WORDS) for line in journal if line.startswith(WORDS)]
    why = words[-1].rstrip(".") if words else f"it left no word why (systemd: {result or 'nothing'})"
    is_full = free_bytes < FULL_MB * 1_000_000
    return f"{why}; its disk is full" if is_full else why
