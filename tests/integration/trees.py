"""PostgreSQL of other majors, from the trees of other Debian suites: made on demand, kept, run by their own libraries.

A program of such a tree runs by the tree's own dynamic loader: then any user runs it, and nothing is changed of this
system. PostgreSQL finds its files beside its own path, which stays that of the tree (``find_my_exec``).
"""

import fcntl
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.engines.postgresql.binaries import build_of, find_binaries

KEPT = Path("/var/cache/pgladder/trees")
"""Not in a home: the user whom root's servers run as may not enter it."""
SUITES = {"15": "bookworm", "17": "trixie", "18": "forky"}
PACKAGES = ("base-files", "libc-bin", "postgresql-{major}", "postgresql-client-{major}")
EXTENSIONS = {"17": ("timescaledb",), "18": ("timescaledb",)}
"""Of a major, what its suite has a package of too."""
MADE = "made-by-pgladder"
"""Lies in a tree that is whole."""
RUN_BY_ITS_OWN_LOADER = """#!/bin/sh
LOCPATH={tree}/usr/lib/locale exec {loader} --library-path {libraries} --argv0 {bin}/{name} {programs}/{name} "$@"
"""


class NoTreeError(Exception):
    """A tree can't be had here; says why."""


def bin_dir(major: str) -> Path:
    """Return the directory of a major's programs.

    Raises:
        NoTreeError: there can be none here.

    """
    extensions = EXTENSIONS.get(major, ())
    tree = KEPT / "-".join([SUITES[major], *extensions])
    if not (tree / MADE).is_file():
        _make(major, tree)
    return tree / f"usr/lib/postgresql/{major}/bin"


def _make(major: str, tree: Path) -> None:
    if os.geteuid() != 0:
        raise NoTreeError(f"PostgreSQL {major} lies in a tree that only root may make, and {tree} is not there")
    if not shutil.which("mmdebstrap"):
        raise NoTreeError(f"PostgreSQL {major} lies in a tree that mmdebstrap makes, which is not installed")
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several workers need it at once
        if (tree / MADE).is_file():
            return
        shutil.rmtree(tree, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as part:
            made = Path(part) / "tree"
            wanted = (*PACKAGES, *("postgresql-{major}-" + each for each in EXTENSIONS.get(major, ())))
            packages = ",".join(wanted).format(major=major)
            # A worker of several has a network of its own, which leads nowhere: its parent's is taken.
            command = ["nsenter", f"--net=/proc/{os.getppid()}/ns/net", "mmdebstrap", "--quiet", "--variant=extract"]
            command += [f"--include={packages}", _network_settings(part), SUITES[major], str(made)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["no message"])[-1]
                raise NoTreeError(f"Debian {SUITES[major]}, which has PostgreSQL {major}, can't be had here: {last}")
            made.chmod(0o755)
            _wrap(made, tree, major)
            made.rename(tree)
            (tree / MADE).touch()


def _network_settings(part: str) -> str:
    """Write what apt needs here to reach Debian: proxies and the like. Dates of a frozen archive are not looked at."""
    known = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    kept = [line for line in known.splitlines() if line.startswith(("Acquire::http", "Acquire::Retries"))]
    file = Path(part) / "network.conf"
    file.write_text("\n".join([*kept, 'Acquire::Check-Valid-Until "false";', ""]))
    return f"--aptopt={file}"


def _wrap(made: Path, tree: Path, major: str) -> None:
    """Put a script in the place of each program, which runs it by the loader of its tree."""
    [loader] = (made / "lib64").glob("ld-linux-*.so.2")
    there = Path(f"usr/lib/postgresql/{major}")
    (made / there / "bin").rename(made / there / "programs")
    (made / there / "bin").mkdir(mode=0o755)
    for program in (made / there / "programs").iterdir():
        script = made / there / "bin" / program.name
        script.write_text(
            RUN_BY_ITS_OWN_LOADER.format(
                tree=tree,
                loader=tree / "lib64" / loader.name,
                libraries=tree / f"usr/lib/{platform.machine()}-linux-gnu",
                bin=tree / there / "bin",
                programs=tree / there / "programs",
                name=program.name,
            )
        )
        script.chmod(0o755)


def main() -> None:
    """Make those that tests ask for, or say why they can't be had."""
    for major in sorted(SUITES.keys() - {build_of(find_binaries()).major}):
        try:
            bin_dir(major)
        except NoTreeError as error:
            print(error)  # noqa: T201 - for whoever reads what make prints


if __name__ == "__main__":
    main()
