"""PostgreSQL 15: a private cluster, that of a provisioned box, or one that the user brings."""

from pathlib import Path

from bench.engines.engine import Engine
from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.external import ExternalPostgreSQL
from bench.engines.postgresql.private import PrivateServer
from bench.engines.postgresql.provisioned import ProvisionedServer
from bench.engines.postgresql.trial_session import TrialSession
from bench.model.box import ProvisionedCluster


class PostgreSQL(Engine):
    """An engine that builds on PostgreSQL names sessions of its own."""

    sessions: type[TrialSession] = TrialSession

    def private(self, home: Path, bin_dir: Path | None) -> PrivateServer:
        """See ``Engine.private``."""
        return PrivateServer(home, find_binaries(bin_dir), self.sessions)

    def provisioned(self, cluster: ProvisionedCluster) -> ProvisionedServer:
        """See ``Engine.provisioned``."""
        return ProvisionedServer(cluster, find_binaries(), self.sessions)

    def external(self, dsn: str, run: str, *, any_version: bool) -> ExternalPostgreSQL:
        """See ``Engine.external``."""
        return ExternalPostgreSQL(dsn, run, any_version=any_version, sessions=self.sessions)


ENGINE = PostgreSQL()
