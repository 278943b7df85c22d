"""What the measuring program itself is made of: package versions, pgladder's version and commit.

Owns the facts of groups ``packages`` and ``pgladder``. The server's version is ``bench.engines.postgresql``'s business.
"""

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from bench.model.fingerprint import Fact, Unreadable
from bench.probes.pgbench import pgbench_program, pgbench_version
from bench.probes.source import read_path, word

PACKAGES = ("asyncpg", "psycopg", "psycopg2", "psutil", "uvloop", "msgspec", "hdrhistogram")
DISTRIBUTIONS = {"psycopg2": ("psycopg2-binary", "psycopg2")}
"""Where a package is distributed under other names than its own."""


def package_facts() -> dict[str, Fact]:
    """Tell the versions of Python and of each package the measuring side uses."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    packages = {name: version(*DISTRIBUTIONS.get(name, (name,))) for name in PACKAGES}
    return {"python": python, **packages, "pgbench": pgbench_version(pgbench_program())}


def pgladder_facts(package: Path) -> dict[str, Fact]:
    """Tell pgladder's own version and commit; ``package`` is the directory of the package ``bench``."""
    return {"version": version("pgladder"), "commit": commit(package)}


def version(*distributions: str) -> str | Unreadable:
    """Tell the version of the first of these distributions that is installed."""
    for name in distributions:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return Unreadable(unreadable="not installed")


def commit(package: Path) -> str | Unreadable:
    """Tell the commit a checkout is at (``-dirty`` where it was changed), else the one a wheel was built from."""
    if (package.parent / ".git").exists():
        return _checked_out(package.parent)
    return read_path(package / "_commit.txt", word, "neither a checkout nor a wheel that names its commit")


def _checked_out(checkout: Path) -> str | Unreadable:
    # Inside a hook, git's variables point at whatever repository the hook runs for.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        return Unreadable(unreadable="a checkout, but git is not installed")
    except subprocess.CalledProcessError as error:
        complaint = (error.stderr.splitlines() or [f"exit status {error.returncode}"])[0]
        # Where the checkout lies may name a user.
        return Unreadable(unreadable=f"git could not tell: {complaint.replace(str(checkout), 'the checkout')}")
    return done.stdout.strip()
