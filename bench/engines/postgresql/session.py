"""The agent's own connection to a server: how statements are put to it and waited for.

What a trial asks over it is ``trial_session``'s. Phases never use it; it goes over the socket where there is one, so
that it costs the measured path nothing.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from importlib.resources import files
from select import select
from signal import SIGKILL
from threading import Lock
from time import monotonic, sleep
from typing import Any

import psycopg2
import psycopg2.extensions
from psycopg2.extensions import POLL_OK, POLL_WRITE, set_wait_callback

from bench.model.errors import PgladderError
from bench.model.fingerprint import Unreadable
from bench.model.table import qualified

STATEMENT_TIMEOUT_S = 600
LOCK_TIMEOUT_S = 10
ANSWER_TIMEOUT_S = STATEMENT_TIMEOUT_S + 10
"""For a statement and its commit: one that waits for a standby is not ended by ``statement_timeout``."""
DDL_TIMEOUT_S = 60
"""For what takes milliseconds, or seconds where the disk stalls or a large table goes."""
CANCEL_TIMEOUT_S, CANCEL_STEP_S = 3, 0.005
ONE_AT_A_TIME = Lock()
"""psycopg2 has one wait callback for all connections of the process, and probes ask in a thread of their own."""
LIMITS = f"SET statement_timeout = '{STATEMENT_TIMEOUT_S}s'; SET lock_timeout = '{LOCK_TIMEOUT_S}s'"


class ServerError(PgladderError, RuntimeError):
    """The server did not do what a trial needs."""


class DriftError(ServerError):
    """Somebody else changed the server's configuration."""


class RefusedError(ServerError):
    """What was asked for can't be had here; all is as it was."""


class LayoutError(RefusedError):
    """A layout is refused by the server."""

    def __init__(self, layout: str, why: str) -> None:
        super().__init__(f"layout {layout}: {why}")


class VariantError(RefusedError):
    """A variant is refused by the box or the server; what was in force before still is."""

    def __init__(self, variant: str, why: str) -> None:
        super().__init__(f"variant {variant}: {why}")
        self.variant, self.why = variant, why


def lacking(error: psycopg2.Error) -> str | None:
    """Return why the server refuses what others have, None where something else is wrong (SQLSTATE classes 0A, 42)."""
    if (error.pgcode or "")[:2] not in ("0A", "42"):
        return None
    return " ".join(str(error.diag.message_primary).split())


def _wait(connection: psycopg2.extensions.connection, seconds: float) -> None:
    """Wait for an answer; Ctrl-C cancels the statement at once, where libpq's own wait would only end with it."""
    deadline = monotonic() + seconds
    try:
        while (state := connection.poll()) != POLL_OK:
            sockets, left = [connection.fileno()], deadline - monotonic()
            if left <= 0:
                raise TimeoutError(f"the server did not answer within {seconds:g} s")
            select([], sockets, [], left) if state == POLL_WRITE else select(sockets, [], [], left)
    except (KeyboardInterrupt, TimeoutError):
        _cancel(connection)
        raise


def _cancel(connection: psycopg2.extensions.connection) -> None:
    """Tell the server to give a statement up; one that does not hear it soon is left to find out.

    libpq tells it over another connection, and waits for that as long as the kernel does: minutes where the network is
    gone, and no signal ends it. So a process of its own does.
    """
    # Nothing of ours is run in the copy: it has no thread of ours, and ends without tidying up.
    teller = os.fork()
    if teller == 0:
        try:
            connection.cancel()
        finally:
            os._exit(0)
    deadline = monotonic() + CANCEL_TIMEOUT_S
    try:
        while os.waitpid(teller, os.WNOHANG) == (0, 0):
            if monotonic() > deadline:
                raise TimeoutError
            sleep(CANCEL_STEP_S)
    except (TimeoutError, KeyboardInterrupt):
        with suppress(ProcessLookupError, ChildProcessError):  # it has just ended
            os.kill(teller, SIGKILL)
            os.waitpid(teller, 0)


class Session:
    """One connection in autocommit mode, for work in one schema, which statements call ``{schema}``."""

    def __init__(self, arguments: Mapping[str, Any], schema: str, *, options_lost: bool = False) -> None:
        self.schema = schema
        self.connection: psycopg2.extensions.connection = psycopg2.connect(**arguments)
        self.connection.autocommit = True
        # Somebody's lock or a standby that is gone must not keep a run waiting for ever.
        self.run(LIMITS)
        if options_lost:
            self.run(self.qualified("SET search_path TO {schema}"))

    def prove_schema(self) -> None:
        """See that this connection is in its schema, before anything is made or dropped.

        Raises:
            ServerError: it is not.

        """
        found = self.value("SELECT current_schema()")
        if found != self.schema:
            raise ServerError(
                f"A connection came to the schema {found}, not to {self.schema}: nothing is written there."
            )

    def run(
        self, statement: str, values: Mapping[str, Any] | None = None, *, seconds: float = ANSWER_TIMEOUT_S
    ) -> None:
        """Execute one or several statements.

        Raises:
            TimeoutError: not done within ``seconds``, the commit included; the session is lost.

        """
        with self.connection.cursor() as cursor:
            self._execute(cursor, statement, values, seconds)

    def qualified(self, statement: str) -> str:
        """Return a statement with the schema's name where it says ``{schema}`` (``bench.model.table``)."""
        return qualified(statement, self.schema)

    def script(self, name: str) -> str:
        """Return the statements of ``bench/engines/postgresql/sql/<name>.sql``, likewise."""
        return self.qualified((files("bench.engines.postgresql") / "sql" / f"{name}.sql").read_text())

    def rows(
        self, statement: str, values: Mapping[str, Any] | None = None, *, seconds: float = ANSWER_TIMEOUT_S
    ) -> list[tuple[Any, ...]]:
        """Execute and return all rows; raises as ``run``."""
        with self.connection.cursor() as cursor:
            self._execute(cursor, statement, values, seconds)
            return cursor.fetchall()

    def value(self, statement: str, values: Mapping[str, Any] | None = None) -> Any:
        """Execute and return the first column of the first row."""
        return self.rows(statement, values)[0][0]

    def optional(self, statement: str) -> Any:
        """Execute and return the first column of the first row, ``Unreadable`` where the server lacks what it takes."""
        try:
            return self.value(statement)
        except psycopg2.Error as error:
            if (why := lacking(error)) is None:
                raise
            return Unreadable(unreadable=why)

    def row(self, statement: str) -> dict[str, Any]:
        """Execute and return the one row by column name."""
        with self.connection.cursor() as cursor:
            self._execute(cursor, statement, None)
            row, description = cursor.fetchone(), cursor.description
        assert row is not None
        assert description is not None
        return {column.name: value for column, value in zip(description, row, strict=True)}

    def named(self, statement: str) -> dict[str, float]:
        """Execute and return the one row as numbers by column name."""
        return {name: float(value) for name, value in self.row(statement).items()}

    @staticmethod
    def _execute(
        cursor: psycopg2.extensions.cursor,
        statement: str,
        values: Mapping[str, Any] | None,
        seconds: float = ANSWER_TIMEOUT_S,
    ) -> None:
        with ONE_AT_A_TIME:
            # Here only: connecting needs libpq's own wait, which knows the time-out.
            set_wait_callback(partial(_wait, seconds=seconds))
            try:
                cursor.execute(statement, values)
            finally:
                set_wait_callback(None)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def setting(self, name: str) -> str:
        """Return a setting as SHOW prints it."""
        return str(self.value("SELECT current_setting(%(name)s)", {"name": name}))
