"""psycopg 3: libpq connects, so that it keeps all of an endpoint; ``executemany`` goes through its pipeline mode.

It carries out the phases of coroutines: a connection takes the calls that they make of one of asyncpg's, each of them
one transaction, as there.
"""

from collections.abc import Awaitable, Iterable, Sequence
from functools import partial
from typing import Any

import psycopg
from psycopg import sql
from psycopg_pool import AsyncConnectionPool

from bench.model.endpoint import CONNECT_TIMEOUT_S, Endpoint
from bench.workload.driver import AsyncDriver, Pool, prove
from bench.workload.phase import Row

COLUMN_TYPES = ("int8", "text")
"""Of ``device_id`` and ``payload``: binary COPY converts nothing."""


class Connection(psycopg.AsyncConnection[Any]):
    """Takes asyncpg's calls, with parameters as the server numbers them (``$1``)."""

    async def execute(self, statement: str, *values: Any) -> psycopg.AsyncCursor[Any]:  # type: ignore[override]
        """Run a statement."""
        # A tuple would be sent as a composite, not as the array that it is to asyncpg.
        given = [list(value) if isinstance(value, tuple) else value for value in values]
        cursor = psycopg.AsyncRawCursor(self)
        return await cursor.execute(statement, given or None)

    async def executemany(self, statement: str, rows: Iterable[Row]) -> None:
        """Run a statement once for each row, pipelined, in one transaction."""
        async with self.pipeline(), self.transaction():
            await psycopg.AsyncRawCursor(self).executemany(statement, rows)

    async def copy_records_to_table(
        self, table_name: str, *, schema_name: str, records: Iterable[Row], columns: Sequence[str]
    ) -> None:
        """COPY rows in PostgreSQL's binary format."""
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
            sql.Identifier(schema_name, table_name), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        async with self.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(COLUMN_TYPES)
            for row in records:
                await copy.write_row(row)


class PsycopgPool(Pool):
    """psycopg's pool under the names of ``driver.Pool``."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool

    def acquire(self) -> Awaitable[Connection]:
        """See ``Pool.acquire``."""
        return self._pool.getconn()

    def release(self, connection: Connection) -> Awaitable[None]:
        """See ``Pool.release``."""
        return self._pool.putconn(connection)


class Psycopg(AsyncDriver):
    """Of the phases that are coroutines."""

    calls = frozenset({"execute", "executemany", "copy_records_to_table"})
    errors = (OSError, psycopg.Error)

    def unkept(self, endpoint: Endpoint) -> list[str]:  # noqa: ARG002 - libpq keeps what it is told
        """See ``Driver.unkept``."""
        return []

    def refused(self, error: BaseException) -> bool:
        """See ``Driver.refused``; FATAL would end the connection."""
        return isinstance(error, psycopg.Error) and error.diag.severity_nonlocalized == "ERROR"

    async def pool(self, endpoint: Endpoint, least: int, most: int) -> Pool:
        """See ``AsyncDriver.pool``."""
        arguments = {**endpoint.psycopg2_arguments(), "autocommit": True, "prepare_threshold": 0}
        # The pool tries again for as long as it waits, and keeps what the server said to itself.
        async with await Connection.connect(**arguments) as first:
            await prove(self, first, endpoint)
        pool = AsyncConnectionPool(
            connection_class=Connection,
            kwargs=arguments,
            configure=partial(prove, self, endpoint=endpoint),
            min_size=least,
            max_size=most,
            open=False,
        )
        await pool.open(wait=True, timeout=CONNECT_TIMEOUT_S)
        return PsycopgPool(pool)

    async def value(self, connection: Any, statement: str) -> str:
        """See ``AsyncDriver.value``."""
        cursor = await connection.execute(statement)
        [[value]] = await cursor.fetchall()
        return str(value)


DRIVER = Psycopg()
