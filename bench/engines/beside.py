"""A kind of database that is measured beside PostgreSQL alone: its rungs, or its layouts, name it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from bench.engines.engine import ClusterServer, Engine, ExternalServer, ManagedServer
from bench.model.box import ProvisionedCluster
from bench.model.errors import UsageError
from bench.model.language import later, tr


class BesideOnly(Engine):
    """An engine that no plan has for its own."""

    instead = later("ask for its --phases or --layouts instead of --engine")
    """What to ask for."""

    def private(self, home: Path, bin_dir: Path | None) -> ManagedServer:  # noqa: ARG002 - refused
        """See ``Engine.private``."""
        self._refuse()

    def provisioned(self, cluster: ProvisionedCluster) -> ClusterServer:  # noqa: ARG002 - refused
        """See ``Engine.provisioned``."""
        self._refuse()

    def external(self, dsn: str, run: str) -> ExternalServer:  # noqa: ARG002 - refused
        """See ``Engine.external``."""
        self._refuse()

    def programs(self, versions: Sequence[str], bin_dirs: Sequence[Path]) -> Mapping[str, Path]:  # noqa: ARG002
        """See ``Engine.programs``."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise UsageError(
            tr(
                "{engine} is measured beside PostgreSQL: {instead}.",
                engine=type(self).__name__,
                instead=tr(self.instead),
            )
        )
