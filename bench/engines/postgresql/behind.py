"""The plan's own server with further ones behind it: private servers of its programs, under its variant.

They are made when a table first wants so many, and stopped when one wants fewer: what an idle one does of itself would
be measured too. They have the first one's user with its password, which is how the first one comes to them over TCP.
How it knows them, and what of the table lies on them, is the engine's business.
"""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.engines.engine import Engine, ManagedServer, Server
from bench.engines.postgresql.behind_session import BehindSession
from bench.engines.postgresql.external import ExternalPostgreSQL
from bench.engines.postgresql.managed import ManagedPostgreSQL
from bench.engines.postgresql.private import PrivateServer
from bench.engines.postgresql.render import texts
from bench.engines.postgresql.session import Session
from bench.engines.postgresql.variants import harness_for
from bench.engines.postgresql.within import WithinCluster
from bench.model.errors import HostError, UsageError
from bench.model.language import tr
from bench.model.plan import Variant


def to_be_first(engine: Engine, own: Server, layout: str) -> tuple[ManagedServer, Path]:
    """Return a plan's own server as one that others can be put behind, and the directory of its programs.

    Raises:
        HostError: the programs lack what the engine takes.
        UsageError: it is somebody else's, or there are several versions of it.

    """
    if isinstance(own, ExternalPostgreSQL):
        raise UsageError(
            tr(
                "The layout {layout} takes an extension and further servers, which pgladder makes on no server that you"
                " bring: leave out --dsn, or that layout.",
                layout=layout,
            )
        )
    assert isinstance(own, ManagedServer)
    if len(own.bin_dirs) > 1:
        raise UsageError(
            tr("The layout {layout} is measured on one version of PostgreSQL: name one in --versions.", layout=layout)
        )
    [programs] = own.bin_dirs
    if why := engine.lacking(programs):
        raise HostError(why)
    return own, programs


class ServersBehind(WithinCluster):
    """The plan's own server; ``in_use`` are those behind it that the table lies on."""

    def __init__(self, own: ManagedServer, bin_dir: Path, home: Path, sessions: type[BehindSession]) -> None:
        super().__init__(own, sessions)
        self._bin, self._home = bin_dir, home
        self._harness: Variant | None = None
        self._variant: Variant | None = None
        self._made: list[PrivateServer] = []
        self.in_use: Sequence[ManagedPostgreSQL | WithinCluster] = ()

    @abstractmethod
    def make_known(self, session: Session) -> None:
        """Have the first server, whose session it is, know those in use."""

    def seen(self, server: PrivateServer) -> ManagedPostgreSQL | WithinCluster:
        """Return one of those behind as the engine sees it."""
        return server

    def create(self, harness: Variant, *, tls: bool) -> None:  # noqa: ARG002 - clients come to the plan's own
        """See ``ManagedServer.create``."""
        # That of a provisioned cluster says where it is, and may offer TLS.
        self._harness = harness_for(int(texts(harness)["max_connections"]), tls=False)

    def apply(self, variant: Variant) -> None:
        """See ``Server.apply``; of those in use, too."""
        self._own.apply(variant)
        self._variant = variant
        for server in self.in_use:
            server.apply(variant)

    def spread(self, session: Session, count: int) -> None:
        """Have so many in use, which the session's server knows.

        Raises:
            ServerError: one can't be made or started.

        """
        assert self._variant is not None
        self.in_use = ()
        for unwanted in self._made[count:]:
            unwanted.stop()
        while len(self._made) < count:
            self._make()
        in_use = [self.seen(server) for server in self._made[:count]]
        for server in in_use:
            server.apply(self._variant)
        self.in_use = in_use
        self.make_known(session)

    def _make(self) -> None:
        assert self._harness is not None
        account = self._own.endpoint("tcp")
        home = self._home / str(len(self._made))
        self._made.append(PrivateServer(home, self._bin, user=account.user, password=account.password))
        self._made[-1].create(self._harness, tls=False)

    def session(self) -> BehindSession:
        """See ``Server.session``."""
        session = super().session()
        assert isinstance(session, BehindSession)
        session.servers = self
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
        """See ``Server.close``; what the plan's own knows of them goes with its schema, or its database."""
        made, self._made, self.in_use = self._made, [], ()
        with ExitStack() as stack:
            for server in made:
                stack.callback(server.close)
