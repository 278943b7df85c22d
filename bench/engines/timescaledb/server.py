"""TimescaleDB on a server of ours: the plan's own cluster, told to preload it, and a database for it there.

A variant is brought into force with the library preloaded, and so restarts the cluster; the plan's own trials bring it
into force without. The database goes with the run: a private cluster as a whole, of a provisioned one see
``bench.engines.postgresql.provisioned``.
"""

from contextlib import closing
from dataclasses import replace

from bench.engines.engine import ManagedServer
from bench.engines.postgresql.conf import read_conf
from bench.engines.postgresql.managed import DATABASE_BESIDE
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.session import DDL_TIMEOUT_S, Session
from bench.engines.postgresql.trial_session import TrialSession
from bench.engines.postgresql.within import WithinCluster
from bench.engines.timescaledb.chunks import LIBRARY, interval_s
from bench.engines.timescaledb.session import TimescaleSession
from bench.model.endpoint import Endpoint
from bench.model.language import tr
from bench.model.plan import Variant
from bench.model.table import quoted
from bench.model.values import Transport

PRELOAD = "shared_preload_libraries"
IS_THERE = "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = %(name)s)"
# It reports to its vendor else, once a day.
QUIET = f"ALTER DATABASE {quoted(DATABASE_BESIDE)} SET timescaledb.telemetry_level = 'off'"
MAKE = "CREATE EXTENSION IF NOT EXISTS timescaledb SCHEMA public; CREATE SCHEMA IF NOT EXISTS {schema}"


def preloading(variant: Variant) -> Variant:
    """Return a variant that preloads TimescaleDB too; one that is refused stays so."""
    if variant.refused is not None:
        return variant
    there = read_conf(variant.text, f"Variant {variant.name}").get(PRELOAD)
    libraries = LIBRARY if there is None else f"{there.text},{LIBRARY}"
    lines = [line for line in variant.text.splitlines() if not line.lower().lstrip().startswith(PRELOAD)]
    text = "\n".join([*lines, f"{PRELOAD} = '{libraries}'", ""])
    return as_variant(variant.name, text, version=variant.version)


class TimescaleServer(WithinCluster):
    """The plan's own server, seen with TimescaleDB."""

    def __init__(self, own: ManagedServer, memory: int) -> None:
        super().__init__(own, TimescaleSession)
        self._interval_s = interval_s(memory)

    def check(self, variant: Variant, disk_bytes: int = 0) -> None:
        """See ``ManagedServer.check``."""
        self._own.check(preloading(variant), disk_bytes)

    def apply(self, variant: Variant) -> None:
        """See ``Server.apply``; where the cluster is another by now, its database is made anew."""
        self._own.apply(preloading(variant))
        with closing(self._own.session()) as session:
            assert isinstance(session, Session)
            if not session.value(IS_THERE, {"name": DATABASE_BESIDE}):
                session.run(f"CREATE DATABASE {quoted(DATABASE_BESIDE)}", seconds=DDL_TIMEOUT_S)
            session.run(QUIET)
        # No search path yet: the schema that it would name may not be there.
        arguments = {**self.endpoint("socket").psycopg2_arguments(), "options": ""}
        with closing(TrialSession(arguments, self.schema)) as session:
            session.run(session.qualified(MAKE), seconds=DDL_TIMEOUT_S)

    def session(self) -> TimescaleSession:
        """See ``Server.session``."""
        session = TimescaleSession(self.endpoint("socket").psycopg2_arguments(), self.schema)
        session.prove_schema()
        session.interval_s = self._interval_s
        return session

    def endpoint(self, transport: Transport) -> Endpoint:
        """See ``Server.endpoint``."""
        return replace(self._own.endpoint(transport), database=DATABASE_BESIDE)

    @property
    def what(self) -> str:
        """See ``ManagedServer.what``."""
        return tr("TimescaleDB in {what}", what=self._own.what)
