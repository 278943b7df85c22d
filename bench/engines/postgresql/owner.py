"""The user who owns a cluster: what lies in his directories is read and written with his rights alone.

As root we would otherwise follow, with root's rights, links that he (or a server that was taken over) put there.
"""

import os
import pwd
import subprocess
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.model.signals import held_back
from bench.store.files import PART

PUT = 'umask 077; cat >"$1"'
REPLACE = 'sync "$1" && mv -fT "$1" "$2" && sync "$3"'


def ordinary_user() -> pwd.struct_passwd:
    """Return the user a server of ours runs as: ourselves, or as root ``postgres`` or ``nobody``."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    known = {user.pw_name: user for user in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


class Owner:
    """Acts as a user; as ourselves where we are no root, who alone may be somebody else."""

    def __init__(self, user: pwd.struct_passwd | None = None) -> None:
        self.user = user or pwd.getpwuid(os.geteuid())

    def command(self, *command: str | Path, die_with_us: bool = False) -> list[str | Path]:
        """Return a command as the owner's; ``die_with_us``: it is told to quit when we end, however that is."""
        ids = [f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--init-groups"]
        options = []
        if os.geteuid() == 0:
            options += ids
        if die_with_us:
            options += ["--pdeathsig", "QUIT"]
        if not options:
            return list(command)
        return ["setpriv", *options, "--", *command]

    def run(self, command: Sequence[str | Path], text: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command, with this text as its input; whatever interrupts us, it has ended when this does."""
        arguments, pipe = self.command(*command), subprocess.PIPE
        with ExitStack() as ended:
            with held_back():
                process = subprocess.Popen(
                    arguments, stdin=pipe, stdout=pipe, stderr=pipe, text=True, errors="replace", cwd="/"
                )
                ended.enter_context(process)
                ended.callback(_end, process)
            output, errors = process.communicate(text)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def start(self, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start a server that ends when we do; Ctrl-C in a terminal reaches the agent alone, which ends it in order."""
        # The kernel signals the end of the thread that started it, and not of the process (prctl(2), PR_SET_PDEATHSIG).
        in_main = threading.current_thread() is threading.main_thread()
        assert in_main, "a server ends with the thread that starts it: start it in the main thread"
        return subprocess.Popen(
            self.command(*command, die_with_us=True),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
            cwd="/",
        )

    def do(self, *command: str | Path, text: str = "") -> str:
        """Run a command that is to succeed; return its output.

        Raises:
            OSError: it does not; says what it complains of.

        """
        done = self.run(command, text)
        if done.returncode:
            raise OSError(f"{done.stderr.strip() or f'exit code {done.returncode}'} (as user {self.user.pw_name})")
        return done.stdout

    def put(self, path: Path, text: str) -> None:
        """Write a file, to be read by the owner alone. Raises as ``do``."""
        self.do("sh", "-c", PUT, "sh", path, text=text)

    def write(self, path: Path, text: str) -> None:
        """Replace a file in one step; it is on the disk when this returns. Raises as ``do``."""
        part = path.with_name(path.name + PART)
        # A reader, a start after a crash included, finds the one or the other, never half of it.
        self.put(part, text)
        self.replace(part, path)

    def replace(self, part: Path, path: Path) -> None:
        """Move a file in the place of another, on the disk too."""
        self.do("sh", "-c", REPLACE, "sh", part, path, path.parent)


def _end(process: subprocess.Popen[str]) -> None:
    """End it where it runs, and wait: an ``rm`` still under way would meet the one that tidies up.

    ``subprocess.run`` does not wait after Ctrl-C (Python 3.11).
    """
    if process.poll() is None:
        process.kill()
        process.wait()
