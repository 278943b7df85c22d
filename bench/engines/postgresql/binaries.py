"""Where PostgreSQL's own programs are, of which major, by whose hand, and what to do when they are missing.

A server of several majors in one run is compared only with one of the same builder: builders' compilers and options
differ by more than majors do.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.engines.postgresql.majors import REFERENCE
from bench.model.errors import HostError, UsageError
from bench.model.fingerprint import Fact, Unreadable
from bench.model.language import tr
from bench.probes.system_packages import how_to_install

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian, Ubuntu and PGDG put each major's programs: ``15/bin``."""
VERSION = re.compile(r"\(PostgreSQL\) (?P<major>\d+)\S*(?: \((?P<package>[^)]*)\))?")
"""What ``postgres --version`` says: ``postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What a directory's programs are."""

    major: str
    builder: str
    """Debian, Ubuntu, PGDG; of a build that names no package, how it was compiled."""


def find_binaries(version: str = "", bin_dirs: Sequence[Path] = ()) -> Path:
    """Return the directory with one major's ``initdb`` and ``postgres``; raises as ``find_several``."""
    asked = [version] if version else []
    return next(iter(find_several(asked, bin_dirs).values()))


def find_several(versions: Sequence[str] = (), bin_dirs: Sequence[Path] = ()) -> dict[str, Path]:
    """Return, by major, the directories with ``initdb`` and ``postgres``.

    Args:
        versions: majors; none: each that ``bin_dirs`` hold, else the one that is measured where nobody asks.
        bin_dirs: looked at before what is installed.

    Raises:
        HostError: there is none of a major; says what is there, and what to install.
        UsageError: two of the directories hold the same major.

    """
    given = _by_major(bin_dirs, versions)
    there = installed() | given
    looked = tr("{places} and the PATH", places=", ".join(map(str, [*bin_dirs, DEBIAN])))
    wanted = list(versions or given)
    if not wanted:
        if not there:
            raise HostError(
                tr("No PostgreSQL server programs in {looked}. {install}", looked=looked, install=_install([]))
            )
        wanted = [_usual(there)]
    for major in wanted:
        if major not in there:
            found = tr("there is no other")
            if there:
                found = tr("there is {versions}", versions=tr(" and ").join(sorted(there)))
            raise HostError(
                tr(
                    "No PostgreSQL {major} server programs in {looked}; {found}. {install}",
                    major=major,
                    looked=looked,
                    found=found,
                    install=_install([major]),
                )
            )
    return {major: there[major] for major in wanted}


def _by_major(bin_dirs: Sequence[Path], versions: Sequence[str]) -> dict[str, Path]:
    """Return the directories that are given, by major; raises as ``find_several``."""
    given: dict[str, Path] = {}
    for directory in bin_dirs:
        if not _holds_server(directory):
            raise HostError(
                tr(
                    "No PostgreSQL server programs in {directory}. {install}",
                    directory=directory,
                    install=_install(versions),
                )
            )
        major = build_of(directory).major
        if major in given:
            raise UsageError(
                tr(
                    "{given} and {directory} both hold PostgreSQL {major}: give one of them.",
                    given=given[major],
                    directory=directory,
                    major=major,
                )
            )
        given[major] = directory
    return given


def _usual(there: Mapping[str, Path]) -> str:
    """Return the major that is measured where nobody asks: the reference, else the newest that is installed."""
    if REFERENCE in there:
        return REFERENCE
    return max(there, key=int)


def installed() -> dict[str, Path]:
    """Return what packages installed, and what is on the PATH, by major."""
    there = {}
    for directory in DEBIAN.glob("*/bin"):
        if directory.parent.name.isdecimal() and _holds_server(directory):
            there[directory.parent.name] = directory
    if on_path := shutil.which("postgres"):
        directory = Path(on_path).resolve().parent
        if _holds_server(directory):
            there.setdefault(build_of(directory).major, directory)
    return there


def _holds_server(directory: Path) -> bool:
    return (directory / "postgres").is_file() and (directory / "initdb").is_file()


def _install(versions: Sequence[str]) -> str:
    how = how_to_install("server")
    if versions:
        packages = " ".join(f"postgresql-{version}" for version in versions)
        how = tr("apt-get install {packages}, from PGDG where this system has another major", packages=packages)
    return tr("Install them: {how} (or name their directory with --bin-dir).", how=how)


@cache
def build_of(directory: Path) -> Build:
    """Ask the programs of a directory what they are.

    Raises:
        HostError: they do not tell.

    """
    text = _output(directory / "postgres", "--version")
    found = VERSION.search(text)
    if not found:
        raise HostError(
            tr("{directory}/postgres does not tell its version: {text!r}", directory=directory, text=text.strip())
        )
    return Build(major=found["major"], builder=_builder(found["package"] or "", directory))


def _builder(package: str, directory: Path) -> str:
    if "pgdg" in package:
        return "PGDG"
    if package:
        return package.split(maxsplit=1)[0]
    try:
        compiled = _output(directory / "pg_config", "--cc", "--cflags")
    except HostError:
        return f"unknown, in {directory}"
    return "unknown, compiled by " + " ".join(compiled.split())


def _output(program: Path, *arguments: str) -> str:
    try:
        return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise HostError(tr("{program} can't be run: {error}.", program=program, error=error)) from error


def check_one_builder(directories: Mapping[str, Path]) -> None:
    """Refuse majors of different builders.

    Raises:
        HostError: names each.

    """
    builders = {major: build_of(directory).builder for major, directory in directories.items()}
    if len(set(builders.values())) > 1:
        named = "; ".join(f"{major}: {builder}" for major, builder in builders.items())
        raise HostError(
            tr(
                "These majors are of different builders, which differ by more than majors do: a difference"
                " would say nothing of PostgreSQL. Take all from one. ({named})",
                named=named,
            )
        )


def library_directory(directory: Path) -> Path:
    """Return where the libraries lie that a directory's server may load; raises as ``build_of``."""
    return Path(_output(directory / "pg_config", "--pkglibdir").strip())


def suite_of(directory: Path) -> Fact:
    """Return the code name of the system that the programs belong to: that of the tree they lie in."""
    if tuple(directory.parts[-5:-2]) != DEBIAN.parts[1:] or directory.name != "bin":
        return Unreadable(unreadable=f"{directory} is in no tree of a system")
    release = Path(*directory.parts[:-5]) / "etc/os-release"
    try:
        lines = release.read_text().splitlines()
    except OSError as error:
        return Unreadable(unreadable=f"{release}: {error.strerror}")
    for line in lines:
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    return Unreadable(unreadable=f"{release} names no suite")
