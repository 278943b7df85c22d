"""PostgreSQL: a private cluster, that of a provisioned box, or one that the user brings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.engines.engine import Engine
from bench.engines.postgresql.binaries import check_one_builder, find_binaries, find_several
from bench.engines.postgresql.external import ExternalPostgreSQL
from bench.engines.postgresql.private import PrivateServer
from bench.engines.postgresql.provisioned import ProvisionedServer
from bench.engines.postgresql.trial_session import TrialSession
from bench.model.box import ProvisionedCluster
from bench.model.errors import HostError

STANDBY = (
    "This box's cluster was made as a standby of {}, which takes no writes: measure that box; make teardown, then make"
    " provision, gives this one a cluster of its own."
)


class PostgreSQL(Engine):
    """An engine that builds on PostgreSQL names sessions of its own."""

    sessions: type[TrialSession] = TrialSession

    def private(self, home: Path, bin_dir: Path | None) -> PrivateServer:
        """See ``Engine.private``."""
        return PrivateServer(home, bin_dir or find_binaries(), self.sessions)

    def provisioned(self, cluster: ProvisionedCluster) -> ProvisionedServer:
        """See ``Engine.provisioned``."""
        if cluster.replica_of:
            raise HostError(STANDBY.format(cluster.replica_of))
        return ProvisionedServer(cluster, find_binaries(cluster.version), self.sessions)

    def external(self, dsn: str, run: str) -> ExternalPostgreSQL:
        """See ``Engine.external``."""
        return ExternalPostgreSQL(dsn, run, sessions=self.sessions)

    def programs(self, versions: Sequence[str], bin_dirs: Sequence[Path]) -> Mapping[str, Path]:
        """See ``Engine.programs``."""
        found = find_several(versions, bin_dirs)
        check_one_builder(found)
        return found


ENGINE = PostgreSQL()
