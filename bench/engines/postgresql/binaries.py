"""Where PostgreSQL 15's own programs are, and what to do when they are missing."""

import re
import shutil
import subprocess
from pathlib import Path

from bench.model.errors import HostError

MAJOR = 15
DEBIAN_BIN = Path(f"/usr/lib/postgresql/{MAJOR}/bin")
INSTALL = "Install them, on Debian 12: apt-get install postgresql-15 (or name their directory with --bin-dir)."


def find_binaries(bin_dir: Path | None = None) -> Path:
    """Return the directory with PostgreSQL 15's ``initdb`` and ``postgres``.

    Raises:
        HostError: there is none, or its version is another; says what to install.

    """
    places = [bin_dir or DEBIAN_BIN]
    if not bin_dir and (on_path := shutil.which("postgres")):
        places.append(Path(on_path).resolve().parent)
    for directory in places:
        if (directory / "postgres").is_file() and (directory / "initdb").is_file():
            if (major := _major(directory)) == MAJOR:
                return directory
            raise HostError(f"{directory} holds PostgreSQL {major}; pgladder measures {MAJOR}. {INSTALL}")
    looked = bin_dir or f"{DEBIAN_BIN} and the PATH"
    raise HostError(f"No PostgreSQL {MAJOR} server programs in {looked}. {INSTALL}")


def _major(directory: Path) -> int:
    text = subprocess.run([directory / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\) (\d+)", text)
    if not found:
        raise HostError(f"{directory}/postgres does not tell its version: {text.strip()!r}")
    return int(found[1])
