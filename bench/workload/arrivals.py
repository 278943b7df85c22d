"""What comes at a rate, whoever is ready for it: the schedule of an open loop, and what a client process takes of it.

The schedule depends on the trial's seed and the writer alone, never on what has become of what came before: a server
that stands still finds all of it waiting. As ``pgbench --rate``: who is free takes what was due longest, latency counts
from when it was due, and what could not begin within the limit is skipped. Source: PostgreSQL 17 manual, "pgbench".
"""

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from math import log

from bench.model.plan import POISSON, Parameters
from bench.model.values import Arrivals
from bench.workload.messages import Window

SECOND_NS = 1_000_000_000
MILLISECOND_NS = 1_000_000
AHEAD = 64
"""Of an independent schedule so many are drawn at a time."""
LATE_NS = MILLISECOND_NS
"""From here on what begins is late: the kernel wakes who sleeps within a tenth of it."""


Collected = tuple[Sequence[int], int]
"""Of rows that were collected for one commit: when each was due, and when it could begin. A named tuple takes six times
as long to make."""
Came = int | Collected
"""What one commit is made of: one that is due by itself is when it was due, and could begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Of what comes, what a client process takes: each of ``of`` has as much."""

    per_s: float
    """What is due in a second, over all client processes."""
    arrivals: Arrivals
    number: int
    """Of the process, from 1 on."""
    of: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """So many times the rate from one moment to another, in ns of the clock."""

    times: float
    opens_ns: int
    ends_ns: int


def surge_of(parameters: Parameters, window: Window) -> Surge | None:
    """Return the surge of a window: in its first half; None: there is none."""
    if parameters.surge is None:
        return None
    middle_ns = (window.opens_ns + window.closes_ns) // 2
    return Surge(times=parameters.surge, opens_ns=window.opens_ns, ends_ns=middle_ns)


def with_surge(dues: Iterator[int], begins_ns: int, surge: Surge) -> Iterator[int]:
    """Yield when what is due at a steady rate is due with a surge: there time goes by so much faster, and only there.

    So independent arrivals stay independent, and even ones even, whatever the schedule is.
    """
    before_ns = max(surge.opens_ns - begins_ns, 0)
    """Of the steady schedule, as all below."""
    ends_ns = before_ns + (surge.ends_ns - surge.opens_ns) * surge.times
    for due in dues:
        at_ns = due - begins_ns
        if at_ns <= before_ns:
            yield due
        elif at_ns <= ends_ns:
            yield surge.opens_ns + round((at_ns - before_ns) / surge.times)
        else:
            yield surge.ends_ns + round(at_ns - ends_ns)


def moments(share: Share, begins_ns: int) -> Iterator[int]:
    """Yield when something is due for a client process, in ns of its clock, for ever.

    Independent schedules of equal rates are together one of their sum; even ones take turns.
    """
    step_ns = SECOND_NS * share.of / share.per_s
    if share.arrivals == POISSON:
        return chain.from_iterable(_independent(share, step_ns, begins_ns))
    first_ns = begins_ns + step_ns * share.number / share.of
    return (round(first_ns + due * step_ns) for due in count())


def _independent(share: Share, step_ns: float, begins_ns: int) -> Iterator[list[int]]:
    """Yield some at a time: with one at a time schedule and recorder together take a twentieth longer."""
    # A seed as text is hashed whole; sums of two numbers would be alike for neighbours.
    draw, mean = random.Random(f"{share.seed} {share.number}").random, 1 / step_ns
    due_ns = float(begins_ns)
    while True:
        # One by one: whole columns of these take a seventh longer.
        some = []
        for _ in range(AHEAD):
            due_ns -= log(1.0 - draw()) / mean  # as expovariate has it; to call that takes a fifth of the time longer
            some.append(round(due_ns))
        yield some


def rows_of(came: Came) -> int:
    """Return how many were collected; of one that is due by itself 1: it may be a whole batch that is due."""
    return 1 if isinstance(came, int) else len(came[0])


def limit_ns(parameters: Parameters) -> int | None:
    """Return after which time what has not begun is skipped; None: it is begun, however late."""
    limit_ms = parameters.latency_limit
    return None if limit_ms is None else round(limit_ms * MILLISECOND_NS)


class Coming:
    """What comes for one client process."""

    def __init__(self, due: Iterator[int], parameters: Parameters, window: Window) -> None:
        self.collects = parameters.collects
        """Rows come one by one, several of them for a commit."""
        self.limit_ns = limit_ns(parameters)
        self.skipped = self.late_while_free = 0
        """Of what could begin in the window."""
        self._due, self._window = due, window
        self._most = parameters.batch if parameters.collects else 1
        self._wait_ns = round((parameters.collect_ms or 0) * MILLISECOND_NS)
        self._next: deque[int] = deque()
        """What is due next: as many as decide when the next commit may begin."""
        self.ready_ns = 0
        """When the next commit may begin."""
        self._look()

    def take(self, now_ns: int, *, was_free: bool) -> Came | None:
        """Return what is to be committed now, None where nothing is yet; ``was_free``: who asks had waited for it."""
        came: Came
        while (ready_ns := self.ready_ns) <= now_ns:
            if self._most == 1:  # the same with fewer steps: of a schedule's cost this is a third
                came = ready_ns
                self.ready_ns = next(self._due)
            else:
                came = self._collect(now_ns), ready_ns
            lag_ns = now_ns - ready_ns
            if self.limit_ns is not None and lag_ns > self.limit_ns:
                self.skipped += self._inside(ready_ns) * rows_of(came)
                continue
            if was_free and lag_ns >= LATE_NS:
                self.late_while_free += self._inside(ready_ns) * rows_of(came)
            return came
        return None

    def close(self) -> list[int]:
        """Return since when is due what could have begun in the window and did not: it is not taken any more."""
        self.limit_ns = None  # however long it has waited, nobody skipped it
        waiting: list[int] = []
        while (came := self.take(self._window.closes_ns - 1, was_free=False)) is not None:
            dues, ready_ns = ((came,), came) if isinstance(came, int) else came
            if self._inside(ready_ns):
                waiting += dues
        return waiting

    def _inside(self, ready_ns: int) -> bool:
        return self._window.opens_ns <= ready_ns < self._window.closes_ns

    def _collect(self, now_ns: int) -> list[int]:
        """Take what has come by now, no more than one commit holds, and look what is next."""
        dues = [self._next.popleft()]
        while len(dues) < self._most and self._first() <= now_ns:
            dues.append(self._next.popleft())
        self._look()
        return dues

    def _first(self) -> int:
        if not self._next:
            self._next.append(next(self._due))
        return self._next[0]

    def _look(self) -> None:
        """Find when the next commit may begin: when its batch is full, or its first row has waited."""
        if self._most == 1:
            self.ready_ns = next(self._due)
            return
        latest = self._first() + self._wait_ns
        while len(self._next) < self._most and self._next[-1] < latest:
            self._next.append(next(self._due))
        full = self._next[self._most - 1] if len(self._next) >= self._most else latest
        self.ready_ns = min(full, latest)
