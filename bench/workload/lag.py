"""How long an event loop keeps waiting what is ready: its lag, some twenty times a second.

A timer of the kernel's becomes readable, as an answer of the server's does; the loop reads it, and what it then
schedules has its turn.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from time import monotonic_ns

from bench.workload.messages import LoopLag
from bench.workload.timer import SECOND_NS, Timer

LOOKS_PER_S = 20
INSTANTS = Random()
"""Its own: another's seed stays another's."""
BLOCKED_NS = 1_000_000
"""A lag of so much is called blocked: a commit over loopback takes less where nothing is waited for."""


class Watch:
    """One timer on one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, opens_ns: int, closes_ns: int) -> None:
        """Set the timer.

        Raises:
            OSError: there is none in this system.

        """
        self._loop, self._opens_ns, self._closes_ns = loop, opens_ns, closes_ns
        # Added up, not kept: a window may last for days.
        self._moments = self._blocked = self._lag_ns = self._most_ns = 0
        self._next: asyncio.Handle | None = None
        self._timer = Timer(loop, self._ready)
        self._set(max(opens_ns, monotonic_ns()))

    def close(self) -> None:
        """Leave the loop alone."""
        # What was scheduled would set a timer whose number may be another file's by then.
        if self._next is not None:
            self._next.cancel()
        self._timer.close()

    def found(self) -> LoopLag:
        """Return what was seen within the window."""
        return LoopLag(
            moments=self._moments,
            lag_s=self._lag_ns / SECOND_NS,
            most_s=self._most_ns / SECOND_NS,
            blocked=self._blocked,
        )

    def _set(self, from_ns: int) -> None:
        # At irregular moments: rounds of commits may last as long as a step.
        self._due_ns = from_ns + round(INSTANTS.uniform(0.5, 1.5) / LOOKS_PER_S * SECOND_NS)
        self._timer.set(self._due_ns)

    def _ready(self) -> None:
        # As an answer is read first, and the task that waits for it is resumed in the loop's next turn.
        self._next = self._loop.call_soon(self._resumed)

    def _resumed(self) -> None:
        now = monotonic_ns()
        if self._due_ns < self._closes_ns:
            lag_ns = now - self._due_ns
            self._moments += 1
            self._lag_ns += lag_ns
            self._most_ns = max(self._most_ns, lag_ns)
            self._blocked += lag_ns >= BLOCKED_NS
            self._set(now)


@contextmanager
def watching(opens_ns: int, closes_ns: int) -> Iterator[Watch | None]:
    """Watch the running loop; None where the system has no such timer."""
    try:
        watch = Watch(asyncio.get_running_loop(), opens_ns, closes_ns)
    except OSError:
        yield None
        return
    try:
        yield watch
    finally:
        watch.close()
