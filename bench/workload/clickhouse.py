"""Connections to ClickHouse, and what its complaints mean: to a server, or the engine itself in this process.

Both take the same calls: ``insert`` of rows, ``insert_columns`` of columns, ``rows`` of what a statement answers. The
driver (``drivers/clickhouse.py``) and the agent's sessions (``bench.engines.clickhouse``) ask through them. The engine
is large, and comes by ``make clickhouse``: it is imported where it is opened, and only there.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import clickhouse_driver
import clickhouse_driver.errors
import msgspec

from bench.model.endpoint import CONNECT_TIMEOUT_S, Endpoint
from bench.model.table import quoted
from bench.workload.rows import Columns

COLUMNS = "(device_id, payload)"
DEFAULT = "default"
"""The database that is there by itself."""
TOO_MANY_PARTS = 252
UNREACHABLE = 210
"""Codes of ClickHouse's errors (src/Common/ErrorCodes.cpp)."""
NEXT_STEP = (
    "too many parts (code 252): each INSERT makes a part on disk, and merges did not keep up with them; ask for more"
    " rows a statement (--batch) or fewer --processes"
)
logging.getLogger("clickhouse_driver").addHandler(logging.NullHandler())
"""It would print each attempt to connect that fails; what comes of it is told by who asked."""
CODE = re.compile(r"Code: (\d+)\. ")
ASYNC_KNOWN = "SELECT count() FROM system.settings WHERE name = 'async_insert'"


class ClickHouseError(Exception):
    """ClickHouse refused, or could not be reached; ``code`` is its own number for it, None where it gave none."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


def complaint(message: str, code: int | None = None) -> ClickHouseError:
    """Return an error in a line: ClickHouse's own go on with pages of its stack.

    >>> str(complaint("Code: 60. DB::Exception: Table p.nothing does not exist. Stack trace: 0. ..."))
    'Code: 60. DB::Exception: Table p.nothing does not exist.'

    """
    if code is None and (found := CODE.search(message)):
        code = int(found[1])
    line = " ".join(message.partition("Stack trace")[0].split())
    if code == TOO_MANY_PARTS:
        line = f"{NEXT_STEP} ({line})"
    return ClickHouseError(line, code)


class Connection(Protocol):
    """What phases and sessions call; whatever fails is a ``ClickHouseError``, or an ``OSError`` of the way there."""

    def insert(self, table: str, rows: Sequence[tuple[int, str]]) -> None:
        """Insert rows of (device_id, payload) by one statement."""
        ...

    def insert_columns(self, table: str, columns: Columns) -> None:
        """Insert the same by column: one block."""
        ...

    def set_asynchronous(self, *, on: bool) -> None:
        """Let the server gather the inserts of this connection with others', and answer when they are stored; or not.

        Raises:
            ClickHouseError: there are no asynchronous inserts.

        """
        ...

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return what a statement answers."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


def connect(endpoint: Endpoint) -> Connection:
    """Connect to a server, or begin the engine in this process where the endpoint is a directory (``embedded``)."""
    return Embedded(endpoint.host, endpoint.database) if embedded(endpoint) else Native(endpoint)


def embedded(endpoint: Endpoint) -> bool:
    """Return whether there is no server to connect to: the endpoint's host is the directory of its data."""
    return endpoint.port == 0


