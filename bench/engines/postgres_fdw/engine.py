"""Several PostgreSQL behind one: measured on the server of the plan, which reaches further ones by postgres_fdw.

They are private servers of the same programs on the same machine: what it costs to go through postgres_fdw can be
measured so, what further machines bring can not.
"""

from pathlib import Path

from bench.engines.beside import BesideOnly
from bench.engines.engine import ManagedServer, Server
from bench.engines.postgres_fdw.server import ShardedServer
from bench.engines.postgresql.binaries import build_of, library_directory
from bench.engines.postgresql.external import ExternalPostgreSQL
from bench.model.errors import HostError, UsageError
from bench.model.language import later, tr

LIBRARY = "postgres_fdw"


class PostgresFdw(BesideOnly):
    """Its servers are those of PostgreSQL."""

    instead = later('ask for --layouts "plain sharded" instead of --engine')

    def beside(self, own: Server, home: Path) -> ManagedServer:
        """See ``Engine.beside``."""
        if isinstance(own, ExternalPostgreSQL):
            raise UsageError(
                tr(
                    "The layout sharded takes an extension and foreign servers, which pgladder makes on no server that"
                    " you bring: leave out --dsn, or that layout."
                )
            )
        assert isinstance(own, ManagedServer)
        if len(own.bin_dirs) > 1:
            raise UsageError(
                tr("The layout sharded is measured on one version of PostgreSQL: name one in --postgresql.")
            )
        [programs] = own.bin_dirs
        if why := self.lacking(programs):
            raise HostError(why)
        return ShardedServer(own, programs, home)

    def lacking(self, bin_dir: Path) -> str | None:
        """See ``Engine.lacking``."""
        if (library_directory(bin_dir) / f"{LIBRARY}.so").is_file():
            return None
        return tr(
            "PostgreSQL {major} in {directory} has no postgres_fdw: Debian's and PGDG's packages have it, other builds"
            " where their contrib modules are installed.",
            major=build_of(bin_dir).major,
            directory=bin_dir,
        )


ENGINE = PostgresFdw()
