"""What a formula may know of a box, and its short form ``ram_mb=16384,cores=4,disk=nvme,disk_gb=500``.

Reading these figures from a real box is a probe's work.
"""

from dataclasses import dataclass, fields
from typing import Literal, get_args

from bench.model.errors import UsageError
from bench.model.language import tr

Disk = Literal["hdd", "ssd", "san", "nvme"]
DISKS: tuple[Disk, ...] = get_args(Disk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """The inputs of every formula.

    Attributes:
        ram_mb: memory the operating system sees, in MiB.
        cores: logical CPUs.
        disk: kind of the disk that holds the data.
        disk_gb: size of the file system that holds the data, in GiB.

    Raises:
        UsageError: a figure below 1 or an unknown kind of disk.

    """

    ram_mb: int
    cores: int
    disk: Disk
    disk_gb: int

    def __post_init__(self) -> None:
        for name in ("ram_mb", "cores", "disk_gb"):
            if (value := getattr(self, name)) < 1:
                raise UsageError(tr("hardware: {name} must be at least 1, not {value}.", name=name, value=value))
        if self.disk not in DISKS:
            raise UsageError(
                tr("hardware: disk must be one of {disks}, not {disk!r}.", disks=", ".join(DISKS), disk=self.disk)
            )

    def __str__(self) -> str:
        """Write the short form, which ``parse_hardware`` reads."""
        return ",".join(f"{name}={getattr(self, name)}" for name in NAMES)


NAMES = tuple(field.name for field in fields(Hardware))


def parse_hardware(text: str) -> Hardware:
    """Read ``name=value`` pairs, comma-separated, in any order; all four are needed.

    Raises:
        UsageError: a pair without ``=``, an unknown, repeated or missing name, or a value Hardware refuses.

    """
    values = _pairs(text)
    if missing := [name for name in NAMES if name not in values]:
        raise UsageError(
            tr(
                "hardware: {names} missing; write ram_mb=16384,cores=4,disk=nvme,disk_gb=500.",
                names=", ".join(missing),
            )
        )
    disk: Disk = values.pop("disk")  # type: ignore[assignment]  # Hardware refuses what is no Disk
    figures: dict[str, int] = {}
    for name, value in values.items():
        # ``isdigit`` alone takes ², which ``int`` does not.
        if not (value.isascii() and value.isdigit()):
            raise UsageError(tr("hardware: {name} must be a whole number, not {value!r}.", name=name, value=value))
        figures[name] = int(value)
    return Hardware(disk=disk, **figures)


def _pairs(text: str) -> dict[str, str]:
    """Return the values by their names, each of which is one of ours."""
    values: dict[str, str] = {}
    for item in text.split(","):
        name, equals, value = map(str.strip, item.partition("="))
        if not equals:
            raise UsageError(tr("hardware: {name!r} is not name=value.", name=name))
        if name not in NAMES:
            raise UsageError(
                tr("hardware: unknown name {name!r}; the names are {names}.", name=name, names=", ".join(NAMES))
            )
        if name in values:
            raise UsageError(tr("hardware: {name} is given more than once.", name=name))
        values[name] = value
    return values
