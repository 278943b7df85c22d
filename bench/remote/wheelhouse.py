"""The wheels a box needs, pgladder's among them, in one archive for the box's architecture and Python.

Made on the control machine, so that a box needs no internet for them; the role ``bench`` brings and installs it:
``python -m bench.remote.wheelhouse ARCHITECTURE PYTHON`` prints the release and where its archive is.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.remote.ansible import CHECKOUT

HOUSE = Path(".cache/wheelhouse")
REQUIREMENTS = Path("requirements/box.txt")
GOES_IN = ("bench", "templates")
"""Folders of which every file makes another release."""
PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
PIP = (sys.executable, "-m", "pip")
QUIET = ("--quiet", "--disable-pip-version-check")
DIGITS = 16


def release(checkout: Path = CHECKOUT) -> str:
    """Return the release of a checkout: a hash of everything that goes to a box."""
    files = [checkout / REQUIREMENTS, checkout / "pyproject.toml"]
    for folder in GOES_IN:
        found = (path for path in (checkout / folder).rglob("*") if path.is_file() and path.suffix != ".pyc")
        files += sorted(found)
    whole = hashlib.sha256()
    for file in files:
        whole.update(f"{file.relative_to(checkout)} {_sha256(file)}\n".encode())
    return whole.hexdigest()[:DIGITS]


class Wheelhouse:
    """Archives of releases for boxes of one architecture and one Python; of earlier releases none is kept."""

    def __init__(self, architecture: str, python: str, checkout: Path = CHECKOUT, pip: Sequence[str] = PIP) -> None:
        self._checkout, self._pip = checkout, pip
        self._architecture, self._python = architecture, python
        self._house = checkout / HOUSE
        kind = f"{architecture}-{python}"
        self.release = release(checkout)
        self.archive = self._house / f"{kind}-{self.release}.tar"
        self._wheels = self._house / f"{kind}-{_sha256(checkout / REQUIREMENTS)[:DIGITS]}"
        self._kind = kind

    def collect(self) -> None:
        """See that the archive is there.

        Raises:
            CalledProcessError: pip could not download or build a wheel; says why.

        """
        self._house.mkdir(parents=True, exist_ok=True)
        with self._one_at_a_time():
            if not self._wheels.is_dir():
                self._download()
            if not self.archive.exists():
                self._build()
            self._remove_earlier()

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Plays that run at once share the wheels."""
        with (self._house / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _download(self) -> None:
        part = self._wheels.with_name(f"{self._wheels.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        which = ["--python-version", self._python]
        for platform in PLATFORMS:
            which += ["--platform", f"{platform}_{self._architecture}"]
        exactly = ("--require-hashes", "--no-deps", "--only-binary=:all:", "--requirement", str(REQUIREMENTS))
        self._run("download", *exactly, *which, "--dest", str(part))
        part.rename(self._wheels)

    def _build(self) -> None:
        part = self.archive.with_name(f"{self.archive.name}.part")
        with TemporaryDirectory() as folder:
            work = Path(folder)
            self._run("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(work), ".")
            [wheel] = work.glob("pgladder-*.whl")
            pinned = (self._checkout / REQUIREMENTS).read_text()
            # What the box installs, every wheel by its hash.
            (work / "release.txt").write_text(f"{pinned}./{wheel.name} --hash=sha256:{_sha256(wheel)}\n")
            for each in self._wheels.glob("*.whl"):
                shutil.copy(each, work)
            with tarfile.open(part, "w") as archive:
                archive.add(work, ".", filter=_of_root)
        part.rename(self.archive)

    def _remove_earlier(self) -> None:
        for path in self._house.glob(f"{self._kind}-*"):
            if path in (self._wheels, self.archive):
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _run(self, verb: str, *words: str) -> None:
        command = [*self._pip, verb, *QUIET, *words]
        subprocess.run(command, check=True, cwd=self._checkout, capture_output=True, text=True)


def _of_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Have a file be root's where it is unpacked, and nobody else's to write."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = 0o755 if member.isdir() else 0o644
    return member


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main(architecture: str, python: str) -> None:
    """Collect the wheels and print what Ansible asks for."""
    house = Wheelhouse(architecture, python)
    try:
        house.collect()
    except subprocess.CalledProcessError as error:
        complaint = str(error.stderr).strip()
        sys.exit(complaint.rpartition("\n")[2] or f"pip failed (exit code {error.returncode})")
    print(json.dumps({"release": house.release, "archive": str(house.archive)}))  # noqa: T201 - the answer


if __name__ == "__main__":
    main(*sys.argv[1:])
