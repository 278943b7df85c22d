"""A cluster that is pgladder's to configure: variants swapped in, troubles got over, how clients reach it.

How it comes to be and how it is started and stopped is the business of ``private`` (made for a run) and ``provisioned``
(made by Ansible); ``swap`` brings variants into force.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import psycopg2

from bench.engines.engine import ManagedServer
from bench.engines.postgresql.binaries import build_of, suite_of
from bench.engines.postgresql.server import PostgreSQLServer
from bench.engines.postgresql.session import ServerError, Session
from bench.engines.postgresql.staging import complaint
from bench.engines.postgresql.swap import Swapping
from bench.engines.postgresql.trial_session import TrialSession
from bench.model.endpoint import Endpoint
from bench.model.fingerprint import Fact
from bench.model.plan import Variant
from bench.model.record import Reason
from bench.model.values import Transport

BESIDE = "pgladder_beside"
"""How databases in the cluster begin that are for the trials of engines which are extensions of PostgreSQL."""
BUILT = ("builder", "suite")
"""What is told of the programs beside their version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How a cluster is reached; the certificate is there where it offers TLS."""

    sockets: Path
    port: int
    user: str
    password: str
    database: str
    certificate: Path


class ManagedPostgreSQL(PostgreSQLServer, ManagedServer, ABC):
    """A PostgreSQL of ours; ready for a run with ``create``, which fails with a sentence."""

    schema = "pgladder"
    exclusive = True
    doubts: Sequence[Reason] = ()
    start_timeout_s = 60
    """Recovery from a crash included."""

    def __init__(self, bin_dir: Path, reach: Reach, data: Path, log: Path, sessions: type[TrialSession]) -> None:
        super().__init__(sessions)
        self._bin = bin_dir.absolute()
        self._reach, self._data, self._log = reach, data, log
        self._log_before = 0
        """The log's size when PostgreSQL was last started."""
        self._swapping: Swapping | None = None

    @abstractmethod
    def alive(self) -> bool:
        """See ``Cluster.alive``."""

    @abstractmethod
    def start(self) -> None:
        """See ``Cluster.start``."""

    @abstractmethod
    def stop(self) -> None:
        """See ``ManagedServer.stop``."""

    @property
    def built(self) -> Mapping[str, Fact]:
        """See ``ManagedServer.built``."""
        return dict(zip(BUILT, (build_of(self._bin).builder, suite_of(self._bin)), strict=True))

    @property
    def bin_dirs(self) -> Sequence[Path]:
        """See ``ManagedServer.bin_dirs``."""
        return [self._bin]

    # --- variants ----------------------------------------------------------------------------------------------------

    @property
    def swapping(self) -> Swapping:
        """The variants of the harness it was created with."""
        assert self._swapping is not None
        return self._swapping

    def check(self, variant: Variant, disk_bytes: int = 0) -> None:
        """See ``ManagedServer.check``."""
        self.swapping.check(variant, disk_bytes)

    def apply(self, variant: Variant) -> None:
        """See ``Server.apply``."""
        self.swapping.apply(variant)

    def recover(self) -> None:
        """Restart after a crash."""
        if (variant := self.swapping.in_force) is None:
            raise ServerError(f"PostgreSQL never started: {self._complaint()}")
        if self.alive():
            # Told to end while it recovers from the crash of a backend, PostgreSQL (15) never does: let it finish first
            with contextlib.suppress(ServerError):
                self._wait_ready()
        self.stop()
        self.apply(variant)

    def _wait_ready(self) -> None:
        deadline = monotonic() + self.start_timeout_s
        while monotonic() < deadline:
            try:
                self.connect().close()
            except psycopg2.OperationalError as error:
                if not self.alive():
                    raise ServerError(f"PostgreSQL did not start: {self._complaint()}") from error
                sleep(0.02)
            else:
                return
        raise ServerError(f"PostgreSQL did not answer within {self.start_timeout_s} s: {self._complaint()}")

    def _complaint(self) -> str:
        """Return what PostgreSQL said of its trouble since it was last started."""
        return complaint(self._new_log()) or "its log is empty"

    def _new_log(self) -> str:
        """Return what was added to the log since PostgreSQL was last started."""
        return self._log.read_bytes()[self._log_before :].decode(errors="replace")

    # --- what others need to know ------------------------------------------------------------------------------------

    def endpoint(self, transport: Transport) -> Endpoint:
        """See ``Server.endpoint``."""
        # verify-ca: clients go by the address, which a certificate need not name.
        tls = {"sslmode": "verify-ca", "sslrootcert": str(self._reach.certificate)}
        return Endpoint(
            transport=transport,
            host=str(self._reach.sockets) if transport == "socket" else "127.0.0.1",
            port=self._reach.port,
            user=self._reach.user,
            database=self._reach.database,
            schema=self.schema,
            password=self._reach.password,
            parameters=tls if transport == "tls" else {"sslmode": "disable"},
        )

    def connect(self) -> Session:
        """See ``Cluster.connect``."""
        return Session({**self.endpoint("socket").psycopg2_arguments(), "options": ""}, self.schema)

    def session(self) -> TrialSession:
        """See ``Server.session``."""
        session = self._sessions(self.endpoint("socket").psycopg2_arguments(), self.schema)
        session.prove_schema()
        return session

    def others(self, session: TrialSession) -> Sequence[int]:  # noqa: ARG002 - nobody else uses it
        """See ``Server.others``."""
        return ()

    def data_directory(self) -> Path:
        """See ``Server.data_directory``."""
        return self._data
