"""Client processes on other machines: how they are dealt out, what clocks show there, what they report of themselves.

Each machine counts the time of its monotonic clock from its own start. The agent asks a process what its clock shows,
before the window and after it, and sends it the window in that clock's time; the quickest of several answers tells best
(Cristian, "Probabilistic clock synchronization", 1989). ``processes`` holds the conversation.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from threading import Thread
from time import monotonic_ns

from bench.model.endpoint import Endpoint
from bench.workload.messages import Job, Result, Window

SECOND_NS = 1_000_000_000
HELD_BACK_S = 0.05
"""From the end of the window until a process speaks: by then it has ended on the agent's clock too."""
LEFT_ALONE_S = 60.0
"""After its results a process ends by itself, if a connection that is gone without a word does not tell it to."""
WINDOW_WITHIN_S = 120.0
"""Of being ready: the agent waits for others half as long. Nor does a process wait for longer."""
READ_WITHIN_S = 0.1
"""A thread that is woken at the window's end has its turn by then."""
STAY = "stay"
"""Asked of a client box beside the release: a process there that gets no job, and keeps it for a run until the end."""
SIGN_OF_LIFE_S, SILENT_S = 20.0, 60.0
"""Such a process gets a line so often, and ends without: a connection may be gone without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientBox:
    """Another machine, on which client processes run."""

    name: str
    command: tuple[str, ...]
    """Starts one there; its standard streams are those of this command."""
    endpoint: Endpoint
    """How the server is reached from there."""


def dealt(jobs: Sequence[Job], boxes: Sequence[ClientBox]) -> list[tuple[ClientBox | None, Job]]:
    """Deal jobs out over client boxes, in turn; where there is none, all of them are for this machine."""
    if not boxes:
        return [(None, job) for job in jobs]
    found: list[tuple[ClientBox | None, Job]] = []
    for job, box in zip(jobs, cycle(boxes), strict=False):
        endpoint = replace(box.endpoint, synchronous_commit=job.endpoint.synchronous_commit)
        found.append((box, replace(job, endpoint=endpoint, elsewhere=True)))
    return found


# --- clocks ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """How far another machine's monotonic clock is ahead of ours."""

    ns: int
    uncertain_ns: int
    """How far that may be wrong: half of the round trip."""
    at_ns: int
    """When it was asked, on our clock."""


Answer = tuple[int, int, int]
"""When a clock was asked, by ours; what it showed; when the answer was here, by ours."""


def ahead(answers: Iterable[Answer]) -> Ahead:
    """Return how far a clock is ahead by several answers: the one that took least tells it best.

    >>> from bench.workload.client_boxes import ahead
    >>> ahead([(100, 1_090, 160), (200, 1_215, 220)])
    Ahead(ns=1005, uncertain_ns=10, at_ns=200)
    """
    asked, showed, answered = min(answers, key=lambda each: each[2] - each[0])
    return Ahead(ns=showed - (asked + answered) // 2, uncertain_ns=(answered - asked + 1) // 2, at_ns=asked)


def in_time_of(window: Window, clock: Ahead) -> Window:
    """Return a window of ours in the time of another clock."""
    return Window(opens_ns=window.opens_ns + clock.ns, closes_ns=window.closes_ns + clock.ns)


def in_our_time(result: Result, clock: Ahead) -> Result:
    """Return what was reported in the time of another clock in ours: its gaps are all that has moments in it."""
    if result.gaps is None:
        return result
    return replace(result, gaps=[(began - clock.ns, ended - clock.ns) for began, ended in result.gaps])


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCheck:
    """A clock before the window and after it."""

    box: str
    before: Ahead
    after: Ahead


# --- a process on such a machine -------------------------------------------------------------------------------------


class OwnTime:
    """The processors that this process keeps busy in the window, read by a thread that sleeps until then."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._readings: list[tuple[int, int]] = []
        """Our clock, and the CPU time of this process, in ns."""
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for moment in (self._window.opens_ns, self._window.closes_ns):
            _sleep_until(moment)
            self._readings.append((monotonic_ns(), time.process_time_ns()))

    def cores(self) -> float | None:
        """Return how many on average; None: the window did not come to its end."""
        self._thread.join(READ_WITHIN_S)
        if len(self._readings) < 2:
            return None
        (opened, before), (closed, after) = self._readings
        return (after - before) / (closed - opened)

    def add_to(self, results: Sequence[Result]) -> list[Result]:
        """Return the results with it, on the first; of a whole window once that has ended on every clock."""
        if not any(result.errors for result in results):
            _sleep_until(self._window.closes_ns + round(HELD_BACK_S * SECOND_NS))
        first, *others = results
        return [replace(first, cores=self.cores()), *others]


def _sleep_until(moment_ns: int) -> None:
    time.sleep(max(moment_ns - monotonic_ns(), 0) / SECOND_NS)
