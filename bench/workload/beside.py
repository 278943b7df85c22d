"""What works beside the writers of a trial: readers (``readers``), and what deletes the oldest rows.

That is done by DELETE (``retention``) or by dropping the oldest partitions (``dropping``).

Each is a client process of its own, so that none waits for another's turn. The conversation, a JSON line each: job →
``Ready`` → window → what came of it, once the window has closed or a line says to stop → end of input. Until that end
connections stay open. The agent's side of it is here too; nothing of it loads a driver.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic, monotonic_ns
from typing import Any, Protocol

import msgspec

from bench.model.endpoint import Endpoint
from bench.model.plan import Parameters
from bench.workload.messages import DRAIN_TIMEOUT_S, Ready, Window
from bench.workload.processes import Processes, of_module, send

READERS, RETENTION, DROPPING = "bench.workload.readers", "bench.workload.retention", "bench.workload.dropping"
SECOND_NS = 1_000_000_000
MARKS = 1 << 61
"""Marks add up modulo this: a sum that JSON's readers keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideJob:
    """What one such process is asked to do."""

    parameters: Parameters
    endpoint: Endpoint
    seed: int
    readers_endpoint: Endpoint | None = None
    """Where readers read; None: where everybody else works."""
    partitions_by_time: int = 0
    """Into so many the rows that are kept are divided, and the oldest is dropped; 0: rows are deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadersResult:
    """What readers read in the window."""

    reads: int = 0
    rows: int = 0
    empty: int = 0
    """Reads that returned no row."""
    latency_hdr: str = ""
    stale_hdr: str = ""
    """Of the age of the newest row, each time that it was looked at in the window; empty: there was none."""
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What was deleted of one writer's rows, over the whole trial."""

    rows: int
    lowest: int
    highest: int
    """The ends of their stamps."""
    marks: int
    """The sum of their marks: a hash of stamp and payload each (``retention``)."""
    transactions: int
    """That wrote them; one whose rows several steps deleted is counted by each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionResult:
    """What was deleted over the whole trial, and what of it in the window."""

    deleted: dict[int, Deleted] = field(default_factory=dict)
    """By writer; what was there before the trial has none, and a number below 0."""
    steps: int = 0
    """Statements that deleted some, over the whole trial."""
    rows_in_window: int = 0
    steps_in_window: int = 0
    step_max_ns: int | None = None
    most_rows: int = 0
    """The most that there were in the window, as a step began."""
    dropped: list[int] | None = None
    """Rows of each partition that was dropped in the window; None: rows were deleted."""
    outside: int = 0
    """Rows of writers that fitted no partition, over the whole trial."""
    transactions: int = 0
    """At most so many more than those that deleted: what made partitions, and what gave up."""
    errors: list[str] = field(default_factory=list)


class Worker(Protocol):
    """What one such process does."""

    errors: tuple[type[BaseException], ...]
    """What its driver raises where a connection or a statement fails."""

    async def open(self) -> None:
        """Connect, and prepare what is needed before anybody writes."""
        ...

    async def run(self, window: Window, stop: asyncio.Event) -> ReadersResult | RetentionResult:
        """Work until the window closes or it is told to stop; return what came of it, errors included."""
        ...


def in_a_line(error: BaseException) -> str:
    """Return an error as it is reported; a server's message may be a page long."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


# --- the process -----------------------------------------------------------------------------------------------------


def main(make: Callable[[BesideJob], Worker]) -> None:
    """Hold the conversation over standard input and output."""
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=BesideJob)
    asyncio.run(_converse(make(job)))


async def _converse(worker: Worker) -> None:
    try:
        await worker.open()
    except worker.errors as error:
        _say(Ready(error=in_a_line(error)))
        return
    _say(Ready())
    # In a thread: a worker may have something to do meanwhile.
    window = msgspec.json.decode(await asyncio.to_thread(sys.stdin.buffer.readline), type=Window)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=_listen, args=(tell,), daemon=True).start()
    _say(await worker.run(window, stop))
    # Connections stay open until our input ends, and we with it: they are what the agent reads the CPU time of.
    await asyncio.Event().wait()


def _listen(tell: Callable[[], None]) -> None:
    """Tell of the line that says to stop; end with our input, as ``client`` does."""
    while os.read(sys.stdin.fileno(), 64):
        tell()
    os._exit(0)


def _say(thing: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(thing) + b"\n")
    sys.stdout.buffer.flush()


# --- the agent's side ------------------------------------------------------------------------------------------------


class Beside(Processes):
    """The processes that work beside the writers of a trial, if any; as a context manager none outlives it."""

    def __init__(self, job: BesideJob) -> None:
        deleting = DROPPING if job.partitions_by_time else RETENTION
        asked = (READERS, ReadersResult, job.parameters.readers), (deleting, RetentionResult, job.parameters.retain)
        self._kinds: list[tuple[str, Any]] = [(module, kind) for module, kind, wanted in asked if wanted]
        super().__init__((of_module(module), job) for module, _ in self._kinds)

    def results(self) -> tuple[ReadersResult | None, RetentionResult | None]:
        """Tell them to stop, if the window's end did not, and wait for what they report; None where there is none.

        Raises:
            ClientFailedError: one died or did not answer in time: what it deleted cannot be accounted for.

        """
        for process in self._processes:
            send(process, "stop")
        found: dict[type, Any] = {}
        deadline = monotonic() + DRAIN_TIMEOUT_S
        for number, (_, kind) in enumerate(self._kinds):
            found[kind] = self._answer(number, kind, deadline)
        return found.get(ReadersResult), found.get(RetentionResult)


def is_inside(window: Window, moment_ns: int) -> bool:
    """Return whether a moment lies in the window."""
    return window.opens_ns <= moment_ns < window.closes_ns


async def pause(stop: asyncio.Event, until_ns: int) -> None:
    """Wait until a moment of the monotonic clock, or until it is told to stop."""
    left_s = (until_ns - monotonic_ns()) / SECOND_NS
    if left_s <= 0:
        await asyncio.sleep(0)
        return
    try:
        await asyncio.wait_for(stop.wait(), left_s)
    except TimeoutError:
        return
