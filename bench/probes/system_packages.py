"""Which packages of this system bring what pgladder needs of it, by ``systems.toml``.

Of a control machine, and of one that measures itself; what boxes need is of the roles. ``.ci/require`` runs it as a
script before anything is installed: it imports the standard library alone.
"""

import platform
import shutil
import sys
import sysconfig
import tomllib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("systems.toml")
MACOS = "macos"
OTHER_APT = "other apt"
"""A relative of Debian that has no row of its own."""


def known() -> dict[str, Any]:
    """Return what ``systems.toml`` says: ``processors``, ``systems``, and ``packages`` by what installs them."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def table() -> dict[str, dict[str, str]]:
    """Return each system's packages by what they are for, and what installs them; empty what a system has none for."""
    told = known()
    apt, brew = told["packages"]["apt"], told["packages"]["brew"]
    without_tests = apt | {"tests": ""}
    rows: dict[str, dict[str, str]] = {}
    for name, entry in told["systems"].items():
        row = apt if entry["tested"] else without_tests
        rows[name] = row | {"server": f"{apt['server']}-{entry['postgresql']}"}
    return rows | {OTHER_APT: without_tests, MACOS: {need: brew.get(need, "") for need in apt}}


def this_system() -> str:
    """Return its name in the table; empty where it has none."""
    if sys.platform == "darwin":
        return MACOS
    try:
        release: Mapping[str, str] = platform.freedesktop_os_release()
    except OSError:
        release = {}
    name = f"{release.get('ID')} {release.get('VERSION_ID')}"
    if name in table():
        return name
    return OTHER_APT if shutil.which("apt-get") else ""


def packages(needs: Sequence[str]) -> str:
    """Return the packages for all needs, blanks between; empty where this system has no row or one lacks a package."""
    row = table().get(this_system(), {})
    found = [row.get(need, "") for need in needs]
    return " ".join(found) if all(found) else ""


def how_to_install(*needs: str) -> str:
    """Say it in a few words, for the end of a refusal: ``apt-get install postgresql-17``."""
    if names := packages(needs):
        return f"{table()[this_system()]['installer']} {names}"
    known = [f"{system}: {row[needs[0]]}" for system, row in table().items() if row[needs[0]]]
    return f"install what your system calls {' and '.join(needs)} ({'; '.join(known)})"


def is_here(need: str) -> bool:
    """Tell of what can be seen without asking a package manager."""
    if need == "venv":
        return bool(find_spec("ensurepip"))
    if need == "compiler":
        return _has_wheels() or bool(shutil.which("cc") and Path(sysconfig.get_path("include"), "Python.h").is_file())
    return need == "ssh" and bool(shutil.which("ssh"))


def _has_wheels() -> bool:
    """Tell whether each locked package has a wheel for this processor; for others hdrhistogram is compiled."""
    return sys.platform == "darwin" or platform.machine() in known()["processors"]


def main() -> int:
    """Print the packages that apt is to install; elsewhere say what is missing, and fail."""
    needs = [need for need in sys.argv[1:] if not is_here(need)]
    names = packages(needs)
    if not needs or (names and shutil.which("apt-get")):
        sys.stdout.write(names)
        return 0
    sys.stderr.write(f"pgladder needs {', '.join(needs)} here: {how_to_install(*needs)}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
