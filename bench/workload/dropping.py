"""Retention by dropped partitions: of a table in partitions by time the oldest goes whole, beside the writers.

A partition goes once each of its rows is older than the newest so many. It is counted as ``retention`` counts what it
deletes, in the transaction that drops it, under a lock that lets nobody write to it. Rows are of the partition of the
moment in which their transaction began: none comes to one that ended before every transaction that still runs.

The next partitions are made seconds ahead, each so long that it will have its share of the rows that are kept, by the
rate of the last seconds. A new one is attached, which takes no lock that writers or readers wait for; dropping takes
one for as long as the commits under way and its own take. What fits no partition is kept in the default one, and
deleted there.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic_ns

import asyncpg

from bench.model.table import quoted
from bench.workload import beside
from bench.workload.beside import BesideJob, RetentionResult, in_a_line, is_inside, pause
from bench.workload.drivers.asyncpg import DRIVER
from bench.workload.messages import Window
from bench.workload.retention import ACCOUNT, MARKED, STEP_NS, Retention

AHEAD = timedelta(seconds=2)
"""So long before it is needed a partition is there: the longest that this process may be held up."""
SHORTEST, LONGEST = timedelta(seconds=0.5), timedelta(minutes=1)
"""Of a partition: many short ones cost each statement time to choose, and each step that makes or drops one."""
OVER = timedelta(seconds=1)
"""So long ago a partition has ended before it is dropped: a transaction is seen to run a moment after it began."""
RATE_OF = timedelta(seconds=2)
LOCK = "SET LOCAL lock_timeout = '1s'"
"""A commit that takes longer is not waited for: writers that come meanwhile wait, too."""
LOOK = """
    SELECT (SELECT max(id) FROM {table}), clock_timestamp() AS now, coalesce(min(xact_start), clock_timestamp())
    FROM pg_catalog.pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"""
THERE = """
    SELECT c.relname, c.oid = p.partdefid
    FROM pg_catalog.pg_partitioned_table AS p
        JOIN pg_catalog.pg_inherits AS i ON i.inhparent = p.partrelid
        JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
    WHERE p.partrelid = $1::text::regclass"""
MAKE = """
    BEGIN; {lock};
    CREATE TABLE {partition} (LIKE {table} INCLUDING ALL EXCLUDING IDENTITY);
    ALTER TABLE {table} ATTACH PARTITION {partition} FOR VALUES FROM ('{starts}') TO ('{ends}');
    COMMIT"""
HELD = "BEGIN; {lock}; LOCK TABLE {partition} IN SHARE MODE"
COUNT = f"WITH gone AS (SELECT {MARKED} FROM {{partition}}) {ACCOUNT}"  # noqa: S608 - no value of anybody's
DROP = "DROP TABLE {partition}; COMMIT"
LAST = "SELECT max(id) FROM {partition}"
DELETE = f"WITH gone AS (DELETE FROM {{partition}} RETURNING {MARKED}) {ACCOUNT}"  # noqa: S608 - likewise
OF_WRITERS = "SELECT count(*) FROM {partition} WHERE device_id >= 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """A partition of the table, and when by the server's clock it ended or will end."""

    name: str
    ends: datetime


