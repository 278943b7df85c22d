"""A disk too small for the plan, and one that fills while the plan is carried out."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from bench.model.record import Record
from tests.integration.support import BRIEF, as_root, assert_nothing_left, climbing, meddling, pgladder

pytestmark = as_root
MIB = 1 << 20


class Disk:
    """A file system in memory, mounted where the server's data goes."""

    def __init__(self, point: Path) -> None:
        self.point = point
        point.mkdir()

    def mount(self, mib: int, *more: str) -> None:
        """Mount it, or give it another size."""
        options = ",".join([f"size={mib}m", "mode=755", *more])
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.point], check=True)

    def leave(self, mib: int) -> None:
        """Leave about so much room: what is written meanwhile makes it too small to be mounted, so try again."""
        for more in count(mib, mib):
            with contextlib.suppress(subprocess.CalledProcessError):
                self.mount(used_mib(self.point) + more, "remount")
                break

    def unmount(self) -> None:
        """Take it away."""
        subprocess.run(["umount", self.point], check=True)


@pytest.fixture
def disk(place) -> Iterator[Disk]:
    """Return a disk for the data directory of this test."""
    disk = Disk(place / "data")
    disk.mount(3000)
    yield disk
    disk.unmount()


def used_mib(point: Path) -> int:
    """Return what the data takes."""
    disk = os.statvfs(point)
    return (disk.f_blocks - disk.f_bfree) * disk.f_frsize // MIB


def test_a_disk_too_small_for_the_plan_is_refused_before_anything_is_changed(disk, place):
    disk.mount(100, "remount")
    ended = pgladder("run", *BRIEF, "--data-dir", disk.point, "--out", place / "out", cwd=place)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"{disk.point} has 0.1 GB free and the plan may need " in ended.err
    assert list(disk.point.iterdir()) == []
    assert not (place / "out").exists()


def refused(record: Record) -> bool:
    """Tell whether a trial was."""
    return "refused" in {reason.code for reason in record.validity.reasons}


def test_an_arm_whose_wal_the_disk_cannot_hold_is_refused_and_the_others_are_measured(disk, place):
    asked = ["--phases", "2-H", "--variants", "big-wal stock", *BRIEF, "--blocks", 40]  # much WAL, if only as planned
    with climbing(place, *asked) as climb:
        climb.wait_for(lambda: any(map(refused, climb.records())), "an arm is refused")
        climb.wait_for(lambda: any(record.rows for record in climb.records()), "the other is measured")
        climb.process.send_signal(signal.SIGINT)
        ended = climb.end()
    assert "refused: variant big-wal: max_wal_size = 16GB: so much is not free, 3." in " ".join(ended.out.split())
    assert climb.data_dir == disk.point
    assert {record.trial.variant for record in climb.records() if refused(record)} == {"big-wal"}
    assert {record.trial.variant for record in climb.records() if record.rows} == {"stock"}


FULL = ("No space left on device", "Check free disk space")
"""What PostgreSQL says of a full disk; the hint alone where half a block still fits."""


def test_a_disk_that_fills_voids_its_trial_and_the_run_goes_on_when_there_is_room_again(disk, place):
    with climbing(place, "--phases", "2-G", "--warm-up", "0.2", "--window", "2", "--blocks", 3) as climb:
        climb.wait_trial(2)
        with meddling(climb) as meddler:
            meddler.wait_inserting()
            disk.leave(4)
        climb.wait_record(2)
        disk.mount(3000, "remount")
        ended = climb.end()
    first, second, third = climb.records()
    assert (ended.code, ended.err) == (1, "")
    assert second.validity.state == "void"
    said = " ".join(reason.detail for reason in second.validity.reasons)
    told = next((words for words in FULL if words in said), FULL[0])
    assert told in said
    assert {first.validity.state, third.validity.state} <= {"valid", "suspect"}
    shown = pgladder("ladder", climb.directory.path, cwd=place)
    assert shown.code == 1
    assert told in " ".join(shown.out.split())
    assert_nothing_left(place)
