"""What the private server and the embedded engine have in common: one variant, one directory, one database of the run.

How each begins, ends and is reached is the business of ``private`` and ``embedded``.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.engines.clickhouse.session import Asked, AtStart, ClickHouseSession
from bench.engines.engine import ManagedServer
from bench.engines.held import HeldDirectory
from bench.engines.postgresql.owner import Owner
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.session import ServerError, VariantError
from bench.model.fingerprint import Unreadable
from bench.model.language import tr
from bench.model.plan import Variant
from bench.model.record import Reason
from bench.model.table import quoted
from bench.workload.clickhouse import DEFAULT, ClickHouseError

STOCK = as_variant("stock", "")
"""ClickHouse as it is configured by itself; variants of PostgreSQL mean nothing to it."""
DATABASE = "pgladder"


class ManagedClickHouse(ManagedServer, ABC):
    """A ClickHouse of ours below ``home``."""

    schema = DATABASE
    exclusive = True
    doubts: Sequence[Reason] = ()
    errors = (OSError, ClickHouseError)

    def __init__(self, home: Path, owner: Owner) -> None:
        self._owner = owner
        self._held = HeldDirectory(home.absolute() / "server", owner)
        self._base = self._held.path
        self._data = self._base / "data"
        self._at_start = AtStart()
        self._has_database = False

    @abstractmethod
    def _ask(self, database: str) -> Asked:
        """Connect, to a database of which it is known that it is there; raises ``ServerError``."""

    @abstractmethod
    def _start(self) -> None:
        """Start it where it does not run; raises ``ServerError``."""

    @abstractmethod
    def _started(self) -> str:
        """See ``Session.started``."""

    # --- begin and end -----------------------------------------------------------------------------------------------

    def create(self, harness: Variant, *, tls: bool) -> None:  # noqa: ARG002 - of PostgreSQL
        """See ``ManagedServer.create``."""
        self._held.empty()
        self._owner.do("mkdir", self._data)
        self._has_database = False

    def check(self, variant: Variant, disk_bytes: int = 0) -> None:  # noqa: ARG002 - it takes what it needs
        """See ``ManagedServer.check``."""
        if variant.name != STOCK.name or variant.text:
            raise VariantError(variant.name, "it is a configuration of PostgreSQL; ClickHouse is measured as it is")

    def apply(self, variant: Variant) -> None:
        """See ``Server.apply``."""
        self.check(variant)
        self._start()
        if not self._has_database:
            with closing(self._ask(DEFAULT)) as asked:
                asked.rows(f"CREATE DATABASE {quoted(self.schema)}")
            self._has_database = True

    def recover(self) -> None:
        """See ``Server.recover``: begin again with an empty directory, as nothing that was written is needed."""
        self.stop()
        self.create(STOCK, tls=False)
        self.apply(STOCK)

    def close(self) -> None:
        """See ``Server.close``."""
        self.stop()
        try:
            self._held.remove()
        except OSError as error:
            raise ServerError(
                tr("{path} can't be removed: {error}; remove it.", path=self._base, error=error)
            ) from error

    # --- what others need to know ------------------------------------------------------------------------------------

    def session(self) -> ClickHouseSession:
        """See ``Server.session``."""
        asked = self._ask(self.schema)
        session = ClickHouseSession(asked, self.schema, self._data, self._at_start, self._started)
        try:
            session.prove()
        except BaseException:
            session.close()
            raise
        return session

    def others(self, session: Any) -> Sequence[int]:  # noqa: ARG002 - nobody else uses it
        """See ``Server.others``."""
        return ()

    def data_directory(self) -> Path:
        """See ``Server.data_directory``."""
        return self._data

    def data_place(self) -> Path | Unreadable:
        """See ``Server.data_place``."""
        return self._data

    def wal_place(self, data: Path | Unreadable) -> Path | Unreadable:
        """See ``Server.wal_place``: it has none, and what it flushes are its parts."""
        return data
