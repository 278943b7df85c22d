"""PostgreSQL's pgbench: where it is, and of which version."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

from bench.model.fingerprint import Unreadable

DEBIAN = "usr/lib/postgresql/*/bin/pgbench"
"""Where Debian, Ubuntu and PGDG put each major's; what lies on the PATH there is a Perl script that chooses one."""
NOT_HERE = "not installed"


def pgbench_program(root: Path = Path("/")) -> Path | None:
    """Return the newest that packages installed, else the one on the PATH: each speaks to servers of all majors."""
    by_major = {path.parts[-3]: path for path in root.glob(DEBIAN)}
    numbers = [major for major in by_major if major.isdecimal()]
    if numbers:
        return by_major[max(numbers, key=int)]
    on_path = shutil.which("pgbench")
    return Path(on_path) if on_path else None


@cache
def pgbench_version(program: Path | None) -> str | Unreadable:
    """Ask it: ``15.20 (Debian 15.20-0+deb12u1)``."""
    if program is None:
        return Unreadable(unreadable=NOT_HERE)
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return Unreadable(unreadable=f"it can't be run: {error}")
    return done.stdout.strip().removeprefix("pgbench (PostgreSQL) ")
