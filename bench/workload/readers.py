"""Readers beside the writers: sessions that read again once they have an answer, or at a ratio to what is written.

``point`` asks for a row by its key, chosen at random among those that are surely there; ``recent`` for the newest rows.
Which are surely there, and how many have come, is known by asking for the newest row's number some ten times a second;
its age then is how stale what readers see is, on a standby as on the primary.
"""

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from time import monotonic_ns
from typing import Any

from bench.model.table import Table
from bench.stats.histogram import new_histogram
from bench.workload import beside
from bench.workload.beside import SECOND_NS, BesideJob, ReadersResult, in_a_line, is_inside, pause
from bench.workload.drivers.asyncpg import DRIVER
from bench.workload.messages import Window
from bench.workload.recorder import Recorder

FOLLOW_NS = SECOND_NS // 10
"""From one look at the newest row to the next."""
SETTLED_NS = SECOND_NS // 2
"""A row that was seen so long ago, and those numbered before it, were committed meanwhile: commits take less."""
MOST_STALE_US = 3_600_000_000
"""Of an age, which the rows of a preloaded table may exceed."""
WAIT_NS = SECOND_NS // 200
"""For a read that is not due, or for the first row."""
ENDS = "SELECT min(id), max(id) FROM {table}"
NEWEST = """
    SELECT id, (extract(epoch FROM clock_timestamp() - created_at) * 1000000)::bigint
    FROM {table} ORDER BY id DESC LIMIT 1"""
"""Its age is from when its transaction began; both servers have the clock of this machine."""
STATEMENTS = {
    "point": "SELECT id, device_id, payload, created_at FROM {table} WHERE id = $1",
    "recent": "SELECT id, device_id, payload, created_at FROM {table} ORDER BY id DESC LIMIT 100",
}


class Newest:
    """The number of the newest row, as it was at some moments: numbers rise by one a row."""

    def __init__(self, oldest: int | None, newest: int | None) -> None:
        """Begin with what is there before anybody writes; None: there is no row."""
        self.oldest = oldest or 1
        self.at_first = newest or 0
        # Nobody was writing: these were committed long ago.
        self._seen = deque([(0, self.at_first)])

    def note(self, at_ns: int, newest: int | None) -> None:
        """Take note of the newest row at a moment."""
        self._seen.append((at_ns, newest or self.at_first))
        while len(self._seen) > 1 and self._seen[1][0] <= at_ns - SETTLED_NS:
            self._seen.popleft()

    @property
    def settled(self) -> int:
        """The number up to which all rows are committed."""
        return self._seen[0][1]

    @property
    def last(self) -> int:
        """The number of the newest row that was seen."""
        return self._seen[-1][1]

    def surely_there(self, retain: int) -> tuple[int, int] | None:
        """Return the first and the last number of rows that are surely there; None: there is none.

        Of a table that keeps ``retain`` rows, those are left out that may be deleted before they are asked for: as many
        as came since the settled one. Where no row is left, the middle one is the surest.
        """
        first, last = self.oldest, self.settled
        if retain:
            first = max(first, self.last - retain + 1 + self.last - last)
        if first > last > 0 and retain:
            first = last = max((first + last) // 2, 1)
        return (first, last) if 0 < first <= last else None

    def come(self, now_ns: int) -> float:
        """Return how many rows have come: between two looks as many as at the rate of the last ones."""
        at_ns, newest = self._seen[-1]
        come = float(newest - self.at_first)
        before_ns, before = self._seen[-2] if len(self._seen) > 1 else (0, newest)
        if before_ns and at_ns > before_ns:
            come += (newest - before) * min((now_ns - at_ns) / (at_ns - before_ns), 1.0)
        return come


class Readers:
    """All readers of a trial."""

    errors: tuple[type[BaseException], ...] = DRIVER.errors

    def __init__(self, job: BesideJob) -> None:
        self.job, self.parameters = job, job.parameters
        self._endpoint = job.readers_endpoint or job.endpoint
        table = Table(schema=self._endpoint.schema).sql
        self._ends, self._newest = ENDS.format(table=table), NEWEST.format(table=table)
        self._statement = STATEMENTS[self.parameters.reads].format(table=table)
        self._chance = random.Random(f"{job.seed}/readers")
        self._connections: Sequence[Any] = ()
        self._stale = new_histogram()
        self.newest: Newest
        self.window: Window
        self.recorder: Recorder
        self.stop: asyncio.Event
        self.made = self.rows = self.empty = 0
        self.failures: list[str] = []

    async def open(self) -> None:
        """See ``Worker.open``: a connection for each reader, and one that follows the newest row."""
        count = self.parameters.readers + 1
        pool = await DRIVER.pool(self._endpoint, count, count, "none")
        self._connections = [await pool.acquire() for _ in range(count)]
        oldest, newest = await self._connections[0].fetchrow(self._ends)
        self.newest = Newest(oldest, newest)

    async def run(self, window: Window, stop: asyncio.Event) -> ReadersResult:
        """See ``Worker.run``."""
        self.window, self.stop = window, stop
        self.recorder = Recorder(window.opens_ns, window.closes_ns)
        follower, *readers = self._connections
        await asyncio.gather(self._follow(follower), *map(self._read, readers))
        self.recorder.fold()
        return ReadersResult(
            reads=sum(self.recorder.commits_per_second()),
            rows=self.rows,
            empty=self.empty,
            latency_hdr=self.recorder.histogram().encode().decode(),
            stale_hdr=self._stale.encode().decode() if self._stale.get_total_count() else "",
            errors=self.failures,
        )

    def _goes_on(self) -> bool:
        return not self.stop.is_set() and monotonic_ns() < self.window.closes_ns

    async def _follow(self, connection: Any) -> None:
        """Follow the newest row."""
        try:
            statement = await connection.prepare(self._newest)
            while self._goes_on():
                at_ns = monotonic_ns()
                found = await statement.fetchrow()
                self.newest.note(at_ns, found and found[0])
                if found and is_inside(self.window, monotonic_ns()):
                    self._stale.record_value(min(max(found[1], 1), MOST_STALE_US))
                await pause(self.stop, at_ns + FOLLOW_NS)
        except Exception as error:  # noqa: BLE001 - whatever it is, it voids the trial
            self._fail(error)

    async def _read(self, connection: Any) -> None:
        """Read again and again."""
        try:
            statement = await connection.prepare(self._statement)
            while self._goes_on():
                asked = self._asked()
                if asked is None:
                    await pause(self.stop, monotonic_ns() + WAIT_NS)
                    continue
                self.made += 1
                began = monotonic_ns()
                rows = await statement.fetch(*asked)
                self._take_note(began, monotonic_ns(), len(rows))
        except Exception as error:  # noqa: BLE001 - whatever it is, it voids the trial
            self._fail(error)

    def _asked(self) -> tuple[int, ...] | None:
        """Return the values of the next read's statement; None: it is not due, or no row is surely there."""
        there = self.newest.surely_there(self.parameters.retain)
        ratio = self.parameters.reads_per_100_rows
        if there is None or (ratio is not None and self.made + 1 > ratio / 100 * self.newest.come(monotonic_ns())):
            return None
        return (self._chance.randint(*there),) if self.parameters.reads == "point" else ()

    def _take_note(self, began: int, answered: int, rows: int) -> None:
        self.recorder.acknowledge(began, began, began, answered, answered)
        if is_inside(self.window, answered):
            self.rows += rows
            self.empty += not rows

    def _fail(self, error: BaseException) -> None:
        self.failures.append(in_a_line(error))
        self.stop.set()


if __name__ == "__main__":
    beside.main(Readers)
