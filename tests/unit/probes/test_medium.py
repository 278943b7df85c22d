"""What a directory lies on: a disk, or memory, however it is hidden."""

from pathlib import Path

import pytest

from bench.model import Unreadable
from bench.probes.medium import memory_under

DISK = "25 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
TMPFS = "50 25 0:43 / /m rw - tmpfs t rw\n"


def machine(root, mounts, devices=()):
    """A machine's files: mounts, and for a device's number the path of its directory below /sys/devices."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/mountinfo").write_text(DISK + mounts)
    for number, name in (("8:1", "pci/sda"), *devices):
        device = root / "sys/devices" / name
        device.mkdir(parents=True)
        link = root / "sys/dev/block" / number
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(device)
    return root


@pytest.mark.parametrize(
    ("mounts", "devices", "expected"),
    [
        ("", (), None),
        ("60 25 0:44 / /d rw - tmpfs tmpfs rw\n", (), "tmpfs"),
        ("60 25 0:44 / /d rw - ramfs none rw\n", (), "ramfs"),
        ("60 25 252:0 / /d rw - ext4 /dev/zram0 rw\n", (("252:0", "virtual/zram0"),), "zram0"),
        ("60 25 1:0 / /d rw - xfs /dev/ram0 rw\n", (("1:0", "virtual/ram0"),), "ram0"),
        ("60 25 0:44 / /d rw - zfs tank/pg rw\n", (), None),
        (f"{TMPFS}60 25 0:44 / /d rw - overlay o rw,upperdir=/m/up,workdir=/m/w\n", (), "tmpfs"),
        ("60 25 0:44 / /d rw - overlay o rw,upperdir=/up,workdir=/w\n", (), None),
        ("60 25 0:44 / /d rw - overlay o rw,upperdir=/not/here,workdir=/w\n", (), None),
    ],
)  # fmt: skip
def test_memory_is_found_under_what_hides_it(tmp_path, mounts, devices, expected):
    root = machine(tmp_path, mounts, devices)
    for upper in ("m/up", "up"):
        (root / upper).mkdir(parents=True)
    assert memory_under(Path("/d/data"), root) == expected


def test_a_loop_device_lies_where_its_file_does(tmp_path):
    root = machine(
        tmp_path,
        f"{TMPFS}60 25 7:0 / /d rw - ext4 /dev/loop0 rw\n",
        (("7:0", "virtual/loop0"),),
    )
    (root / "sys/devices/virtual/loop0/loop").mkdir()
    (root / "sys/devices/virtual/loop0/loop/backing_file").write_text("/m/disk.img\n")
    assert memory_under(Path("/d"), root) == "tmpfs"


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "virtiofs", "9p"])
def test_what_lies_on_another_machine_cannot_be_seen(tmp_path, kind):
    root = machine(tmp_path, f"60 25 0:44 / /d rw - {kind} box:/share rw\n")
    found = memory_under(Path("/d"), root)
    assert isinstance(found, Unreadable)
    assert kind in found.unreadable