class Dropping(Retention):
    """What drops the oldest partitions of a trial's table, and makes the next ones."""

    def __init__(self, job: BesideJob) -> None:
        super().__init__(job)
        self.share = job.parameters.retain / job.partitions_by_time
        """Rows that a partition is to have."""
        self.partitions: deque[Partition] = deque()
        """The oldest first."""
        self.default: str | None = None
        self.seen: deque[tuple[datetime, int]] = deque()
        """When the newest row had which number, in the last seconds."""
        self.dropped: list[tuple[int, int]] = []
        """Of each partition that had rows: when it was dropped, in ns, and how many they were."""
        self.transactions = self.outside = self.made = 0
        self._writing = asyncio.Event()
        self._failure: Exception | None = None
        self._making: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """See ``Worker.open``: partitions of ours take the place of those that nobody has written to."""
        pool = await DRIVER.pool(self.job.endpoint, 1, 1, "none")
        self.connection = await pool.acquire()
        self.gone_to = (await self.connection.fetchval(self._oldest) or 1) - 1
        await self._take_over()
        await self.step()
        self._making = asyncio.create_task(self._make_until_it_begins())

    async def run(self, window: Window, stop: asyncio.Event) -> RetentionResult:
        """See ``Worker.run``."""
        await self.begin()
        if self._failure:
            return RetentionResult(errors=[in_a_line(self._failure)])
        result = await super().run(window, stop)
        if self.default:
            self.outside += await self.connection.fetchval(self._of(OF_WRITERS, self.default))
        inside = [rows for at_ns, rows in self.dropped if is_inside(window, at_ns)]
        return replace(result, dropped=inside, outside=self.outside, transactions=self.transactions)

    async def begin(self) -> None:
        """Make partitions no more but step by step."""
        self._writing.set()
        if self._making:
            await self._making

    async def step(self) -> int:
        """Make what is lacking of the next partitions, and drop those that are too old; return how many rows went."""
        newest, now, begun = await self.connection.fetchrow(self._of(LOOK))
        await self._make_ahead(now, newest or 0)
        if newest is None:
            return 0
        self.there = newest - self.gone_to
        last, gone = newest - self.job.parameters.retain, 0
        while self.partitions and self.partitions[0].ends < min(now - OVER, begun):
            oldest = self.partitions[0]
            highest = await self.connection.fetchval(self._of(LAST, oldest.name))
            if highest is not None and highest > last:
                break
            rows = await self._drop(oldest)
            if rows is None:
                break
            gone += rows
            self.gone_to = max(self.gone_to, highest or 0)
        return gone + await self._delete_outside(last)

    # --- partitions come ---------------------------------------------------------------------------------------------

    async def _take_over(self) -> None:
        """Note the partitions that have rows, by the order of these; drop the others."""
        with_rows: list[tuple[int, str]] = []
        for name, is_default in await self.connection.fetch(THERE, self._of("{table}")):
            if is_default:
                self.default = name
            elif (highest := await self.connection.fetchval(self._of(LAST, name))) is not None:
                with_rows.append((highest, name))
            else:
                await self.connection.execute(self._of("BEGIN; " + DROP, name))
                self.transactions += 1
        # Nobody writes yet, and to these nobody will.
        over = await self.connection.fetchval("SELECT clock_timestamp()") - OVER
        self.partitions.extend(Partition(name=name, ends=over) for _, name in sorted(with_rows))

    async def _make_until_it_begins(self) -> None:
        """Make partitions while nobody writes yet: writers may begin at any moment."""
        try:
            while not self._writing.is_set():
                await self.step()
                await pause(self._writing, monotonic_ns() + STEP_NS)
        except Exception as error:  # noqa: BLE001 - whatever it is, it voids the trial
            self._failure = error

    async def _make_ahead(self, now: datetime, newest: int) -> None:
        self.seen.append((now, newest))
        while len(self.seen) > 1 and self.seen[1][0] <= now - RATE_OF:
            self.seen.popleft()
        while not self.made or self.partitions[-1].ends < now + AHEAD:
            # The first is made while nobody writes.
            starts = self.partitions[-1].ends if self.made else now
            # Too late: a table that has rows of its time outside takes no partition for them.
            if not await self._make(starts if starts >= now else now + SHORTEST, self.length()):
                return

    def length(self) -> timedelta:
        """Return how long a partition is to be that has its share of the rows, at the rate of the last seconds."""
        (first, before), (last, newest) = self.seen[0], self.seen[-1]
        if newest <= before:
            return SHORTEST
        return min(max((last - first) * (self.share / (newest - before)), SHORTEST), LONGEST)

    async def _make(self, starts: datetime, length: timedelta) -> bool:
        """Make a partition; return False where that can't be done now: a lock is held, or its rows came before it."""
        partition = Partition(name=f"events_{self.made + 1}", ends=starts + length)
        made = self._of(MAKE, partition.name, starts=starts.isoformat(), ends=partition.ends.isoformat())
        if await self._try(made) is None:
            return False
        self.partitions.append(partition)
        self.made += 1
        return True

    # --- partitions go -----------------------------------------------------------------------------------------------

    async def _drop(self, partition: Partition) -> int | None:
        """Count a partition's rows and drop it; return how many they were, None where a lock is held."""
        if await self._try(self._of(HELD, partition.name)) is None:
            return None
        gone = await self.connection.fetch(self._of(COUNT, partition.name))
        if await self._try(self._of(DROP, partition.name)) is None:
            return None
        self.partitions.remove(partition)
        if rows := self.account(gone):
            self.dropped.append((monotonic_ns(), rows))
        return rows

    async def _delete_outside(self, last: int) -> int:
        """Delete what fitted no partition, once it is too old: whole, so that no commit is cut."""
        if self.default is None:
            return 0
        highest = await self.connection.fetchval(self._of(LAST, self.default))
        if highest is None or highest > last:
            return 0
        gone = await self.connection.fetch(self._of(DELETE, self.default))
        self.outside += sum(rows for writer, rows, *_ in gone if writer >= 0)
        return self.account(gone)

    async def _try(self, statements: str) -> bool | None:
        """Carry statements out; return None where they gave up, and leave nothing of them."""
        self.transactions += 1
        try:
            await self.connection.execute(statements)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.CheckViolationError):
            await self.connection.execute("ROLLBACK")
            return None
        return True

    def _of(self, statement: str, name: str = "", **values: str) -> str:
        """Return a statement of the table, and of one of its partitions."""
        schema = quoted(self.job.endpoint.schema)
        return statement.format(table=f"{schema}.events", partition=f"{schema}.{quoted(name)}", lock=LOCK, **values)


if __name__ == "__main__":
    beside.main(Dropping)
