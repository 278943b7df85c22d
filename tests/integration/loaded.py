"""A process that has loaded pgladder, and carries out each command in a copy of itself.

Most of what a refusal or a question about a run takes is the loading. A copy is a process of its own, as the command's
is: its arguments, directory, environment and streams are those that it is given, and it ends with the command's code.
What initdb makes is made once, and copied for each private server. Commands that are started otherwise (by a shell, as
another user, from a wheel) are loaded, and have initdb do its work: that is tested with them.
"""

import atexit
import ctypes
import gc
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from select import select
from time import monotonic
from typing import Any

from bench.engines.postgresql.private import PrivateServer
from bench.report import page

FROM_THE_START = ("LC_", "LANG", "LD_", "PYTHON")
"""How the names of variables begin that mean nothing to a program once it runs."""
MOST_BYTES = 1 << 17
PR_SET_PDEATHSIG = 1  # linux/prctl.h
WANTED = (
    "bench.agent.fingerprint",
    "bench.agent.run",
    "bench.cli.ask",
    "bench.cli.main",
    "bench.engines.postgresql.engine",
    "bench.questions.compare",
    "bench.questions.explain",
    "bench.questions.ladder",
    "bench.questions.report",
    "bench.questions.slo",
    "bench.questions.sweep",
    "bench.report.page",
    "bench.report.progress",
    "bench.targets.watched",
    "bench.workload.drivers.asyncpg",
    "bench.workload.drivers.psycopg2",
    "jinja2",
)


PASSWORD = "of-a-copy"
KEEP = 'cp -a "$1" "$2.$$" && mv -T "$2.$$" "$2"'
"""Whole, whoever makes it and whenever that is ended."""
AGE = """
umask 077
for number in $(seq 2 11); do truncate --size=16M "$1/pg_wal/$(printf 0000000100000000%08X "$number")"; done
"""
"""Lets WAL files lie ready, as in a cluster that has run for a while. A trial of 2 s finds 8 or has them written first:
in most tests that is most of what is written."""
LIKE_NEW = "PoweredServer"
"""Its WAL files are made on the disk that forgets."""


def copied(server: PrivateServer, kept: Path, made: Callable[[PrivateServer], None]) -> None:
    """Have a cluster that initdb made before, or now, and keep it for others."""
    server._reach = replace(server._reach, password=PASSWORD)
    new = type(server).__name__ == LIKE_NEW
    place = kept / "-".join(["new" if new else "aged", *server._bin.parts[1:]])
    if place.exists():
        server._owner.do("cp", "-a", place, server._data)
        return
    made(server)
    if not new:
        server._owner.do("sh", "-c", AGE, "sh", server._data)
    server._owner.run(["sh", "-c", KEEP, "sh", server._data, place])


class Loaded:
    """The way to it; it ends with us, and what it carries out with it."""

    def __init__(self, kept: Path) -> None:
        self._door, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._environment = _from_the_start(os.environ)
        self._codes: dict[int, int] = {}
        """Of commands that came to their end, by process."""
        with its:
            command = [sys.executable, __file__, str(its.fileno()), kept]
            self._process = subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, pass_fds=[its.fileno()])
        atexit.register(self._end)

    def takes(self, environment: Mapping[str, str]) -> bool:
        """Return whether a command may have this environment."""
        return _from_the_start(environment) == self._environment

    def start(self, command: Sequence[str], cwd: Path, environment: Mapping[str, str], streams) -> "Copy":
        """Carry out a command, with these as standard input, output and error."""
        asked = {"command": command, "cwd": str(cwd), "environment": dict(environment)}
        socket.send_fds(self._door, [json.dumps(asked).encode()], [each.fileno() for each in streams])
        while not isinstance(heard := self._hear(), int):
            pass
        return Copy(heard, self)

    def code(self, copy: int, until: float | None) -> int | None:
        """Return the exit code of a copy, waited for until a time of the monotonic clock, or for ever."""
        while copy not in self._codes:
            seconds = None if until is None else max(until - monotonic(), 0)
            if not select([self._door], [], [], seconds)[0]:
                return None
            self._hear()
        return self._codes[copy]

    def _hear(self) -> int | None:
        """Hear of a copy that begins, and return it, or that ended."""
        said = self._door.recv(MOST_BYTES).split()
        if not said:
            raise OSError("the process that has loaded pgladder is gone")
        if len(said) == 1:
            return int(said[0])
        self._codes[int(said[0])] = int(said[1])
        return None

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._door.close()


class Copy:
    """A copy that carries out a command; what is asked of it is what is asked of ``subprocess.Popen``."""

    def __init__(self, pid: int, loaded: Loaded) -> None:
        self.pid, self._loaded = pid, loaded

    @property
    def returncode(self) -> int | None:
        """Its exit code, once it was asked for and had ended."""
        return self.poll()

    def poll(self) -> int | None:
        """Return its exit code if it has ended."""
        return self._loaded.code(self.pid, monotonic())

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        code = self._loaded.code(self.pid, None if timeout is None else monotonic() + timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Tell it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def _from_the_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(FROM_THE_START)}


def serve(door: socket.socket) -> list[str] | None:
    """Wait for commands: return each in a copy that is to carry it out, and in the end None."""
    copies: dict[int, int] = {}
    while True:
        ready, *_ = select([door, *copies], [], [])
        for ended in copies.keys() & {*ready}:
            _, status = os.waitpid(copies[ended], 0)
            door.send(f"{copies.pop(ended)} {os.waitstatus_to_exitcode(status)}".encode())
            os.close(ended)
        if door not in ready:
            continue
        message, streams, *_ = socket.recv_fds(door, MOST_BYTES, 3)
        if not message:
            return None
        asked = json.loads(message)
        copy = os.fork()
        if not copy:
            for each in (door.detach(), *copies):
                os.close(each)
            become(asked, streams)
            return list(asked["command"])
        for stream in streams:
            os.close(stream)
        copies[os.pidfd_open(copy)] = copy
        door.send(str(copy).encode())


def become(asked: Mapping[str, Any], streams: Sequence[int]) -> None:
    """Take on what a command is given."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])


if __name__ == "__main__":
    from importlib import import_module

    # Ctrl-C is told to the tests.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for module in WANTED:
        import_module(module)
    initdb, kept = PrivateServer._initdb, Path(sys.argv[2])
    PrivateServer._initdb = lambda server: copied(server, kept, initdb)
    page._template()  # compiled once
    gc.freeze()
    if command := serve(socket.socket(fileno=int(sys.argv[1]))):
        from bench.cli.start import main

        sys.argv = command
        main()
