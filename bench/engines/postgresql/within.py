"""The plan's own cluster, seen as another kind of database that is made of PostgreSQL: all but the session is its."""

from abc import ABC
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.engines.engine import ManagedServer
from bench.engines.postgresql.server import PostgreSQLServer
from bench.engines.postgresql.trial_session import TrialSession
from bench.model.endpoint import Endpoint
from bench.model.fingerprint import Fact
from bench.model.plan import Variant
from bench.model.values import Transport


class WithinCluster(PostgreSQLServer, ManagedServer, ABC):
    """As the plan's own server, which is created before it and closed after it."""

    def __init__(self, own: ManagedServer, sessions: type[TrialSession]) -> None:
        super().__init__(sessions)
        self._own = own
        self.schema, self.exclusive, self.doubts = own.schema, own.exclusive, own.doubts

    def create(self, harness: Variant, *, tls: bool) -> None:
        """See ``ManagedServer.create``: the plan's own is created already."""

    def check(self, variant: Variant, disk_bytes: int = 0) -> None:
        """See ``ManagedServer.check``."""
        self._own.check(variant, disk_bytes)

    def endpoint(self, transport: Transport) -> Endpoint:
        """See ``Server.endpoint``."""
        return self._own.endpoint(transport)

    def session(self) -> TrialSession:
        """See ``Server.session``."""
        session = self._sessions(self.endpoint("socket").psycopg2_arguments(), self.schema)
        session.prove_schema()
        return session

    @property
    def built(self) -> Mapping[str, Fact]:
        """See ``ManagedServer.built``."""
        return self._own.built

    def stop(self) -> None:
        """See ``ManagedServer.stop``."""
        self._own.stop()

    def recover(self) -> None:
        """See ``Server.recover``."""
        self._own.recover()

    def postmaster(self) -> int | None:
        """See ``Server.postmaster``."""
        return self._own.postmaster()

    def others(self, session: TrialSession) -> Sequence[int]:  # noqa: ARG002 - nobody else uses it
        """See ``Server.others``."""
        return ()

    def data_directory(self) -> Path:
        """See ``ManagedServer.data_directory``."""
        return self._own.data_directory()

    def close(self) -> None:
        """See ``Server.close``: what is left goes with the plan's own."""
