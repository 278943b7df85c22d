"""TimescaleDB on a server that the user brings: as found, in our schema; the extension is its owner's to make."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.engines.engine import ManagedServer
from bench.engines.postgresql.external import ExternalPostgreSQL
from bench.engines.postgresql.server import PostgreSQLServer
from bench.engines.timescaledb.chunks import interval_s, memory_bytes
from bench.engines.timescaledb.session import EXTENSION, TimescaleSession
from bench.model.endpoint import Endpoint
from bench.model.errors import HostError
from bench.model.fingerprint import Fact
from bench.model.language import tr
from bench.model.plan import Variant
from bench.model.values import Transport


class OwnersTimescale(PostgreSQLServer, ManagedServer):
    """The plan's own server, seen with TimescaleDB; nothing of it is configured, started or stopped.

    Raises:
        HostError: the database of ``--dsn`` does not have the extension.

    """

    def __init__(self, own: ExternalPostgreSQL) -> None:
        super().__init__(TimescaleSession)
        self._own = own
        self.schema, self.exclusive, self.doubts = own.schema, own.exclusive, own.doubts
        self._interval_s = interval_s(None if own.elsewhere else memory_bytes())
        with closing(own.session()) as session:
            if not session.rows(EXTENSION):
                raise HostError(
                    tr(
                        "The database of --dsn has no TimescaleDB, and pgladder makes no extension in it: its owner"
                        " preloads timescaledb and says CREATE EXTENSION timescaledb there; or leave out its --phases"
                        " and --layouts."
                    )
                )

    def create(self, harness: Variant, *, tls: bool) -> None:
        """See ``ManagedServer.create``: nothing is made but the schema, which is there."""

    def check(self, variant: Variant, disk_bytes: int = 0) -> None:
        """See ``ManagedServer.check``: its configuration is the user's."""

    def apply(self, variant: Variant) -> None:
        """See ``Server.apply``: its configuration is the user's."""

    def stop(self) -> None:
        """See ``ManagedServer.stop``: it is not ours to stop."""

    def session(self) -> TimescaleSession:
        """See ``Server.session``."""
        session = self._own.session(TimescaleSession)
        assert isinstance(session, TimescaleSession)
        session.interval_s = self._interval_s
        return session

    def endpoint(self, transport: Transport) -> Endpoint:
        """See ``Server.endpoint``."""
        return self._own.endpoint(transport)

    @property
    def what(self) -> str:
        """See ``ManagedServer.what``."""
        return tr("TimescaleDB on the server of --dsn")

    @property
    def built(self) -> Mapping[str, Fact]:
        """See ``ManagedServer.built``: nobody here knows who built it."""
        return {}

    def recover(self) -> None:
        """See ``Server.recover``."""
        self._own.recover()

    def postmaster(self) -> int | None:
        """See ``Server.postmaster``."""
        return self._own.postmaster()

    def others(self, session: Any) -> Sequence[int]:
        """See ``Server.others``."""
        return self._own.others(session)

    def data_directory(self) -> Path | None:  # type: ignore[override]  # it may not be seen from here
        """See ``Server.data_directory``."""
        return self._own.data_directory()

    def close(self) -> None:
        """See ``Server.close``: our schema goes with the plan's own."""
