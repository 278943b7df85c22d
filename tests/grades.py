"""Which grade trials that wait for their flushes have here: in a container no disk may be seen under them.

Asked of stat(2) and findmnt(8), never of what is tested.
"""

import os
import subprocess
from pathlib import Path

POOLS = ("zfs", "btrfs")


def promised_on(place: Path) -> tuple[str, str | None]:
    """Return the grade of trials on a place, and of why it is no better a part: the file system."""
    device = place.stat().st_dev
    kind = _mount(place, "FSTYPE")
    if kind == "overlay" and (upper := _upper(place)):
        return promised_on(upper)
    if kind == "tmpfs":
        return "in memory", kind
    on_disk = kind in POOLS or Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").exists()
    return ("durable", None) if on_disk else ("unknown", kind)


def assert_graded(grade: tuple[str, str | None], place: Path) -> None:
    """See that a word and its reason are those of trials on a place."""
    word, because = grade
    promised, named = promised_on(place)
    assert word == promised
    if named is None:
        assert because is None
    else:
        assert because
        assert named in because
    if word == "unknown":
        assert str(because).endswith("what is under it can't be seen from here")


def _upper(place: Path) -> Path | None:
    """Return the directory that an overlay writes to, where it can be seen."""
    options = _mount(place, "FS-OPTIONS").split(",")
    upper = next((each.partition("=")[2] for each in options if each.startswith("upperdir=")), "")
    return Path(upper) if upper and Path(upper).exists() else None


def _mount(place: Path, column: str) -> str:
    asked = ["findmnt", "--noheadings", "--output", column, "--target", str(place)]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[-1].strip()
