"""The server's own counters since they were last reset, by the names they had first, whatever the version.

Owns where each is found: 17 moved those of checkpoints, 18 those of WAL's writes and flushes. One that the server does
not have, or does not count as it is configured, is missing with its reason; a trial is none the worse for it.
WAL positions are exact; the others are reported by each backend at most once a second. Source: PostgreSQL manuals 14 to
18, 27.2 (28.2), The Cumulative Statistics System.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg2

from bench.engines.engine import Counters
from bench.engines.postgresql.session import Session, lacking
from bench.model.fingerprint import Unreadable

Columns = Mapping[tuple[str, str], bool]
"""By view and column: whether we may read it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a counter is found: what to select of a view that has these columns."""

    view: str
    columns: tuple[str, ...]
    select: str
    where: str = "true"

    def is_in(self, has: Columns) -> bool:
        """Return whether a server with these columns has it."""
        return all((self.view, each) in has for each in self.columns)

    def expression(self) -> str:
        """Return it as one value."""
        alias = self.view.removeprefix("pg_stat_")
        return f"(SELECT {self.select} FROM pg_catalog.{self.view} AS {alias} WHERE {self.where})"  # noqa: S608


def _column(view: str, name: str) -> Source:
    return Source(view, (name,), f"{view.removeprefix('pg_stat_')}.{name}")


def _wal_io(name: str) -> Source:
    """Of all processes; ``init`` is the making of files, which 15 does not count either."""
    return Source("pg_stat_io", ("object", name), f"sum(io.{name})", "io.object = 'wal' AND io.context = 'normal'")


OF_BACKENDS = "io.object = 'relation' AND io.backend_type NOT IN ('background writer', 'checkpointer')"
SOURCES: Mapping[str, tuple[Source, ...]] = {
    **{name: (_column("pg_stat_wal", name),) for name in ("wal_records", "wal_fpi", "wal_buffers_full")},
    "wal_write": (_column("pg_stat_wal", "wal_write"), _wal_io("writes")),
    "wal_sync": (_column("pg_stat_wal", "wal_sync"), _wal_io("fsyncs")),
    "wal_write_time": (_column("pg_stat_wal", "wal_write_time"), _wal_io("write_time")),
    "wal_sync_time": (_column("pg_stat_wal", "wal_sync_time"), _wal_io("fsync_time")),
    "checkpoints_timed": (
        _column("pg_stat_bgwriter", "checkpoints_timed"),
        _column("pg_stat_checkpointer", "num_timed"),
    ),
    "checkpoints_req": (
        _column("pg_stat_bgwriter", "checkpoints_req"),
        _column("pg_stat_checkpointer", "num_requested"),
    ),
    "buffers_checkpoint": (
        _column("pg_stat_bgwriter", "buffers_checkpoint"),
        _column("pg_stat_checkpointer", "buffers_written"),
    ),
    "buffers_backend": (
        _column("pg_stat_bgwriter", "buffers_backend"),
        Source("pg_stat_io", ("op_bytes",), "sum(coalesce(io.writes, 0) + coalesce(io.extends, 0))", OF_BACKENDS),
        Source(
            "pg_stat_io",
            ("write_bytes", "extend_bytes"),
            "sum(coalesce(io.write_bytes, 0) + coalesce(io.extend_bytes, 0)) / current_setting('block_size')::int",
            OF_BACKENDS,
        ),
    ),
    "buffers_used": (
        Source(
            "pg_stat_database",
            ("blks_hit", "blks_read"),
            "database.blks_hit + database.blks_read",
            "database.datname = current_database()",
        ),
    ),
    "checkpoint_write_time": (
        _column("pg_stat_bgwriter", "checkpoint_write_time"),
        _column("pg_stat_checkpointer", "write_time"),
    ),
    "checkpoint_sync_time": (
        _column("pg_stat_bgwriter", "checkpoint_sync_time"),
        _column("pg_stat_checkpointer", "sync_time"),
    ),
}
"""Each by its first source that the server has."""
POSITION = {"wal_position": "pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')"}
VIEWS = sorted({source.view for sources in SOURCES.values() for source in sources})
HAS = """
    SELECT c.relname, a.attname, pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace AND c.relname = ANY(%(views)s) AND a.attnum > 0"""


def read(session: Session, expressions: Mapping[str, str]) -> dict[str, float]:
    """Return them by name; none where the server refuses them meanwhile."""
    try:
        return session.named(statement(expressions))
    except psycopg2.Error as error:
        if lacking(error) is None:
            raise
        return {}


def statement(expressions: Mapping[str, str]) -> str:
    """Return one that gives each of them, by its name."""
    return "SELECT " + ", ".join(f"{expression} AS {name}" for name, expression in expressions.items())


def counters_of(session: Session) -> Counters:
    """Ask the server what it has, and try that once: some that are there refuse to answer (Amazon Aurora's)."""
    has = {(view, column): may_read for view, column, may_read in session.rows(HAS, {"views": VIEWS})}
    expressions, missing = choose(has)
    missing |= not_counted({name: session.setting(name) for name in ("wal_sync_method", "track_wal_io_timing")})
    expressions = {name: each for name, each in expressions.items() if name not in missing}
    # One by one only where all together fail: each is a round trip.
    if not read(session, expressions):
        for name, expression in list(expressions.items()):
            answer = session.optional(statement({name: expression}))
            if isinstance(answer, Unreadable):
                missing[name] = answer.unreadable
                del expressions[name]
    return Counters(expressions=expressions, missing=missing)


def choose(has: Columns) -> tuple[dict[str, str], dict[str, str]]:
    """Return how to get each counter of a server with these columns, and of the others why not. Pure."""
    expressions = dict(POSITION)
    missing: dict[str, str] = {}
    for name, sources in SOURCES.items():
        there = next((source for source in sources if source.is_in(has)), None)
        if there is None:
            missing[name] = "this server does not count it"
        elif not all(has[there.view, each] for each in there.columns):
            missing[name] = f"this user may not read {there.view}"
        else:
            expressions[name] = there.expression()
    return expressions, missing


def not_counted(settings: Mapping[str, str]) -> dict[str, str]:
    """Return what stays 0 under these settings, which is not what happened, and why. Pure."""
    missing: dict[str, str] = {}
    if settings["track_wal_io_timing"] == "off":
        missing |= dict.fromkeys(("wal_write_time", "wal_sync_time"), "track_wal_io_timing is off")
    if (method := settings["wal_sync_method"]) in ("open_sync", "open_datasync"):
        why = f"with wal_sync_method = {method} each write is a flush too, and flushes are not counted apart"
        missing |= dict.fromkeys(("wal_sync", "wal_sync_time"), why)
    return missing
