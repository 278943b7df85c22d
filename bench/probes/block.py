"""From a directory to the disk beneath it: the mount it lies on, the block devices under that.

Owns the way down; what the devices are like is ``disk``'s business. A path of devices is called a stack, top first:
``nvme0n1`` alone, or ``dm-0`` (encrypted, a volume) over ``nvme0n1``. Partitions are left out: they have no queue.
Sources: /proc/self/mountinfo (proc(5)); Documentation/ABI/stable/sysfs-block.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.model.fingerprint import Unreadable
from bench.probes.source import LIVE, if_known, read_path, word

IN_MEMORY = frozenset({"tmpfs", "ramfs"})
ON_A_DEVICE = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "jfs", "bcachefs"})
"""File systems whose options hold neither addresses nor paths of other directories."""
POOLED = frozenset({"zfs"})
"""File systems of pools of disks (zpoolconcepts(7)), the devices of which neither mount nor sysfs names."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo."""

    point: Path
    file_system: str
    device: str
    """``major:minor``; major 0 where the file system has no device of its own, as btrfs, tmpfs, NFS."""
    source: str
    options: tuple[str, ...]


def parse_mountinfo(text: str) -> list[Mount]:
    """Read the mounts of this mount namespace, in order of mounting."""
    mounts: list[Mount] = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        _, _, device, _, point, options, *_ = before.split(" ")
        # WSL2's drvfs has options with blanks in them.
        file_system, source, super_options = after.split(" ", 2)
        both = tuple(map(_unescape, dict.fromkeys([*options.split(","), *super_options.split(",")])))
        mounts.append(Mount(Path(_unescape(point)), file_system, device, _unescape(source), both))
    return mounts


def _unescape(path: str) -> str:
    """Spaces, commas of options and the like are written as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


def mount_of(directory: Path, root: Path) -> Mount | Unreadable:
    """Find the mount a path lies on: the deepest; of several on one point the latest, which hides the others.

    On the running host links are followed; of a recorded one the path is absolute and without links.
    """
    path = directory.resolve() if root == LIVE else directory
    # Names of others' mounts may be in any encoding.
    mounts = read_path(root / "proc/self/mountinfo", parse_mountinfo, "no /proc here", errors="replace")
    if isinstance(mounts, Unreadable):
        return mounts
    deepest: Mount | None = None
    for mount in mounts:
        if path.is_relative_to(mount.point) and (deepest is None or mount.point.is_relative_to(deepest.point)):
            deepest = mount  # of two on one point the later one hides the other
    return deepest or Unreadable(unreadable="on no mount of this mount namespace")


def shareable_options(mount: Mount) -> list[str]:
    """Return the mount options; those with a value only where they cannot hold an address or a path."""
    return [option for option in mount.options if mount.file_system in ON_A_DEVICE or "=" not in option]


def device_stack(mount: Mount, root: Path) -> list[Path] | Unreadable:
    """Follow the block devices under a mount, as directories of /sys: top first, each above what it lies on.

    A device may lie on several (a mirror), and several on one (the data and metadata of LVM's thin pool).
    """
    device = _top(mount, root)
    if isinstance(device, Unreadable):
        return device
    if members := _other_members(device, root):
        names = ", ".join(path.name for path in members)
        return Unreadable(unreadable=f"{mount.file_system} lies on several devices: {names}")
    return _downward([device])


def bottoms(mount: Mount, root: Path) -> list[Path] | Unreadable:
    """Return the devices under a mount that lie on no other, of all members of a file system on several."""
    device = _top(mount, root)
    if isinstance(device, Unreadable):
        return device
    return _lowest(_downward(_other_members(device, root) or [device]))


def _lowest(stack: list[Path]) -> list[Path]:
    return [device for device in stack if not _beneath(device)]


def _downward(devices: list[Path]) -> list[Path]:
    """Return devices and all they lie on, top first."""
    stack: list[Path] = []
    level = [_whole(device) for device in devices]
    while level:
        stack = [above for above in stack if above not in level] + level
        below: dict[Path, None] = {}
        for device in level:
            below |= dict.fromkeys(map(_whole, _beneath(device)))
        level = list(below)
    return stack


def data_device(directory: Path, root: Path = LIVE) -> str | Unreadable:
    """Name the block device (``nvme0n1``) under the file system of a directory, as in /proc/diskstats."""
    stack = if_known(mount_of(directory, root), lambda mount: device_stack(mount, root))
    return if_known(stack, lambda stack: stack[0].name)


def base(stack: list[Path]) -> Path | Unreadable:
    """Return the one physical device at the bottom of a stack."""
    first, *others = _lowest(stack)
    if others:
        return Unreadable(unreadable=f"{stack[0].name} lies on several devices")
    return first


def _top(mount: Mount, root: Path) -> Path | Unreadable:
    if mount.file_system in IN_MEMORY:
        return Unreadable(unreadable=f"{mount.file_system} lies in memory, on no device")
    by_number = root / "sys/dev/block" / mount.device
    if by_number.exists():
        return by_number.resolve()
    if mount.file_system in ON_A_DEVICE and mount.source.startswith("/dev/"):
        # btrfs hides its device's number behind one of its own, but names the device.
        device = next(_named(mount, root), None)
        if device is not None:
            return device.resolve()
    return Unreadable(unreadable=f"{mount.file_system} names no block device of this kernel")


def _named(mount: Mount, root: Path) -> Iterator[Path]:
    """Find the device by its name, the surest way first; /dev may lack it, and ``/dev/root`` is none."""
    name, blocks = mount.source.removeprefix("/dev/"), root / "sys/class/block"
    if name.startswith("mapper/"):
        for mapped in blocks.glob("dm-*"):
            if read_path(mapped / "dm/name", word, "not told") == name.removeprefix("mapper/"):
                yield mapped
    linked = (root / mount.source.lstrip("/")).resolve().name
    # cciss/c0d0 is cciss!c0d0 in sysfs.
    for device in (blocks / linked, blocks / name.replace("/", "!")):
        if device.exists():
            yield device
    pools = list(root.glob("sys/fs/btrfs/*/devices"))
    # The only btrfs there is must be the one.
    if mount.file_system == "btrfs" and len(pools) == 1:
        yield from sorted(pools[0].glob("*"))


def _other_members(device: Path, root: Path) -> list[Path]:
    """Return all devices of a btrfs that has several, of which a mount names one; empty where there is one alone."""
    for devices in root.glob("sys/fs/btrfs/*/devices"):
        members = _linked(devices)
        if device in members and len(members) > 1:
            return members
    return []


def _whole(device: Path) -> Path:
    if (device / "partition").exists():
        return device.parent
    return device


def _beneath(device: Path) -> list[Path]:
    return _linked(device / "slaves")


def _linked(directory: Path) -> list[Path]:
    return sorted(path.resolve() for path in directory.glob("*"))
