"""What a directory lies on: a disk, or memory that a power cut empties.

Owns the way through what hides it: an overlay over a directory in memory, a loop device over a file there.
Sources: statfs(2), proc(5), Documentation/filesystems/overlayfs.rst, Documentation/ABI/testing/sysfs-block (loop).
"""

from pathlib import Path

from bench.model import Unreadable
from bench.probes.block import IN_MEMORY, Mount, base, device_stack, mount_of
from bench.probes.source import LIVE, read_path, word

REMOTE = ("nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "ceph")
RAM_DEVICES = ("ram", "zram")
DEEPEST = 4
"""Layers looked through: an overlay or loop device on another."""


def memory_under(directory: Path, root: Path = LIVE, deepest: int = DEEPEST) -> str | Unreadable | None:
    """Name the memory that a directory lies in (``tmpfs``, ``zram0``), None on a disk; or say why it can't be seen."""
    mount = mount_of(directory, root)
    if isinstance(mount, Unreadable):
        return mount
    if mount.file_system in IN_MEMORY:
        return mount.file_system
    if mount.file_system.startswith(REMOTE):
        return Unreadable(unreadable=f"{directory} is on {mount.file_system}: what is under it can't be seen from here")
    below = _beneath(mount, root)
    if isinstance(below, Path) and deepest:
        return memory_under(below, root, deepest - 1)
    return below if isinstance(below, str) else None


def _beneath(mount: Mount, root: Path) -> Path | str | None:
    """Return the directory or file that a mount lies on, the device of memory, or None where neither is known."""
    if mount.file_system == "overlay":
        upper = next((each.partition("=")[2] for each in mount.options if each.startswith("upperdir=")), "")
        return Path(upper) if upper and (root / upper.lstrip("/")).exists() else None
    stack = device_stack(mount, root)
    device = stack if isinstance(stack, Unreadable) else base(stack)
    if isinstance(device, Unreadable):
        return None
    if device.name.startswith(RAM_DEVICES):
        return device.name
    backing = read_path(device / "loop/backing_file", word, "no loop device")
    return None if isinstance(backing, Unreadable) else Path(backing)
