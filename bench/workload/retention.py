"""Retention beside the writers: a session that deletes the oldest rows, so that the table keeps so many.

Ten times a second it deletes what came since: all rows whose number is by so many below that of the newest. Here it is
done by DELETE; of a table in partitions by time the oldest are dropped instead (``dropping``).

The statement that deletes also counts what it deletes, by writer, so that no row goes unaccounted for: how many, the
ends of their stamps, how many transactions wrote them, and the sum of their marks. A mark is a hash of stamp and
payload; sums of marks are the same only where the rows are (``bench.agent.verify``).
"""

import asyncio
from collections.abc import Sequence
from time import monotonic_ns
from typing import Any

from bench.model.table import Table
from bench.workload import beside
from bench.workload.beside import (
    MARKS,
    SECOND_NS,
    BesideJob,
    Deleted,
    RetentionResult,
    in_a_line,
    is_inside,
    pause,
)
from bench.workload.drivers.asyncpg import DRIVER
from bench.workload.messages import Window
from bench.workload.rows import SEQUENCE_BITS

STEP_NS = SECOND_NS // 10
OLDEST = "SELECT min(id) FROM {table}"
NEWEST = "SELECT max(id) FROM {table}"
MARKED = """
            device_id, xmin AS written_by,
            pg_catalog.hashint8extended(device_id, pg_catalog.hashtextextended(payload COLLATE "C", 0)) AS mark"""
"""Of a row that goes."""
ACCOUNT = f"""
    , transaction AS (
        SELECT
            device_id >> {SEQUENCE_BITS} AS writer, count(*) AS rows, min(device_id) AS lowest,
            max(device_id) AS highest, sum(mark) AS marks
        FROM gone
        GROUP BY writer, written_by
    )
    SELECT writer, sum(rows)::bigint, min(lowest), max(highest), sum(marks), count(*)
    FROM transaction
    GROUP BY writer"""  # noqa: S608 - of a number of ours
"""By writer, of what goes."""
# From where the last step ended, not from the lowest number: there lie entries of the index that no vacuum has removed.
DELETE = f"WITH gone AS (DELETE FROM {{table}} WHERE id > $1 AND id <= $2 RETURNING {MARKED}) {ACCOUNT}"  # noqa: S608


class Retention:
    """What deletes the oldest rows of a trial."""

    errors: tuple[type[BaseException], ...] = DRIVER.errors

    def __init__(self, job: BesideJob) -> None:
        self.job, self.retain = job, job.parameters.retain
        table = Table(schema=job.endpoint.schema).sql
        self._oldest, self._newest, self._delete = (each.format(table=table) for each in (OLDEST, NEWEST, DELETE))
        self.connection: Any = None
        self.gone_to = 0
        """The number of the last row that is deleted."""
        self.there = 0
        """Rows that there were at most as the last step began."""
        self.deleted: dict[int, Deleted] = {}
        self.steps = 0

    async def open(self) -> None:
        """See ``Worker.open``; what there is too much of goes before anybody writes."""
        pool = await DRIVER.pool(self.job.endpoint, 1, 1, "none")
        self.connection = await pool.acquire()
        self.gone_to = (await self.connection.fetchval(self._oldest) or 1) - 1
        await self.step()

    async def run(self, window: Window, stop: asyncio.Event) -> RetentionResult:
        """See ``Worker.run``."""
        rows = steps = most = 0
        longest: int | None = None
        errors = []
        while not stop.is_set() and (began := monotonic_ns()) < window.closes_ns:
            try:
                gone = await self.step()
            except Exception as error:  # noqa: BLE001 - whatever it is, it voids the trial
                errors.append(in_a_line(error))
                break
            ended = monotonic_ns()
            if is_inside(window, began):
                most = max(most, self.there)
                if gone:
                    rows, steps, longest = rows + gone, steps + 1, max(longest or 0, ended - began)
            await pause(stop, began + STEP_NS)
        return RetentionResult(
            deleted=self.deleted,
            steps=self.steps,
            rows_in_window=rows,
            steps_in_window=steps,
            step_max_ns=longest,
            most_rows=most,
            errors=errors,
        )

    async def step(self) -> int:
        """Delete what there is too much of; return how many rows that was."""
        newest = await self.connection.fetchval(self._newest)
        if newest is None:
            return 0
        self.there = newest - self.gone_to
        last = newest - self.retain
        if last <= self.gone_to:
            return 0
        gone = self.account(await self.connection.fetch(self._delete, self.gone_to, last))
        self.gone_to = last
        return gone

    def account(self, gone: Sequence[Sequence[Any]]) -> int:
        """Take note of what a step deleted, as ``ACCOUNT`` has it; return how many rows that was."""
        count = 0
        for writer, rows, lowest, highest, marks, transactions in gone:
            self._add(
                writer,
                Deleted(rows=rows, lowest=lowest, highest=highest, marks=int(marks) % MARKS, transactions=transactions),
            )
            count += rows
        self.steps += bool(count)
        return count

    def _add(self, writer: int, more: Deleted) -> None:
        before = self.deleted.get(writer)
        if before is not None:
            more = Deleted(
                rows=before.rows + more.rows,
                lowest=min(before.lowest, more.lowest),
                highest=max(before.highest, more.highest),
                marks=(before.marks + more.marks) % MARKS,
                transactions=before.transactions + more.transactions,
            )
        self.deleted[writer] = more


if __name__ == "__main__":
    beside.main(Retention)
