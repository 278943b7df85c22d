"""TimescaleDB on a server of ours: the plan's own cluster, told to preload it, and a database for it there."""

from bench.engines.engine import ManagedServer
from bench.engines.postgresql.extended import ExtendedCluster
from bench.engines.postgresql.session import DDL_TIMEOUT_S, Session
from bench.engines.timescaledb.chunks import LIBRARY, interval_s
from bench.engines.timescaledb.session import TimescaleSession
from bench.model.language import tr
from bench.model.table import quoted

# It reports to its vendor else, once a day.
QUIET = "ALTER DATABASE {} SET timescaledb.telemetry_level = 'off'"
MAKE = "CREATE EXTENSION timescaledb SCHEMA public; CREATE SCHEMA {schema}"


class TimescaleServer(ExtendedCluster):
    """The plan's own server, seen with TimescaleDB."""

    library = LIBRARY

    def __init__(self, own: ManagedServer, memory: int) -> None:
        super().__init__(own, TimescaleSession)
        self._interval_s = interval_s(memory)

    def extend(self, session: Session) -> None:
        """See ``ExtendedCluster.extend``."""
        session.run(QUIET.format(quoted(self.database)))
        session.run(session.qualified(MAKE), seconds=DDL_TIMEOUT_S)

    def session(self) -> TimescaleSession:
        """See ``Server.session``."""
        session = super().session()
        assert isinstance(session, TimescaleSession)
        session.interval_s = self._interval_s
        return session

    @property
    def what(self) -> str:
        """See ``ManagedServer.what``."""
        return tr("TimescaleDB in {what}", what=self._own.what)
