"""ClickHouse: a server where its program is installed, else the engine in the client's own process (chdb).

Measured by rungs of its own beside PostgreSQL, in the same run. ``make clickhouse`` brings the engine.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

from bench.engines.beside import BesideOnly
from bench.engines.clickhouse.embedded import EmbeddedClickHouse
from bench.engines.clickhouse.private import PrivateClickHouse
from bench.engines.clickhouse.server import STOCK, ManagedClickHouse
from bench.engines.engine import ManagedServer, Server
from bench.model.errors import HostError, UsageError
from bench.model.language import later, tr

PROGRAMS: dict[str, tuple[str, ...]] = {"clickhouse-server": (), "clickhouse": ("server",)}
"""What a server is begun by, with what comes before its options: a package of it, or the one program alone."""
PLACES = "/usr/bin:/usr/sbin"
LIBRARIES = ("chdb", "pyarrow")
LACKING = later(
    "ClickHouse is not here, neither a server nor the engine. On a box: make provision ROLES=clickhouse. Here: make"
    " clickhouse, which brings the engine, or a server of the vendor's."
)


def program(bin_dir: Path | None = None) -> list[str] | None:
    """Return the command that is a server, of a directory or as it is installed; None: there is none."""
    for name, words in PROGRAMS.items():
        if bin_dir:
            found = str(bin_dir / name) if (bin_dir / name).is_file() else None
        else:
            found = shutil.which(name) or shutil.which(name, path=PLACES)
        if found:
            return [found, *words]
    return None


def managed(home: Path, command: list[str] | None) -> ManagedClickHouse:
    """Return the server that a command begins, or where there is none the engine that clients open."""
    return PrivateClickHouse(home, command) if command else EmbeddedClickHouse(home)


class ClickHouse(BesideOnly):
    """See the module."""

    variant = STOCK
    instead = later("ask for --phases 3-C instead of --engine")

    def beside(self, own: Server, home: Path) -> ManagedServer:
        """See ``Engine.beside``."""
        if not isinstance(own, ManagedServer):
            raise UsageError(tr("ClickHouse is measured beside a PostgreSQL of pgladder's own: leave out --dsn."))
        if why := self.lacking(home):
            raise HostError(why)
        return managed(home, program())

    def lacking(self, bin_dir: Path) -> str | None:  # noqa: ARG002 - whichever PostgreSQL it is beside
        """See ``Engine.lacking``."""
        if program() or all(map(find_spec, LIBRARIES)):
            return None
        return tr(LACKING)


ENGINE = ClickHouse()
