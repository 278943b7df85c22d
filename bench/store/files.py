"""Writing files so that they are there whole or not at all, also after a power cut, and where nobody led us astray.

A name that somebody else put a link at is replaced, never followed.
"""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from bench.model.language import tr

PART = ".part"
"""Ends the name of a file that is being written."""


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file in one step; it is on the disk when this returns, or the part of it that fitted is gone.

    Several may write one path at once: each has a part of its own, and what lies there is whole, of one of them.

    Raises:
        OSError: there is no room or right to, or what lies there is no file: a directory, a device, a pipe.

    """
    if is_no_file(path):
        raise FileExistsError(tr("{path} is no file, and is not replaced by one; choose another path.", path=path))
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        with os.fdopen(open_own(part, os.O_WRONLY | os.O_EXCL), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    sync_directory(path.parent)


def is_no_file(path: Path) -> bool:
    """Return whether something lies there that is no file; asked once, as another may take it away in between."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


def sync_directory(path: Path) -> None:
    """Have the names in a directory on the disk: what was put there, renamed or removed."""
    directory = os.open(path, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def open_own(path: Path, flags: int) -> int:
    """Open a file of ours to be written, making it where there is none; a link in its place is refused."""
    return os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o666)


def nearest_existing(path: Path) -> Path:
    """Return a path, or of the directories above it the first that is there."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def make_directories(directory: Path, mode: int) -> list[Path]:
    """Make a directory and those missing above it, of a mode that no umask changes; return them, topmost first.

    Raises:
        OSError: one can't be made.

    """
    if directory.is_dir():
        return []
    made = make_directories(directory.parent, mode)
    directory.mkdir()
    directory.chmod(mode)
    return [*made, directory]
