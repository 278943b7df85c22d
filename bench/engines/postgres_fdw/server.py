"""The plan's own server with further ones behind it, private servers of its programs and under its variant.

They are made when a table first wants so many, and stopped when one wants fewer: what an idle one does of itself would
be measured too. The plan's own reaches them as clients do, over TCP with a password; in its database are the extension,
a foreign server and a user mapping for each, which go with the schema of the run.
"""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from psycopg2 import sql

from bench.engines.engine import ManagedServer
from bench.engines.postgres_fdw.session import ShardedSession, server_name
from bench.engines.postgresql.private import PrivateServer
from bench.engines.postgresql.render import texts
from bench.engines.postgresql.session import Session
from bench.engines.postgresql.variants import harness_for
from bench.engines.postgresql.within import WithinCluster
from bench.model.language import tr
from bench.model.plan import Variant

EXTENSION = "CREATE EXTENSION IF NOT EXISTS postgres_fdw SCHEMA {schema}"
# batch_size: by default each row is a round trip of its own; 100 rows took 7 times as much from unnest here.
# fetch_size: of preloaded rows, 100 at a time by default. parallel_commit: else one server after the other commits.
KNOWN_AS = sql.SQL("""
    DROP SERVER IF EXISTS {name} CASCADE;
    CREATE SERVER {name} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (
        host {host}, port {port}, dbname {database}, batch_size '100', fetch_size '10000', parallel_commit 'true'
    );
    CREATE USER MAPPING FOR CURRENT_USER SERVER {name} OPTIONS (user {user}, password {password});
""")


class ShardedServer(WithinCluster):
    """The plan's own server; ``in_use`` are those behind it that the table lies on."""

    def __init__(self, own: ManagedServer, bin_dir: Path, home: Path) -> None:
        super().__init__(own, ShardedSession)
        self._bin, self._home = bin_dir, home
        self._harness: Variant | None = None
        self._variant: Variant | None = None
        self._made: list[PrivateServer] = []
        self.in_use: Sequence[PrivateServer] = ()

    @property
    def what(self) -> str:
        """See ``ManagedServer.what``."""
        return tr("servers behind {what}", what=self._own.what)

    def create(self, harness: Variant, *, tls: bool) -> None:  # noqa: ARG002 - clients come to the plan's own
        """See ``ManagedServer.create``; those behind it have a harness of their own, without its address and TLS."""
        self._harness = harness_for(int(texts(harness)["max_connections"]), tls=False)

    def apply(self, variant: Variant) -> None:
        """See ``Server.apply``; of those in use, too."""
        self._own.apply(variant)
        self._variant = variant
        with closing(self._own.session()) as session:
            assert isinstance(session, Session)
            session.run(session.qualified(EXTENSION))
        for server in self.in_use:
            server.apply(variant)

    def spread(self, session: Session, count: int) -> None:
        """Have so many in use, which the session's server knows.

        Raises:
            ServerError: one can't be made or started.

        """
        assert self._harness is not None
        assert self._variant is not None
        self.in_use = ()
        for server in self._made[count:]:
            server.stop()
        while len(self._made) < count:
            self._made.append(PrivateServer(self._home / str(len(self._made)), self._bin))
            self._made[-1].create(self._harness, tls=False)
        for server in self._made[:count]:
            server.apply(self._variant)
        self.in_use = self._made[:count]
        for number, server in enumerate(self.in_use):
            session.run(_known_as(server_name(number), server, session))

    def session(self) -> ShardedSession:
        """See ``Server.session``."""
        session = ShardedSession(self.endpoint("socket").psycopg2_arguments(), self.schema)
        session.prove_schema()
        session.shards = self
        return session

    def further_postmasters(self) -> Sequence[int]:
        """See ``Server.further_postmasters``."""
        found = [server.postmaster() for server in self.in_use]
        return [pid for pid in found if pid is not None]

    def stop(self) -> None:
        """See ``ManagedServer.stop``."""
        super().stop()
        for server in self.in_use:
            server.stop()

    def recover(self) -> None:
        """See ``Server.recover``."""
        super().recover()
        for server in self.in_use:
            server.recover()

    def close(self) -> None:
        """See ``Server.close``; what the plan's own knows of them goes with its schema."""
        with ExitStack() as stack:
            for server in self._made:
                stack.callback(server.close)


def _known_as(name: str, server: PrivateServer, session: Session) -> str:
    """Return the statements by which a server is known behind another one."""
    endpoint = server.endpoint("tcp")
    values = {
        "host": endpoint.host,
        "port": str(endpoint.port),
        "database": endpoint.database,
        "user": endpoint.user,
        "password": endpoint.password,
    }
    literals = {each: sql.Literal(value) for each, value in values.items()}
    return KNOWN_AS.format(name=sql.Identifier(name), **literals).as_string(session.connection)
