"""What was found on a box before provisioning changed it, and what provisioning brought: files under one folder.

Each is written whole and synced, before the change that it is for: so teardown knows, wherever the power goes. What a
module does about it is that module's own affair.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

FOLDER = "/var/lib/pgladder-found"


class Journal:
    """The files, each a list of lines; a name may hold a folder, as in ``found/users``."""

    def __init__(self, folder: str = FOLDER) -> None:
        self.folder = Path(folder)

    def begun(self) -> bool:
        """Tell whether anything was ever written down: on a box that was never provisioned nothing was."""
        return (self.folder / "found").is_dir()

    def read(self, name: str) -> list[str] | None:
        """Return the lines; None where nothing was written down under that name."""
        try:
            return (self.folder / name).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return None

    def write(self, name: str, lines: Iterable[str]) -> None:
        """Replace it: whole or not at all, and on the disk when this returns."""
        file = self.folder / name
        write_whole(file, "".join(f"{line}\n" for line in lines))

    def remove(self, name: str) -> None:
        """Forget it, on the disk too."""
        (self.folder / name).unlink(missing_ok=True)
        sync_folder(self.folder)


def write_whole(file: Path, text: str, mode: int = 0o644) -> None:
    """Write a file of root's: whole or not at all, and on the disk when this returns."""
    descriptor, part = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        Path(part).replace(file)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
