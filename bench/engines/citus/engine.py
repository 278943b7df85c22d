"""Citus, an extension of PostgreSQL: the server of the plan is its coordinator, private servers are its workers.

They are of the same programs on the same machine: what it costs to go through a coordinator can be measured so, what
further machines bring can not. Trials of PostgreSQL on the same server have Citus neither loaded nor in their database.
"""

from pathlib import Path

from bench.engines.beside import BesideOnly
from bench.engines.citus.server import LIBRARY, CitusServer
from bench.engines.engine import ManagedServer, Server
from bench.engines.postgresql.behind import to_be_first
from bench.engines.postgresql.binaries import build_of, library_directory


class Citus(BesideOnly):
    """Its servers are those of PostgreSQL."""

    instead = 'ask for --phases 3-D, or for --layouts "plain distributed", instead of --engine'

    def beside(self, own: Server, home: Path) -> ManagedServer:
        """See ``Engine.beside``."""
        first, programs = to_be_first(self, own, "distributed")
        return CitusServer(first, programs, home)

    def lacking(self, bin_dir: Path) -> str | None:
        """See ``Engine.lacking``."""
        if (library_directory(bin_dir) / f"{LIBRARY}.so").is_file():
            return None
        major = build_of(bin_dir).major
        return (
            f"PostgreSQL {major} in {bin_dir} has no Citus. On a box: make provision ROLES=citus. Here: the vendor's"
            f" package, postgresql-{major}-citus-13.2 or another version (docs/engines.md), or a build of its source."
        )


ENGINE = Citus()
