"""TimescaleDB, an extension of PostgreSQL: measured on the server of the plan, which preloads it for its trials.

Trials of PostgreSQL on the same server have it neither loaded nor in their database: what it costs to have it is not
theirs. So both are of one major, of one builder, on one disk.
"""

from pathlib import Path

from bench.engines.beside import BesideOnly
from bench.engines.engine import ManagedServer, Server
from bench.engines.postgresql.binaries import build_of, library_directory
from bench.engines.postgresql.external import ExternalPostgreSQL
from bench.engines.timescaledb.chunks import LIBRARY, memory_bytes
from bench.engines.timescaledb.external import OwnersTimescale
from bench.engines.timescaledb.server import TimescaleServer
from bench.model.errors import HostError
from bench.model.language import later, tr


class TimescaleDB(BesideOnly):
    """Its servers are those of PostgreSQL."""

    instead = later('ask for --phases 3-T, or for --layouts "plain-time-key hypertable", instead of --engine')

    def beside(self, own: Server, home: Path) -> ManagedServer:  # noqa: ARG002 - it keeps all in the plan's own
        """See ``Engine.beside``."""
        if isinstance(own, ExternalPostgreSQL):
            return OwnersTimescale(own)
        assert isinstance(own, ManagedServer)
        for directory in own.bin_dirs:
            if why := self.lacking(directory):
                raise HostError(why)
        return TimescaleServer(own, memory_bytes())

    def lacking(self, bin_dir: Path) -> str | None:
        """See ``Engine.lacking``."""
        if (library_directory(bin_dir) / f"{LIBRARY}.so").is_file():
            return None
        return tr(
            "PostgreSQL {major} in {directory} has no TimescaleDB. On a box: make provision ROLES=timescaledb. Here:"
            " apt-get install postgresql-{major}-timescaledb, which Debian 13 and later have for their own PostgreSQL;"
            " others take timescaledb-2-postgresql-{major} from the vendor's source.",
            major=build_of(bin_dir).major,
            directory=bin_dir,
        )


ENGINE = TimescaleDB()
