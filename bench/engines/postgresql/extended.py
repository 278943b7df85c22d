"""A cluster with an extension that must be preloaded, in a database of its own: for the trials of that engine alone.

A variant is brought into force with the library preloaded, and so restarts the cluster; the cluster's own trials bring
it into force without. The database goes with the run: a private cluster as a whole, of a provisioned one see
``bench.engines.postgresql.provisioned``.
"""

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace

from bench.engines.engine import ManagedServer
from bench.engines.postgresql.conf import read_conf
from bench.engines.postgresql.managed import BESIDE
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.session import DDL_TIMEOUT_S, Session
from bench.engines.postgresql.trial_session import TrialSession
from bench.engines.postgresql.within import WithinCluster
from bench.model.endpoint import Endpoint
from bench.model.plan import Variant
from bench.model.table import quoted
from bench.model.values import Transport

PRELOAD = "shared_preload_libraries"
IS_THERE = "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = %(name)s)"


def preloading(variant: Variant, library: str, settings: Mapping[str, str]) -> Variant:
    """Return a variant that preloads a library too, and sets what that needs; one that is refused stays so."""
    if variant.refused is not None:
        return variant
    # First, where Citus must be.
    libraries = [library]
    if there := read_conf(variant.text, f"Variant {variant.name}").get(PRELOAD):
        libraries += filter(None, [there.text])
    lines = [line for line in variant.text.splitlines() if not line.lower().lstrip().startswith(PRELOAD)]
    lines.append(f"{PRELOAD} = '{','.join(libraries)}'")
    lines += [f"{name} = '{value}'" for name, value in settings.items()]
    return as_variant(variant.name, "\n".join([*lines, ""]), version=variant.version)


class ExtendedCluster(WithinCluster):
    """A cluster seen with an extension."""

    library: str
    """What is preloaded; the extension is called so too."""
    settings: Mapping[str, str] = {}
    """What is set where it is."""

    def __init__(self, own: ManagedServer, sessions: type[TrialSession] = TrialSession) -> None:
        super().__init__(own, sessions)
        self._made = False
        """Whether the database is of this run: what a killed one left is made anew."""

    @abstractmethod
    def extend(self, session: Session) -> None:
        """Make the extension, and the schema, in the new database, whose session it is."""

    @property
    def database(self) -> str:
        """What it has for itself."""
        return f"{BESIDE}_{self.library}"

    def _preloading(self, variant: Variant) -> Variant:
        return preloading(variant, self.library, self.settings)

    def check(self, variant: Variant, disk_bytes: int = 0) -> None:
        """See ``ManagedServer.check``."""
        self._own.check(self._preloading(variant), disk_bytes)

    def apply(self, variant: Variant) -> None:
        """See ``Server.apply``; where the cluster is another by now, its database is made anew."""
        self._own.apply(self._preloading(variant))
        with closing(self._own.session()) as session:
            assert isinstance(session, Session)
            if self._made and session.value(IS_THERE, {"name": self.database}):
                return
            session.run(f"DROP DATABASE IF EXISTS {quoted(self.database)} WITH (FORCE)", seconds=DDL_TIMEOUT_S)
            session.run(f"CREATE DATABASE {quoted(self.database)}", seconds=DDL_TIMEOUT_S)
        # No search path yet: the schema that it would name is not there.
        arguments = {**self.endpoint("socket").psycopg2_arguments(), "options": ""}
        with closing(TrialSession(arguments, self.schema)) as session:
            self.extend(session)
        self._made = True

    def forget(self) -> None:
        """Have the database made anew when a variant is applied next."""
        self._made = False

    def endpoint(self, transport: Transport) -> Endpoint:
        """See ``Server.endpoint``."""
        return replace(self._own.endpoint(transport), database=self.database)
