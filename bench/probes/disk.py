"""The disk under a data directory: what it is and how the kernel drives it.

Owns the facts of group ``disk``. ``block`` finds the device; what it does from second to second is ``observed.host``'s
business, how fast it commits is ``fsync``'s. Source: Documentation/ABI/stable/sysfs-block, Documentation/block/.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench.model.fingerprint import Fact, Unreadable
from bench.probes.block import IN_MEMORY, Mount, base, device_stack, mount_of, shareable_options
from bench.probes.source import LIVE, chosen, first_known, flag, if_known, read_path, refusal, word

SECTOR_BYTES = 512
"""/sys counts in these, whatever the device's own block size."""
VIRTUAL_NAMES = ("vd", "xvd", "loop", "nbd", "rbd")
VIRTUAL_VENDORS = ("QEMU", "VMware", "VBOX", "Msft", "Virtual")
MEMORY_NAMES = ("zram", "ram", "pmem")

T = TypeVar("T")
Maybe = Path | Unreadable


def disk_facts(directory: Path, root: Path) -> dict[str, Fact]:
    """Read the facts of the file system and disk under a path; sizes in bytes.

    Of a stack of devices, queue settings that the file system sees (read-ahead) are the top's, the rest the bottom's.
    """
    mount = mount_of(directory, root)
    stack = if_known(mount, lambda mount: device_stack(mount, root))
    top = if_known(stack, lambda stack: stack[0])
    bottom = if_known(stack, base)
    return {
        "file_system": if_known(mount, lambda mount: mount.file_system),
        "mount_options": if_known(mount, shareable_options),
        "file_system_bytes": _space(directory, root, lambda status: status.f_blocks * status.f_frsize),
        "free_bytes": _space(directory, root, lambda status: status.f_bavail * status.f_frsize),
        "devices": if_known(stack, lambda stack: list(map(describe, stack))),
        "read_ahead_kib": _read(top, "queue/read_ahead_kb", int, "no queue"),
        "kind": _kind(mount, bottom),
        **_device(bottom),
    }


def _space(directory: Path, root: Path, measure: Callable[[os.statvfs_result], int]) -> int | Unreadable:
    if root != LIVE:
        return Unreadable(unreadable="recorded files do not hold it")
    try:
        return measure(os.statvfs(directory))
    except OSError as error:
        return refusal(error, directory, "no such directory")


def _device(device: Maybe) -> dict[str, Fact]:
    return {
        "model": _named(device, "model", "name"),
        "firmware": _named(device, "firmware_rev", "rev", "fwrev"),
        "size_bytes": _read(device, "size", lambda text: int(text) * SECTOR_BYTES, "no size"),
        "rotational": _read(device, "queue/rotational", flag, "no queue"),
        "write_cache": _read(device, "queue/write_cache", word, "no queue"),
        "forced_unit_access": _read(device, "queue/fua", flag, "not reported by this kernel"),
        "scheduler": _read(device, "queue/scheduler", chosen, "no scheduler"),
        "queue_requests": _read(device, "queue/nr_requests", int, "no queue"),
        "logical_block_bytes": _read(device, "queue/logical_block_size", int, "no queue"),
        "physical_block_bytes": _read(device, "queue/physical_block_size", int, "no queue"),
    }


def _named(device: Maybe, *names: str) -> str | Unreadable:
    """Read what NVMe, SCSI and MMC name differently."""
    return first_known(_read(device, f"device/{name}", word, "this kind of device does not tell") for name in names)


def _read(device: Maybe, path: str, parse: Callable[[str], T], absent: str) -> T | Unreadable:
    return if_known(device, lambda device: read_path(device / path, parse, absent))


def describe(device: Path) -> str:
    """Name a device, and what maps it if something does: ``dm-0 (CRYPT)`` or ``dm-1 (LVM)``."""
    kind = read_path(device / "dm/uuid", lambda text: word(text).partition("-")[0], "not a mapped device")
    if isinstance(kind, Unreadable):
        return device.name
    return f"{device.name} ({kind})"


def _kind(mount: Mount | Unreadable, device: Maybe) -> str | Unreadable:
    if isinstance(mount, Mount) and mount.file_system in IN_MEMORY:
        return "memory"
    if isinstance(device, Unreadable):
        return device
    made_by: list[str] = []
    for name in ("vendor", "model"):
        text = _read(device, f"device/{name}", word, "")
        if isinstance(text, str):
            made_by.append(text)
    rotational = _read(device, "queue/rotational", flag, "no queue")
    by_usb = any(part.startswith("usb") for part in device.parts)
    return kind(device.name, " ".join(made_by), rotational, by_usb=by_usb)


def kind(name: str, made_by: str, rotational: bool | Unreadable, *, by_usb: bool = False) -> str | Unreadable:
    """Say ``memory``, ``virtual``, ``nvme``, ``mmc``, ``hdd`` or ``ssd``.

    Virtual disks often claim to rotate, and of a disk behind a USB bridge the kernel believes it unless it is told
    otherwise, which few bridges do: there the name of the model decides.
    """
    if name.startswith(MEMORY_NAMES):
        return "memory"
    if name.startswith(VIRTUAL_NAMES) or any(vendor in made_by for vendor in VIRTUAL_VENDORS):
        return "virtual"
    for prefix in ("nvme", "mmc"):
        if name.startswith(prefix):
            return prefix
    return _turning(made_by, rotational, by_usb)


def _turning(made_by: str, rotational: bool | Unreadable, by_usb: bool) -> str | Unreadable:
    if isinstance(rotational, Unreadable):
        return rotational
    if not rotational or "SSD" in made_by.upper():
        return "ssd"
    if by_usb:
        return Unreadable(unreadable="behind a USB bridge, which does not tell whether it rotates")
    return "hdd"
