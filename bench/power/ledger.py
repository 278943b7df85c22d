"""The client outside of the blast: it writes rows, a commit each, and keeps which of them were acknowledged, and when.

Each row has a stamp, its writer and its number there; with it one page that was there before changes, so that there is
something to tear. What is there after a cut is ``judge``'s to find out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import count
from time import monotonic_ns

import asyncpg

from bench.engines.postgresql.session import ServerError
from bench.model.endpoint import Endpoint
from bench.model.table import qualified

WRITER = 1 << 32
"""A stamp is the writer's number, from 1 on, times this, and the row's number, from 1 on."""
PAGES_EACH = 400
"""Rows of the table of pages that one writer changes, four on a page."""
STRIDE = 149
"""Rows from one to the next: no two commits in a row change the same page."""
CONNECT_TIMEOUT_S = 30
Work = Callable[[asyncpg.Connection], Awaitable[None]]


def statement(name: str, schema: str) -> str:
    """Return the text of ``bench/power/sql/<name>.sql`` for a schema."""
    return qualified((files("bench.power") / "sql" / f"{name}.sql").read_text(), schema)


def stamp(writer: int, number: int) -> int:
    """Return what tells a row from all others."""
    return writer * WRITER + number


def page(writer: int, number: int) -> int:
    """Return which row of the table of pages changes with a row."""
    return (writer - 1) * PAGES_EACH + number * STRIDE % PAGES_EACH


@dataclass(slots=True)
class Ledger:
    """What writers attempted, and when each commit was acknowledged: of a writer all up to a number were."""

    attempted: dict[int, int] = field(default_factory=dict)
    """The last number, by writer."""
    acknowledged_ns: dict[int, list[int]] = field(default_factory=dict)
    """On the monotonic clock, by writer, in order: the n-th of it is of the row with the number n."""
    pause_s: float = 0
    """Writers wait so long after each commit."""
    over: bool = False
    """The power is being cut: a commit that fails from here on is in doubt, before that it is an error."""

    @property
    def count(self) -> int:
        """How many commits were acknowledged."""
        return sum(map(len, self.acknowledged_ns.values()))

    @property
    def last_ns(self) -> int:
        """When the last of all was acknowledged: at least until then the server ran."""
        return max(moments[-1] for moments in self.acknowledged_ns.values() if moments)

    def acknowledged(self) -> Iterator[tuple[int, int, int]]:
        """Return writer, number and moment of each commit that was acknowledged."""
        for writer, moments in self.acknowledged_ns.items():
            for number, moment in enumerate(moments, 1):
                yield writer, number, moment


async def write(endpoint: Endpoint, ledger: Ledger, writers: int, *, checkpoints: bool) -> None:
    """Write until the server is gone.

    Args:
        endpoint: of the server.
        ledger: what is kept of it.
        writers: how many connections.
        checkpoints: have one after the other all the while.

    Raises:
        ServerError: a commit failed before the power was cut.

    """
    try:
        async with asyncio.TaskGroup() as group:
            for writer in range(1, writers + 1):
                ledger.attempted[writer], ledger.acknowledged_ns[writer] = 0, []
                group.create_task(_until_gone(endpoint, ledger, _written(endpoint.schema, ledger, writer)))
            if checkpoints:
                group.create_task(_until_gone(endpoint, ledger, _checkpoints))
    except ExceptionGroup as errors:  # one tells: of the others it is the end
        raise errors.exceptions[0] from errors


async def _until_gone(endpoint: Endpoint, ledger: Ledger, work: Work) -> None:
    try:
        connection = await asyncpg.connect(
            host=endpoint.host,
            port=endpoint.port,
            user=endpoint.user,
            password=endpoint.password,
            database=endpoint.database,
            ssl=False,
            timeout=CONNECT_TIMEOUT_S,
        )
        try:
            await work(connection)
        finally:
            connection.terminate()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        if not ledger.over:
            raise ServerError(f"a commit failed before the power was cut: {error}") from error


def _written(schema: str, ledger: Ledger, writer: int) -> Work:
    async def work(connection: asyncpg.Connection) -> None:
        commit = await connection.prepare(statement("commit", schema))
        for number in count(1):
            ledger.attempted[writer] = number
            await commit.fetch(stamp(writer, number), page(writer, number))
            ledger.acknowledged_ns[writer].append(monotonic_ns())
            if ledger.pause_s:
                await asyncio.sleep(ledger.pause_s)

    return work


async def _checkpoints(connection: asyncpg.Connection) -> None:
    while True:
        await connection.execute("CHECKPOINT")
