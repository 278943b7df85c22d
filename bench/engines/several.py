"""Private servers of several versions, of which one runs at a time: the one that the variant in force is for.

One at a time, as what others do of themselves (checkpoints, vacuum) and hold (shared memory) would be measured too.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.engines.engine import ManagedServer, Session, Standby
from bench.engines.postgresql.session import ServerError, VariantError
from bench.model.endpoint import Endpoint
from bench.model.errors import PgladderError
from bench.model.fingerprint import Fact, Unreadable
from bench.model.plan import Variant
from bench.model.record import Reason
from bench.model.values import Replica, Transport
from bench.probes.probe import Asked


class SeveralVersions(ManagedServer):
    """As the one that runs; each of them has a directory of its own."""

    def __init__(self, servers: Mapping[str, ManagedServer]) -> None:
        self._servers = servers
        self._running = next(iter(servers.values()))
        self.schema = self._running.schema
        self.exclusive = all(server.exclusive for server in servers.values())
        self.doubts: Sequence[Reason] = self._running.doubts
        self.errors = self._running.errors

    @property
    def built(self) -> Mapping[str, Fact]:
        """See ``ManagedServer.built``; of the one that runs."""
        return self._running.built

    @property
    def bin_dirs(self) -> Sequence[Path]:
        """See ``ManagedServer.bin_dirs``."""
        found: list[Path] = []
        for server in self._servers.values():
            found += server.bin_dirs
        return found

    @property
    def what(self) -> str:
        """See ``ManagedServer.what``."""
        return ", ".join(server.what for server in self._servers.values())

    def create(self, harness: Variant, *, tls: bool) -> None:
        """See ``ManagedServer.create``."""
        for server in self._servers.values():
            server.create(harness, tls=tls)

    def check(self, variant: Variant, disk_bytes: int = 0) -> None:
        """See ``ManagedServer.check``."""
        self._servers[str(variant.version)].check(variant, disk_bytes)

    def apply(self, variant: Variant) -> None:
        """See ``Server.apply``; stops what runs where that is another version."""
        wanted = self._servers[str(variant.version)]
        if wanted is not self._running:
            self._running.stop()
            self._running = wanted
        wanted.apply(variant)

    def facts(self, variants: Sequence[Variant]) -> Iterator[tuple[str, dict[str, Fact]]]:
        """Start each with the first of the variants that it takes, and return what it is, by version."""
        for version in self._servers:
            for variant in variants:
                if variant.version == version and self._took(variant):
                    with closing(self.session()) as session:
                        facts = session.facts()
                    del facts["settings"]  # of a variant, which is no more than the first that it takes
                    yield version, {**facts, **self.built}
                    break

    def _took(self, variant: Variant) -> bool:
        try:
            self.apply(variant)
        except VariantError:
            return False
        return True

    def asked(self) -> Asked | Unreadable:
        """See ``Server.asked``."""
        return self._running.asked()

    def stop(self) -> None:
        """See ``ManagedServer.stop``."""
        self._running.stop()

    def recover(self) -> None:
        """See ``Server.recover``."""
        self._running.recover()

    def close(self) -> None:
        """See ``Server.close``; the last one made is closed first: the first one made the directories above all."""
        failed: list[str] = []
        for server in reversed(list(self._servers.values())):
            try:
                server.close()
            except PgladderError as error:
                failed.append(str(error))
        if failed:
            raise ServerError(" ".join(failed))

    # --- the one that runs -------------------------------------------------------------------------------------------

    def session(self) -> Session:
        """See ``Server.session``."""
        return self._running.session()

    def endpoint(self, transport: Transport) -> Endpoint:
        """See ``Server.endpoint``."""
        return self._running.endpoint(transport)

    def replicate(self, level: Replica) -> Standby | None:
        """See ``Server.replicate``."""
        return self._running.replicate(level)

    def postmaster(self) -> int | None:
        """See ``Server.postmaster``."""
        return self._running.postmaster()

    def others(self, session: Any) -> Sequence[int]:
        """See ``Server.others``."""
        return self._running.others(session)

    def data_directory(self) -> Path:
        """See ``ManagedServer.data_directory``."""
        return self._running.data_directory()

    def data_place(self) -> Path | Unreadable:
        """See ``Server.data_place``."""
        return self._running.data_place()

    def wal_place(self, data: Path | Unreadable) -> Path | Unreadable:
        """See ``Server.wal_place``."""
        return self._running.wal_place(data)
