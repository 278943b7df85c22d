"""psycopg2: libpq itself connects, so that it keeps all of an endpoint. No pool, one commit at a time."""

from typing import Any

import psycopg2
import psycopg2.extensions

from bench.model.endpoint import Endpoint
from bench.workload.driver import CURRENT_SCHEMA, SyncDriver, check_came_to, set_search_path


class Psycopg2(SyncDriver):
    """Of the phases with a connection of their own."""

    calls = frozenset({"cursor"})
    errors = (OSError, psycopg2.Error)

    def unkept(self, endpoint: Endpoint) -> list[str]:  # noqa: ARG002 - libpq keeps what it is told
        """See ``Driver.unkept``."""
        return []

    def refused(self, error: BaseException) -> bool:
        """See ``Driver.refused``; FATAL would end the connection."""
        return isinstance(error, psycopg2.Error) and error.diag.severity_nonlocalized == "ERROR"

    def connect(self, endpoint: Endpoint) -> psycopg2.extensions.connection:
        """See ``SyncDriver.connect``."""
        connection: psycopg2.extensions.connection = psycopg2.connect(**endpoint.psycopg2_arguments())
        return connection

    def prove(self, connection: Any, endpoint: Endpoint) -> None:
        """See ``SyncDriver.prove``."""
        with connection.cursor() as cursor:
            if endpoint.options_lost:
                cursor.execute(set_search_path(endpoint))
            cursor.execute(CURRENT_SCHEMA)
            [[found]] = cursor.fetchall()
        connection.commit()
        check_came_to(found, endpoint)

    def value(self, connection: Any, statement: str) -> str:
        """See ``SyncDriver.value``."""
        with connection.cursor() as cursor:
            cursor.execute(statement)
            [[found]] = cursor.fetchall()
        connection.rollback()  # or the next commit would be part of this transaction
        return str(found)


DRIVER = Psycopg2()
