"""A server the user brings (``--dsn``): we work in a schema of our own and touch nothing else.

Its configuration is taken as found; what can't be controlled or observed is said in ``limits``.
"""

import ipaddress
import os
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil
import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from bench.model import CONNECT_TIMEOUT_S, Endpoint, Transport, Variant, WrongUseError
from bench.server.binaries import MAJOR
from bench.server.session import ServerError, Session

RECOVERY_S = 60
RECOVERY_STEP_S = 0.5
FORMS = "it is postgresql://user@host:port/database or host=... port=... user=... dbname=... ."
AS_FOUND = "as-found"
"""The name of the one variant such a server has."""


class BroughtServer:
    """A server reached by a connection string of libpq (URI or key=value, passwords from ~/.pgpass included)."""

    exclusive = False

    def __init__(self, dsn: str, run: str, *, any_version: bool = False) -> None:
        self._arguments: dict[str, Any] = {
            "dsn": dsn,
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "pgladder",
        }
        self.schema = "pgladder_" + "".join(c if c.isalnum() else "_" for c in run.lower())
        connection = self._first_connection()
        self._major = connection.server_version // 10_000
        if self._major != MAJOR and not any_version:
            raise WrongUseError(
                f"The server of --dsn is PostgreSQL {self._major}; pgladder measures {MAJOR}."
                " Measure it all the same with --any-version (recorded)."
            )
        self._password = connection.info.password or None
        self._parameters = connection.info.dsn_parameters
        if options := self._parameters.get("options"):
            raise WrongUseError(f"Options of a connection ({options}) reach no client: set them by ALTER ROLE … SET.")
        self._host, self._port = self._parameters.get("hostaddr") or connection.info.host, connection.info.port
        """Where that connection came to: also by the environment, a default, or one host of several."""
        self.transport = self._transport(connection)
        connection.close()
        self._arguments = self.endpoint(self.transport).psycopg2_arguments()  # from here on, what clients are given
        self.limits = self._find_limits()

    def _first_connection(self) -> psycopg2.extensions.connection:
        try:
            connection: psycopg2.extensions.connection = psycopg2.connect(**self._arguments)
        except psycopg2.ProgrammingError as error:
            why = str(error).partition('"')[0].rstrip(" :")  # what follows quotes the string, password and all
            raise WrongUseError(f"--dsn is not a connection string ({why}); {FORMS}") from error
        except psycopg2.OperationalError as error:
            raise WrongUseError(f"Could not connect to the server of --dsn: {_one_line(error)}") from error
        return connection

    @staticmethod
    def _transport(connection: psycopg2.extensions.connection) -> Transport:
        if connection.info.host.startswith("/"):
            return "socket"
        return "tls" if connection.info.ssl_in_use else "tcp"

    def _find_limits(self) -> list[str]:
        """Say what can't be controlled or observed, each with its reason."""
        limits = [
            "its configuration is used as found, its way to authenticate too",
            "transactions of others can't be told from ours",
        ]
        if self._major != MAJOR:
            limits.append(f"it is PostgreSQL {self._major}, measured by --any-version")
        session = Session(self._arguments, self.schema)
        if session.value("SELECT NOT has_database_privilege(current_database(), 'CREATE')"):
            raise WrongUseError(
                f"The user {self._parameters['user']!r} may not create a schema in {self._parameters['dbname']!r}:"
                f" GRANT CREATE ON DATABASE {self._parameters['dbname']} TO {self._parameters['user']};"
            )
        if not session.value("SELECT current_setting('is_superuser')::bool OR pg_has_role('pg_checkpoint', 'USAGE')"):
            limits.append("no CHECKPOINT (not a member of pg_checkpoint): no settled rate")
        if not session.value("SELECT pg_has_role('pg_monitor', 'USAGE')"):
            limits.append("no WAL directory or data directory (not a member of pg_monitor)")
        session.close()
        if self.postmaster() is None:
            limits.append("it can't be seen from here: its CPU and disk are not observed")
        return limits

    def connections_free(self) -> int:
        """Return how many more connections an ordinary user may open now."""
        session = Session(self._arguments, self.schema)
        free = session.value(
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
            " - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
        )
        session.close()
        return int(free)

    def session(self) -> Session:
        """See ``Server.session``; makes our schema where it is not there yet."""
        session = Session(self._arguments, self.schema)
        session.run(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self.schema)))
        return session

    def endpoint(self, transport: Transport) -> Endpoint:
        """See ``Server.endpoint``; the transport is the connection string's."""
        return Endpoint(
            transport=transport,
            host=self._host,
            port=self._port,
            user=self._parameters["user"],
            database=self._parameters["dbname"],
            schema=self.schema,
            password=self._password,
            root_certificate=self._parameters.get("sslrootcert"),
        )

    def apply(self, variant: Variant) -> None:
        """Do nothing: its configuration is the user's."""

    def recover(self) -> None:
        """Wait until it answers again, for a while."""
        deadline = monotonic() + RECOVERY_S
        while True:
            try:
                return Session(self._arguments, self.schema).close()
            except psycopg2.OperationalError as error:
                if monotonic() > deadline:
                    detail = f"{_one_line(error)} (tried for {RECOVERY_S} s)"
                    raise ServerError(f"The server of --dsn does not answer: {detail}") from error
                sleep(RECOVERY_STEP_S)

    def postmaster(self) -> int | None:
        """Return its postmaster's process id if that is a process of this machine."""
        if self.transport != "socket" and not _is_loopback(self._parameters.get("hostaddr") or self._host):
            return None
        session = Session(self._arguments, self.schema)
        backend = int(session.value("SELECT pg_backend_pid()"))
        try:
            process = psutil.Process(backend)
            ours = process.name() == "postgres" and process.ppid() > 1
            return process.ppid() if ours else None
        except psutil.Error:
            return None  # in another namespace: said in ``limits``
        finally:
            session.close()

    def data_directory(self) -> Path | None:
        """Return its data directory where we may see it."""
        if self.postmaster() is None:
            return None
        session = Session(self._arguments, self.schema)
        try:
            directory = Path(session.setting("data_directory"))
        except psycopg2.errors.InsufficientPrivilege:
            return None
        finally:
            session.close()
        return directory if os.access(directory, os.F_OK) else None

    def close(self) -> None:
        """Drop our schema.

        Raises:
            ServerError: that can't be done; names what is left.

        """
        try:
            session = Session(self._arguments, self.schema)
            session.run(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(self.schema)))
            session.close()
        except psycopg2.Error as error:
            left = f"our schema is left on the server of --dsn, DROP SCHEMA {self.schema} CASCADE removes it"
            raise ServerError(f"{_one_line(error)}; {left}.") from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
