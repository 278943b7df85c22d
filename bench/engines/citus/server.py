"""Citus on servers of ours: the plan's own cluster is the coordinator, private servers behind it are the workers.

Each of them preloads the library, and has a database of the same name for it. They reach each other over TCP by the
password of the role that they have in common, which stands in a catalog that only superusers read.
"""

from collections.abc import Callable
from pathlib import Path

from psycopg2.extensions import make_dsn

from bench.engines.citus.session import CitusSession
from bench.engines.engine import ManagedServer, Server
from bench.engines.postgresql.behind import ServersBehind
from bench.engines.postgresql.extended import ExtendedCluster
from bench.engines.postgresql.private import PrivateServer
from bench.engines.postgresql.session import DDL_TIMEOUT_S, Session

LIBRARY = "citus"
# Both before the extension is made: it reports to its vendor a minute later, and by default it asks for TLS between
# servers, and turns that on by ALTER SYSTEM.
SETTINGS = {"citus.enable_statistics_collection": "off", "citus.node_conninfo": "sslmode=disable"}
EXTENSION = "CREATE EXTENSION citus"
# Not passed on: each server makes its own.
ON_EACH = "SET citus.enable_ddl_propagation TO off"
SCHEMA = "CREATE SCHEMA {schema}"
# 0: by every server.
AUTHENTICATED = "INSERT INTO pg_dist_authinfo (nodeid, rolename, authinfo) VALUES (0, %(role)s, %(password)s)"
KNOWN = "SELECT nodeport FROM pg_catalog.pg_dist_node"
COORDINATOR = "SELECT pg_catalog.citus_set_coordinator_host(%(host)s, %(port)s)"
WORKER = "SELECT pg_catalog.citus_add_node(%(host)s, %(port)s)"


class CitusNode(ExtendedCluster):
    """A cluster as one of Citus' servers."""

    library = LIBRARY
    settings = SETTINGS

    def extend(self, session: Session) -> None:
        """See ``ExtendedCluster.extend``."""
        session.run(EXTENSION, seconds=DDL_TIMEOUT_S)
        session.run(ON_EACH)
        session.run(session.qualified(SCHEMA))
        endpoint = self.endpoint("tcp")
        session.run(AUTHENTICATED, {"role": endpoint.user, "password": make_dsn(password=endpoint.password)})

    @property
    def what(self) -> str:
        """See ``ManagedServer.what``."""
        return f"Citus in {self._own.what}"


class Coordinator(CitusNode):
    """The one that clients write to."""

    def __init__(self, own: ManagedServer, made_anew: Callable[[], None]) -> None:
        super().__init__(own)
        self._made_anew = made_anew

    def extend(self, session: Session) -> None:
        """See ``ExtendedCluster.extend``."""
        self._made_anew()
        super().extend(session)


class CitusServer(ServersBehind):
    """The coordinator, and the workers that the shards lie on."""

    def __init__(self, own: ManagedServer, bin_dir: Path, home: Path) -> None:
        # Workers that know one coordinator are of no use to another.
        self._coordinator = Coordinator(own, self.close)
        self._workers: dict[PrivateServer, CitusNode] = {}
        super().__init__(self._coordinator, bin_dir, home, CitusSession)

    @property
    def what(self) -> str:
        """See ``ManagedServer.what``."""
        return f"{self._own.what}, and its workers"

    def seen(self, server: PrivateServer) -> CitusNode:
        """See ``ServersBehind.seen``."""
        return self._workers.setdefault(server, CitusNode(server))

    def close(self) -> None:
        """See ``Server.close``."""
        self._workers = {}
        super().close()

    def make_known(self, session: Session) -> None:
        """See ``ServersBehind.make_known``."""
        known = {port for (port,) in session.rows(KNOWN)}
        first: Server = self._coordinator
        for server in (first, *self.in_use):
            endpoint = server.endpoint("tcp")
            if endpoint.port not in known:
                where = {"host": endpoint.host, "port": endpoint.port}
                session.run(COORDINATOR if server is first else WORKER, where, seconds=DDL_TIMEOUT_S)

    def recover(self) -> None:
        """See ``Server.recover``; what was prepared on a worker, and never committed, goes with that worker."""
        self._own.recover()
        self._coordinator.forget()
