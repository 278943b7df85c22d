"""What a trial asks of rows over several servers by postgres_fdw.

Rows are looked for on each of them and not through postgres_fdw, which has no transaction ids of theirs.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from bench.engines.engine import Arrived, Baseline
from bench.engines.postgresql.behind_session import BehindSession, together
from bench.model.fingerprint import Fact
from bench.workload.messages import Result

VERSION = "SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'postgres_fdw'"


def server_name(number: int) -> str:
    """Return the name by which a server is known to the one before it."""
    return f"pgladder_shard_{number}"


@cache
def table_on_shard() -> str:
    """Return the statement that makes what of the table lies on one server."""
    return (files("bench.engines.postgres_fdw") / "sql" / "shard.sql").read_text()


class ShardedSession(BehindSession):
    """A session with the server that clients write to, and one with each that rows lie on."""

    def make_parts(self) -> None:
        """See ``TrialSession.make_parts``."""
        for session in self.behind:
            session.run(session.qualified(table_on_shard()))

    def drop_table(self) -> None:
        """See ``Session.drop_table``."""
        super().drop_table()
        for session in self.behind:
            session.drop_table()

    def baseline(self) -> Baseline:
        """See ``Session.baseline``."""
        parts = [session.baseline() for session in self.behind]
        return Baseline(
            wal_segments=self.wal_segments(),
            table_bytes=sum(part.table_bytes for part in parts),
            index_bytes=sum(part.index_bytes for part in parts),
        )

    def made(self) -> frozenset[str]:
        """See ``Session.made``."""
        lines = set(super().made())
        for number, session in enumerate(self.behind):
            lines |= {f"shard {number}: {line}" for line in session.made()}
        return frozenset(lines)

    def found(self, results: Sequence[Result], seed: int, payload_bytes: int) -> Arrived:
        """See ``Session.found``."""
        return together(session.found(results, seed, payload_bytes) for session in self.behind)

    def facts(self) -> dict[str, Fact]:
        """See ``Session.facts``."""
        facts = super().facts()
        return facts | {"version": f"postgres_fdw {self.value(VERSION)} on {facts['version']}"}
