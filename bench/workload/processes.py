"""The agent's side of the conversation with its processes: start, wait until ready, open the window, collect.

Processes are of their own process group: Ctrl-C reaches the agent alone, which then ends them in order. Of a client on
a client box the process here is the ssh that leads to it: the conversation is the same, and ends with it.
"""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from selectors import EVENT_READ, DefaultSelector
from time import monotonic, monotonic_ns
from types import TracebackType
from typing import IO, Self, TypeVar

import msgspec

from bench.model.errors import PgladderError
from bench.workload.client_boxes import Ahead, Answer, ClientBox, ClockCheck, ahead, dealt, in_our_time, in_time_of
from bench.workload.messages import Job, Ready, Result, Window

CLIENT = "bench.workload.client"
CLOCK_LOOKS, CLOCK_TIMEOUT_S = 10, 10
"""At a clock before and after a window: one of them meets neither a busy processor nor a full network."""
T = TypeVar("T")


def of_module(module: str) -> tuple[str, ...]:
    """Return the command of a process of this machine that carries out a module."""
    return sys.executable, "-P", "-m", module  # -P: not what lies in this directory


class ClientFailedError(PgladderError, RuntimeError):
    """A client process could not connect, died, or did not answer in time."""


class Processes:
    """Processes of one trial, each a command with its job; as a context manager none of them outlives it."""

    def __init__(self, jobs: Iterable[tuple[Sequence[str], object]]) -> None:
        self._errors: list[IO[bytes]] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        for command, job in jobs:
            self._errors.append(tempfile.TemporaryFile())  # noqa: SIM115 - closed in __exit__
            process = subprocess.Popen(
                command,
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
                raise ClientFailedError(f"a client process{self._where(number)} could not connect: {answer.error}")
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
                raise ClientFailedError(f"client process {number}{self._where(number)} did not answer in time")
        if line := process.stdout.readline():
            return line
        # Its last line says what happened, in Python's words: those above it are the traceback.
        self._errors[number].seek(0)
        last = self._errors[number].read().decode(errors="replace").strip().splitlines()[-1:]
        ended = f"client process {number}{self._where(number)} ended by {process.wait()}"
        raise ClientFailedError(f"{ended}: {' '.join(last)}")

    def _where(self, number: int) -> str:  # noqa: ARG002 - for those that are not all here
        """Return where a process runs, in words that follow it; nothing where that is this machine."""
        return ""

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
    """The client processes that write: on this machine, or dealt out over client boxes."""

    def __init__(self, jobs: Sequence[Job], boxes: Sequence[ClientBox] = ()) -> None:
        given = dealt(jobs, boxes)
        self._boxes = [box for box, _ in given]
        self._clocks: dict[int, Ahead] = {}
        """By process on a client box, before the window."""
        self.clock_checks: list[ClockCheck] = []
        """Once the results are there, of each process on a client box."""
        self.kept_busy: list[tuple[str, float]] = []
        """Once the results are there, of each process on a client box that knows: the box, and the cores it used."""
        super().__init__((box.command if box else of_module(CLIENT), job) for box, job in given)

    @property
    def elsewhere(self) -> bool:
        """Whether they run on other machines."""
        return any(self._boxes)

    def look_at_clocks(self) -> None:
        """See what clocks show on client boxes; comes before the window.

        Raises:
            ClientFailedError: one died or did not answer in time.

        """
        for number, box in enumerate(self._boxes):
            if box:
                self._clocks[number] = self._look_at_clock(number)

    def go(self, window: Window) -> None:
        """Start the warm-up in every process at once, by the clock that each of them has."""
        for number, process in enumerate(self._processes):
            clock = self._clocks.get(number)
            send(process, in_time_of(window, clock) if clock else window)

    def results(self, timeout_s: float) -> list[Result]:
        """Wait for what every process has to report of each of its writers, and look at clocks again.

        Raises:
            ClientFailedError: one died or did not answer in time; its rows cannot be accounted for.

        """
        deadline, found = monotonic() + timeout_s, list[Result]()
        for number in range(len(self._processes)):
            results = self._answer(number, list[Result], deadline)
            box = self._boxes[number]
            if box and results[0].cores is not None:
                self.kept_busy.append((box.name, results[0].cores))
            if clock := self._clocks.get(number):
                results = [in_our_time(result, clock) for result in results]
            found += results
        for number, box in enumerate(self._boxes):
            if box:
                after = self._look_at_clock(number)
                self.clock_checks.append(ClockCheck(box=box.name, before=self._clocks[number], after=after))
        return found

    def _look_at_clock(self, number: int) -> Ahead:
        deadline = monotonic() + CLOCK_TIMEOUT_S
        answers: list[Answer] = []
        for _ in range(CLOCK_LOOKS):
            asked = monotonic_ns()
            send(self._processes[number], None)
            showed = self._answer(number, int, deadline)
            answers.append((asked, showed, monotonic_ns()))
        return ahead(answers)

    def _where(self, number: int) -> str:
        box = self._boxes[number]
        return f" on the client box {box.name}" if box else ""


def send(process: subprocess.Popen[bytes], thing: object) -> None:
    """Send a process a line."""
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # its silence is reported when its answer is due
        process.stdin.write(msgspec.json.encode(thing) + b"\n")
        process.stdin.flush()
