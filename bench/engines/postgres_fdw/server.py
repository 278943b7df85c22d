"""The plan's own server, which reaches further ones by postgres_fdw.

In its database are the extension, a foreign server and a user mapping for each, which go with the schema of the run.
"""

from contextlib import closing
from pathlib import Path

from psycopg2 import sql

from bench.engines.engine import ManagedServer, Server
from bench.engines.postgres_fdw.session import ShardedSession, server_name
from bench.engines.postgresql.behind import ServersBehind
from bench.engines.postgresql.session import Session
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


class ShardedServer(ServersBehind):
    """The plan's own server, and those that its foreign tables lie on."""

    def __init__(self, own: ManagedServer, bin_dir: Path, home: Path) -> None:
        super().__init__(own, bin_dir, home, ShardedSession)

    @property
    def what(self) -> str:
        """See ``ManagedServer.what``."""
        return tr("servers behind {what}", what=self._own.what)

    def apply(self, variant: Variant) -> None:
        """See ``Server.apply``."""
        super().apply(variant)
        with closing(self._own.session()) as session:
            assert isinstance(session, Session)
            session.run(session.qualified(EXTENSION))

    def make_known(self, session: Session) -> None:
        """See ``ServersBehind.make_known``."""
        for number, server in enumerate(self.in_use):
            session.run(_known_as(server_name(number), server, session))


def _known_as(name: str, server: Server, session: Session) -> str:
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
