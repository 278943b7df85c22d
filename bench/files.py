"""Writing a file so that it is there whole or not at all, also after a power cut."""

import os
from pathlib import Path

PART = ".part"
"""Ends the name of a file that is being written."""


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file in one step; it is on the disk when this returns."""
    part = path.with_name(path.name + PART)
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)
