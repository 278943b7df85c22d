"""A file system whose power can be cut, from outside: mounted, cut, gone. ``mounted`` is the process behind it."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from ctypes.util import find_library
from pathlib import Path
from select import select
from tempfile import TemporaryFile
from typing import IO

import msgspec

from bench.engines.postgresql.owner import Owner
from bench.model.cuts import Forgotten
from bench.model.errors import HostError, PgladderError
from bench.model.language import tr
from bench.model.signals import held_back
from bench.power.order import MOUNTED, Cut, Look
from bench.probes.system_packages import how_to_install

DEVICE = Path("/dev/fuse")
UNMOUNT = "fusermount3"
ANSWER_TIMEOUT_S = 60
"""For what takes a second at most: to mount, or to forget."""


class PowerError(PgladderError, RuntimeError):
    """The file system did not mount, or did not answer."""


def check_fuse() -> None:
    """See that file systems of users can be mounted here.

    Raises:
        HostError: they can't; names the package.

    """
    if not DEVICE.exists():
        raise HostError(
            tr(
                "Cuts need a file system in user space, and there is no {device}: load the kernel's module (modprobe"
                " fuse); a container needs the device from its host.",
                device=DEVICE,
            )
        )
    if not shutil.which(UNMOUNT) or not find_library("fuse3"):
        how = how_to_install("cuts")
        raise HostError(tr("Cuts need {program} and its library: {how}.", program=UNMOUNT, how=how))
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        raise HostError(
            tr(
                "Cuts need {device}, which this user may not open here: have root do chmod 666 {device}, as most"
                " systems do.",
                device=DEVICE,
            )
        )


class Cuttable:
    """The files of a directory, which is the disk, seen at a mount point; both are the owner's."""

    def __init__(self, owner: Owner, directory: Path, mount: Path) -> None:
        self._owner, self._directory, self._mount = owner, directory, mount
        self._process: subprocess.Popen[str] | None = None
        self._said: IO[bytes] | None = None
        """Its errors: a pipe that nobody reads would stop it once it is full."""

    def begin(self) -> None:
        """Mount it.

        Raises:
            PowerError: it can't be; says why.

        """
        self._owner.do("mkdir", "-p", self._mount)
        user = [self._owner.user.pw_name] if os.geteuid() == 0 else []
        self._said = TemporaryFile()  # noqa: SIM115 - as long as the process
        # Started with our rights: the owner need not be able to read our code. Ctrl-C reaches us alone.
        with held_back():
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "bench.power.mounted", self._directory, self._mount, *user],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                text=True,
                errors="replace",
                process_group=0,
            )
        if self._answer() != MOUNTED:
            raise PowerError(
                tr(
                    "The file system that forgets did not mount at {path}: {why}",
                    path=self._mount,
                    why=self._complaint(),
                )
            )

    def cut(self, seed: int, *, torn: bool) -> Forgotten:
        """Cut the power; the directory holds what is left.

        Raises:
            PowerError: it did not answer: what is left is not what a cut leaves.

        """
        assert self._process is not None
        answer = self._asked(msgspec.json.encode(Cut(seed=seed, torn=torn)).decode())
        forgotten = msgspec.json.decode(answer, type=Forgotten)
        self.close()
        return forgotten

    def held_blocks(self, below: str) -> int:
        """Return how many blocks of a file, or of those below a directory, are not flushed. Raises as ``cut``."""
        answer = self._asked(msgspec.json.encode(Look(below=below)).decode())
        return int(answer)

    def close(self) -> None:
        """End it and unmount, cut or not."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(BrokenPipeError):
                    _pipe(pipe).close()
            try:
                self._process.wait(ANSWER_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._said is not None:
            self._said.close()
            self._said = None
        unmount(self._mount)

    def _asked(self, order: str) -> str:
        assert self._process is not None
        with suppress(BrokenPipeError):
            _pipe(self._process.stdin).write(order + "\n")
            _pipe(self._process.stdin).flush()
        answer = self._answer()
        if not answer:
            raise PowerError(
                tr(
                    "The file system at {path} ended before its power was cut: {why}",
                    path=self._mount,
                    why=self._complaint(),
                )
            )
        return answer

    def _answer(self) -> str:
        """Return a line of its output; empty where it ended, or is silent for too long."""
        assert self._process is not None
        output = _pipe(self._process.stdout)
        if not select([output], [], [], ANSWER_TIMEOUT_S)[0]:
            return ""
        return output.readline().strip()

    def _complaint(self) -> str:
        assert self._process is not None
        assert self._said is not None
        self._process.kill()
        self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def unmount(mount: Path) -> None:
    """Unmount what is mounted there, if anything is.

    Raises:
        PowerError: it can't be.

    """
    if not is_mounted(mount):
        return
    command: list[str | Path] = [UNMOUNT, "-u", "-z", mount]
    if os.geteuid() == 0:
        command = ["umount", "--lazy", mount]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if is_mounted(mount):
        raise PowerError(
            tr(
                "{path} can't be unmounted: {why}; as root: umount -l {path}",
                path=mount,
                why=done.stderr.strip(),
            )
        )


def is_mounted(mount: Path) -> bool:
    """Return whether something is mounted there: by the kernel's list, as one whose process died answers nothing."""
    # Blanks and the like are written in octal there (proc(5)).
    escaped = str(mount)
    for each in "\\ \t\n":
        escaped = escaped.replace(each, f"\\{ord(each):03o}")
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return any(line.split(" ")[4] == escaped for line in lines)
