"""ClickHouse: a server where its program is installed, else the engine in the client's own process (chdb).

Measured by rungs of its own beside PostgreSQL, in the same run. ``make clickhouse`` brings the engine.
"""

import shutil
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from bench.engines.clickhouse.embedded import EmbeddedClickHouse
from bench.engines.clickhouse.private import PrivateClickHouse
from bench.engines.clickhouse.server import STOCK, ManagedClickHouse
from bench.engines.engine import ClusterServer, Engine, ExternalServer, ManagedServer, Server
from bench.model.box import ProvisionedCluster
from bench.model.errors import HostError, UsageError

PROGRAMS = {"clickhouse-server": (), "clickhouse": ("server",)}
"""What a server is begun by, with what comes before its options: a package of it, or the one program alone."""
PLACES = "/usr/bin:/usr/sbin"
HOW = "bring the engine to this machine by `make clickhouse`, a server to a box by `make provision ROLES=clickhouse`"


def program(bin_dir: Path | None = None) -> list[str] | None:
    """Return the command that is a server, of a directory or as it is installed; None: there is none."""
    for name, words in PROGRAMS.items():
        if bin_dir:
            found = str(bin_dir / name) if (bin_dir / name).is_file() else None
        else:
            found = shutil.which(name) or shutil.which(name, path=PLACES)
        if found:
            return [found, *words]
    return None


class ClickHouse(Engine):
    """See the module."""

    variant = STOCK

    def private(self, home: Path, bin_dir: Path | None) -> ManagedClickHouse:
        """See ``Engine.private``.

        Raises:
            HostError: neither server nor engine is here.

        """
        if there := program(bin_dir):
            return PrivateClickHouse(home, there)
        if bin_dir:
            raise HostError(f"There is no {' and no '.join(PROGRAMS)} in {bin_dir}.")
        if not (find_spec("chdb") and find_spec("pyarrow")):
            raise HostError(f"ClickHouse is not here, neither a server nor the engine chdb: {HOW}.")
        return EmbeddedClickHouse(home)

    def beside(self, own: Server, home: Path) -> ManagedClickHouse:
        """See ``Engine.beside``; raises as ``private``, and UsageError beside a server that is not ours."""
        if not isinstance(own, ManagedServer):
            raise UsageError("ClickHouse is measured beside a PostgreSQL of pgladder's own: leave out --dsn.")
        return self.private(home, None)

    def provisioned(self, cluster: ProvisionedCluster) -> ClusterServer:
        """See ``Engine.provisioned``: provisioning brings its programs, the server is made for each run."""
        raise UsageError("ClickHouse is measured beside PostgreSQL: ask for its phases, such as --phases 3-C.")

    def external(self, dsn: str, run: str) -> ExternalServer:
        """See ``Engine.external``."""
        raise UsageError("A ClickHouse that you bring can't be measured: leave out --dsn.")

    def programs(self, versions: Sequence[str], bin_dirs: Sequence[Path]) -> Mapping[str, Path]:
        """See ``Engine.programs``."""
        raise UsageError("ClickHouse has no versions to choose from here: the one that is installed is measured.")


ENGINE = ClickHouse()