class Native(Connection):
    """A server, by its native protocol: rows go as one block of columns, which the client makes."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._client = clickhouse_driver.Client(
            endpoint.address or endpoint.host,
            port=endpoint.port,
            user=endpoint.user,
            password=endpoint.password or "",
            database=endpoint.database,
            client_name="pgladder",
            connect_timeout=CONNECT_TIMEOUT_S,
        )
        # Servers of today gather small inserts of many clients into one part by themselves: one statement shall be one.
        # Those of before do not know the word, and refuse it.
        if self.rows(ASYNC_KNOWN)[0][0]:
            self.set_asynchronous(on=False)

    def set_asynchronous(self, *, on: bool) -> None:
        """See ``Connection.set_asynchronous``."""
        if on and not self.rows(ASYNC_KNOWN)[0][0]:
            [(version,)] = self.rows("SELECT version()")
            raise ClickHouseError(f"ClickHouse {version} has no asynchronous inserts: leave the phase out")
        self._client.settings.update(async_insert=int(on), wait_for_async_insert=1)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except clickhouse_driver.errors.ServerException as error:
            raise complaint(error.message, error.code) from error
        except clickhouse_driver.errors.Error as error:
            raise complaint(str(error), UNREACHABLE) from error
        except EOFError as error:
            raise complaint("the server closed the connection", UNREACHABLE) from error

    def insert(self, table: str, rows: Sequence[tuple[int, str]]) -> None:
        """See ``Connection.insert``."""
        with self._explained():
            self._client.execute(f"INSERT INTO {table} {COLUMNS} VALUES", rows)

    def insert_columns(self, table: str, columns: Columns) -> None:
        """See ``Connection.insert_columns``."""
        with self._explained():
            values = [columns.stamps.tolist(), columns.payloads]
            self._client.execute(f"INSERT INTO {table} {COLUMNS} VALUES", values, columnar=True)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """See ``Connection.rows``."""
        with self._explained():
            return self._client.execute(statement) or []

    def close(self) -> None:
        """See ``Connection.close``."""
        self._client.disconnect()


class Embedded(Connection):
    """The engine in this process (chdb), its data in a directory that no other process may have open."""

    def __init__(self, directory: str, database: str) -> None:
        import chdb

        with _explained_here():
            self._engine = _opened(chdb, directory)
            # It is on by itself, as of servers, though it was not seen to gather anything here (chdb-core 26.9).
            self._engine.query("SET async_insert = 0")
            self._engine.query(f"USE {quoted(database)}")

    def insert(self, table: str, rows: Sequence[tuple[int, str]]) -> None:
        """See ``Connection.insert``; payloads have no tab, line end or backslash (``rows.ALPHABET``)."""
        # As text with tabs: as VALUES a row took twice as long (chdb-core 26.9).
        text = "".join(f"{stamp}\t{payload}\n" for stamp, payload in rows)
        with _explained_here():
            self._engine.query(f"INSERT INTO {table} {COLUMNS} FORMAT TabSeparated\n{text}")

    def set_asynchronous(self, *, on: bool) -> None:
        """See ``Connection.set_asynchronous``: where there is one client, there is nothing to gather."""
        if on:
            raise ClickHouseError("the embedded ClickHouse has no asynchronous inserts: leave the phase out")

    def insert_columns(self, table: str, columns: Columns) -> None:
        """See ``Connection.insert_columns``; as an Arrow stream."""
        stream = _arrow_stream(columns)
        with _explained_here():
            inserter = self._engine.send_insert(f"INSERT INTO {table} {COLUMNS}", "ArrowStream")
            inserter.append(stream)
            written = inserter.finish().rows_written
        # It returns without an error where the engine refused the rows (chdb-core 26.9): their number tells of some
        # refusals, and of all the count after the trial.
        if written != len(columns.stamps):
            raise ClickHouseError(
                f"chdb stored {written} of {len(columns.stamps)} rows and gave no reason; where parts are small and"
                f" many it is {NEXT_STEP}"
            )

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """See ``Connection.rows``."""
        with _explained_here():
            answer = self._engine.query(statement, "JSONCompactEachRow").bytes()
        return [tuple(msgspec.json.decode(line)) for line in answer.splitlines() if line]

    def close(self) -> None:
        """See ``Connection.close``."""
        self._engine.close()


def _opened(chdb: Any, directory: str) -> Any:
    try:
        return chdb.connect(directory)
    except RuntimeError as error:
        raise ClickHouseError(
            f"the embedded ClickHouse takes one client process, and could not open {directory}: ask for --processes 1,"
            f" or install a server ({' '.join(str(error).split())})"
        ) from error


@contextmanager
def _explained_here() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # chdb has one of its own kind, and raises plain ones too
        raise complaint(str(error)) from error


def _arrow_stream(columns: Columns) -> bytes:
    import pyarrow

    stamps = pyarrow.Array.from_buffers(pyarrow.int64(), len(columns.stamps), [None, pyarrow.py_buffer(columns.stamps)])
    payloads = pyarrow.array(columns.payloads, pyarrow.binary())
    batch = pyarrow.record_batch([stamps, payloads], names=["device_id", "payload"])
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    stream_bytes: bytes = sink.getvalue().to_pybytes()
    return stream_bytes
