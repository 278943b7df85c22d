"""The agent's side of the conversation with its processes: start, wait until ready, open the window, collect.

Processes are of their own process group: Ctrl-C reaches the agent alone, which then ends them in order.
"""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from itertools import chain
from selectors import EVENT_READ, DefaultSelector
from time import monotonic, monotonic_ns
from types import TracebackType
from typing import IO, Self, TypeVar

import msgspec

from bench.model.errors import PgladderError
from bench.workload.messages import Job, Ready, Result, Window

CLIENT = "bench.workload.client"
T = TypeVar("T")


class ClientFailedError(PgladderError, RuntimeError):
    """A client process could not connect, died, or did not answer in time."""


class Processes:
    """Processes of one trial, each a module with its job; as a context manager none of them outlives it."""

    def __init__(self, jobs: Iterable[tuple[str, object]]) -> None:
        self._errors: list[IO[bytes]] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        for module, job in jobs:
            self._errors.append(tempfile.TemporaryFile())  # noqa: SIM115 - closed in __exit__
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", module],  # -P: not what lies in this directory
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors[-1],
                process_group=0,
            )
            self._processes.append(process)
            send(process, job)

    @property
    def pids(self) -> list[int]:
        """Process ids, for accounting CPU time."""
        return [process.pid for process in self._processes]

    def wait_ready(self, timeout_s: float) -> float:
        """Wait until every process has its connections; return for how many seconds one still opens some.

        Raises:
            ClientFailedError: one of them could not connect.

        """
        deadline, connecting_s = monotonic() + timeout_s, 0.0
        for number in range(len(self._processes)):
            answer = self._answer(number, Ready, deadline)
            if answer.error:
                raise ClientFailedError(f"a client process could not connect: {answer.error}")
            connecting_s = max(answer.connecting_s, connecting_s)
        return connecting_s

    def go(self, window: Window) -> None:
        """Start the warm-up in every process at once."""
        for process in self._processes:
            send(process, window)

    def wait_until(self, moment_ns: int) -> bool:
        """Sleep until a moment of the monotonic clock; return early, and True, when a process has something to say."""
        with DefaultSelector() as selector:
            for process in self._processes:
                assert process.stdout is not None
                selector.register(process.stdout, EVENT_READ)
            # Who speaks before the window has closed has an error to report.
            while (left := moment_ns - monotonic_ns()) > 0:
                if selector.select(left / 1e9):
                    return monotonic_ns() < moment_ns
        return False

    def _answer(self, number: int, kind: type[T], deadline: float) -> T:
        return msgspec.json.decode(self._line(number, deadline), type=kind)

    def _line(self, number: int, deadline: float) -> bytes:
        process = self._processes[number]
        assert process.stdout is not None
        with DefaultSelector() as selector:
            selector.register(process.stdout, EVENT_READ)
            if not selector.select(max(deadline - monotonic(), 0)):
                raise ClientFailedError(f"client process {number} did not answer in time")
        if line := process.stdout.readline():
            return line
        # Its last line says what happened, in Python's words: those above it are the traceback.
        self._errors[number].seek(0)
        last = self._errors[number].read().decode(errors="replace").strip().splitlines()[-1:]
        raise ClientFailedError(f"client process {number} ended by {process.wait()}: {' '.join(last)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            if kind:
                process.kill()
            with process:  # closes its pipes, which ends it, and waits
                pass
        for errors in self._errors:
            errors.close()


class Clients(Processes):
    """The client processes that write."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        super().__init__((CLIENT, job) for job in jobs)

    def results(self, timeout_s: float) -> list[Result]:
        """Wait for what every process has to report of each of its writers.

        Raises:
            ClientFailedError: one died or did not answer in time; its rows cannot be accounted for.

        """
        deadline = monotonic() + timeout_s
        answers = (self._answer(number, list[Result], deadline) for number in range(len(self._processes)))
        return list(chain.from_iterable(answers))


def send(process: subprocess.Popen[bytes], thing: object) -> None:
    """Send a process a line."""
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # its silence is reported when its answer is due
        process.stdin.write(msgspec.json.encode(thing) + b"\n")
        process.stdin.flush()
