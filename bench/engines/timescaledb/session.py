"""What a trial asks of TimescaleDB: as of PostgreSQL, but that its table may be a hypertable."""

from dataclasses import replace

import psycopg2.errors

from bench.engines.postgresql.layout import TableLayout
from bench.engines.postgresql.session import LayoutError
from bench.engines.postgresql.trial_session import TrialSession
from bench.engines.timescaledb.chunks import DEFAULT_S, without_chunks
from bench.model.fingerprint import Fact
from bench.model.table import quoted

EXTENSION = (
    "SELECT extversion, extnamespace::regnamespace::name FROM pg_catalog.pg_extension WHERE extname = 'timescaledb'"
)
LICENCE = "SELECT current_setting('timescaledb.license')"
DIMENSION = """
    SELECT column_name, extract(epoch FROM time_interval)::bigint FROM timescaledb_information.dimensions
    WHERE hypertable_schema = %(schema)s AND hypertable_name = 'events'"""
COMPRESSED = """
    SELECT compression_enabled FROM timescaledb_information.hypertables
    WHERE hypertable_schema = %(schema)s AND hypertable_name = 'events'"""
OTHER_LICENCE = "the vendor's package has it (timescaledb_source: vendor)"


class TimescaleSession(TrialSession):
    """A session in a database that has the extension."""

    interval_s: int = DEFAULT_S
    """Over which a chunk lasts."""

    def reset(self, layout: TableLayout, preload_rows: int, payload_bytes: int) -> None:
        """See ``Session.reset``.

        Raises:
            LayoutError: this edition of TimescaleDB can't make the layout.

        """
        [(_, schema)] = self.rows(EXTENSION)
        statements = layout.statements.replace("{timescaledb}", quoted(schema))
        statements = statements.replace("{chunk_interval}", f"INTERVAL '{self.interval_s} seconds'")
        try:
            super().reset(replace(layout, statements=statements), preload_rows, payload_bytes)
        except psycopg2.errors.FeatureNotSupported as error:
            why = " ".join(str(error.diag.message_primary).split())
            raise LayoutError(layout.name, f"{why}; {OTHER_LICENCE}") from error

    def made(self) -> frozenset[str]:
        """See ``Session.made``; an interval of chunks is told where it is not the one that was asked for."""
        lines = set(without_chunks(super().made()))
        for column, interval_s in self.rows(DIMENSION, {"schema": self.schema}):
            lines.add(f"events: hypertable by {column}")
            if interval_s != self.interval_s:
                lines.add(f"events: chunks of {interval_s} s, not of {self.interval_s} s")
        if any(enabled for (enabled,) in self.rows(COMPRESSED, {"schema": self.schema})):
            lines.add("events: compression enabled")
        return frozenset(lines)

    def facts(self) -> dict[str, Fact]:
        """See ``Session.facts``."""
        [(version, _)] = self.rows(EXTENSION)
        facts = super().facts()
        return facts | {
            "version": f"TimescaleDB {version} on {facts['version']}",
            "licence": str(self.value(LICENCE)),
            "chunk_interval_s": self.interval_s,
        }
