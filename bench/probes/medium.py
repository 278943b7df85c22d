"""What a directory lies on: a disk, memory that a power cut empties, or what can't be seen from here.

Owns the way through what hides it: an overlay over a directory in memory, a loop device over a file there. A disk is
what is recognised as one; whatever is not is named, and taken for nothing. ZFS is taken for disks: nothing tells its
pool on disks from one on files in memory.
Sources: statfs(2), proc(5), Documentation/filesystems/overlayfs.rst, Documentation/ABI/testing/sysfs-block (loop),
Documentation/admin-guide/devices.txt (names of disks), drivers/scsi/scsi_debug.c (disks in memory, on a pseudo bus).
"""

from pathlib import Path

from bench.model.fingerprint import Unreadable
from bench.probes.block import IN_MEMORY, POOLED, Mount, bottoms, mount_of
from bench.probes.source import LIVE, read_path, word

RAM_DEVICES = ("ram", "zram")
PSEUDO_BUS = "pseudo_"
DISKS = ("sd", "hd", "vd", "xvd", "nvme", "mmcblk", "dasd", "cciss!", "zd")
"""Disks of this machine and of what it is a guest of, and volumes of ZFS. Not among them: devices that are other
machines' (``nbd``, ``rbd``), that keep nothing (``nullb``), or that may be memory by another name (``pmem``)."""
DEEPEST = 4
"""Layers looked through: an overlay or loop device on another."""

Medium = str | Unreadable | None
"""The memory by name, why it can't be seen, or None: a disk."""


def memory_under(directory: Path, root: Path = LIVE, deepest: int = DEEPEST) -> Medium:
    """Name the memory that a directory lies in (``tmpfs``, ``zram0``), None on a disk; or say why it can't be seen."""
    if deepest < 0:
        return _unseen(directory, f"more than {DEEPEST} layers of overlays and loop devices")
    mount = mount_of(directory, root)
    if isinstance(mount, Unreadable):
        return mount
    return _of_mount(directory, mount, root, deepest)


def _of_mount(directory: Path, mount: Mount, root: Path, deepest: int) -> Medium:
    if mount.file_system in IN_MEMORY:
        return mount.file_system
    if mount.file_system in POOLED:
        return None
    if mount.file_system == "overlay":
        return _under_overlay(directory, mount, root, deepest)
    devices = bottoms(mount, root)
    if isinstance(devices, Unreadable):
        return _unseen(directory, mount.file_system)
    # Of several: what is memory before what can't be seen, a disk only where all are.
    worst: Medium = None
    for device in devices:
        medium = _of_device(directory, device, root, deepest)
        if isinstance(medium, str):
            return medium
        worst = worst or medium
    return worst


def _under_overlay(directory: Path, mount: Mount, root: Path, deepest: int) -> Medium:
    for option in mount.options:
        name, _, upper = option.partition("=")
        if name == "upperdir" and upper and _is_there(upper, root):
            return memory_under(Path(upper), root, deepest - 1)
    return _unseen(directory, "an overlay")


def _of_device(directory: Path, device: Path, root: Path, deepest: int) -> Medium:
    """Say what a device is that lies on no other."""
    if device.name.startswith(RAM_DEVICES) or any(part.startswith(PSEUDO_BUS) for part in device.parts):
        return device.name
    if device.name.startswith("loop"):
        backing = read_path(device / "loop/backing_file", word, "no file")
        if isinstance(backing, Unreadable) or not _is_there(backing, root):
            return _unseen(directory, f"{device.name}, a loop device")
        return memory_under(Path(backing), root, deepest - 1)
    if device.name.startswith(DISKS):
        return None
    return _unseen(directory, device.name)


def _is_there(path: str, root: Path) -> bool:
    try:
        return (root / path.lstrip("/")).exists()
    except OSError:
        return False


def _unseen(directory: Path, what: str) -> Unreadable:
    return Unreadable(unreadable=f"{directory} is on {what}: what is under it can't be seen from here")
