"""Writing a file so that it is there whole or not at all, also after a power cut."""

import os
from contextlib import suppress
from pathlib import Path

PART = ".part"
"""Ends the name of a file that is being written."""


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file in one step; it is on the disk when this returns, or the part of it that fitted is gone."""
    part = path.with_name(path.name + PART)
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
    part.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)
