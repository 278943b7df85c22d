"""ClickHouse: clickhouse-driver to a server, or the engine in the client's own process (chdb) where there is none.

No pool, one commit at a time; connections are of ``bench.workload.clickhouse``. The client process that carries the
engine is its server too, and nobody else can open the directory meanwhile.
"""

from bench.model.endpoint import Endpoint
from bench.workload.clickhouse import TOO_MANY_PARTS, ClickHouseError, Connection, connect
from bench.workload.driver import SyncDriver, check_came_to

CURRENT_DATABASE = "SELECT currentDatabase()"
ACKNOWLEDGED_EARLY = "SELECT count() FROM system.settings WHERE name = 'wait_for_async_insert' AND value = '0'"
"""How many settings of a session let it be answered before its rows are stored."""


class ClickHouse(SyncDriver):
    """Of the phases of ClickHouse."""

    calls = frozenset({"insert", "insert_columns"})
    errors = (OSError, ClickHouseError)
    how = ACKNOWLEDGED_EARLY

    def unkept(self, endpoint: Endpoint) -> list[str]:
        """See ``Driver.unkept``: parameters are libpq's."""
        return [f"{name}={value}" for name, value in sorted(endpoint.parameters.items())]

    def refused(self, error: BaseException) -> bool:
        """See ``Driver.refused``: too many parts are refused before a row is written; of the rest nobody knows."""
        return isinstance(error, ClickHouseError) and error.code == TOO_MANY_PARTS

    def connect(self, endpoint: Endpoint) -> Connection:
        """See ``SyncDriver.connect``."""
        return connect(endpoint)

    def prove(self, connection: Connection, endpoint: Endpoint) -> None:
        """See ``SyncDriver.prove``."""
        check_came_to(self.value(connection, CURRENT_DATABASE), endpoint)

    def value(self, connection: Connection, statement: str) -> str:
        """See ``SyncDriver.value``."""
        [(value,)] = connection.rows(statement)
        return str(value)


DRIVER = ClickHouse()
