"""What a trial asks of PostgreSQL, over the agent's connection; ``bench.engines.engine.Session`` says what is what."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from time import monotonic

import psycopg2
import psycopg2.errors

from bench.engines.engine import Arrived, Baseline, Counters, Grade, Marked
from bench.engines.postgresql import counters, durability, found
from bench.engines.postgresql.layout import TableLayout
from bench.engines.postgresql.session import DDL_TIMEOUT_S, Session
from bench.engines.postgresql.wal import files_wanted
from bench.model.fingerprint import Fact, Unreadable
from bench.model.record import Reason
from bench.workload.messages import Result

NOT_SHARED = ("listen_addresses", "primary_conninfo", "cluster_name")
"""Settings that may hold addresses or names of people's machines."""


class TrialSession(Session):
    """A session in the schema of a run."""

    # --- the same start ----------------------------------------------------------------------------------------------

    def reset(self, layout: TableLayout, preload_rows: int, payload_bytes: int) -> None:
        """See ``Session.reset``."""
        # Dropped, not truncated: a table of the same name may have been made by another layout.
        self.drop_table()
        self.run(self.qualified(layout.statements), seconds=DDL_TIMEOUT_S)
        self.make_parts()
        if preload_rows:
            hours = max(layout.partitions, 1)
            values = {"rows": preload_rows, "payload_bytes": payload_bytes, "hours": hours}
            self.run(self.script("preload"), values)

    def make_parts(self) -> None:
        """Make what the table needs elsewhere, before it has rows: nothing."""

    def drop_table(self) -> None:
        """See ``Session.drop_table``."""
        self.run(self.qualified("DROP TABLE IF EXISTS {schema}.events"), seconds=DDL_TIMEOUT_S)

    def next_transaction(self) -> int | None:
        """See ``Session.next_transaction``."""
        return int(self.value("SELECT pg_snapshot_xmax(pg_current_snapshot())"))

    def settings(self) -> dict[str, str]:
        """See ``Session.settings``."""
        own = "('session', 'client', 'interactive', 'test')"
        return dict(self.rows(f"SELECT name, setting FROM pg_settings WHERE source NOT IN {own}"))  # noqa: S608

    def wal_segments(self) -> int | None:
        """See ``Session.wal_segments``."""
        count = self.optional("SELECT count(*) FROM pg_catalog.pg_ls_waldir()")
        return None if isinstance(count, Unreadable) else int(count)

    def wal_ready(self) -> int:
        """Return how many WAL files lie ready to be written, after the current one."""
        # Names of WAL files sort as they will be written; what comes after the current one is there to be used.
        files = "SELECT count(*) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'"
        return int(self.value(f"{files} AND name > pg_walfile_name(pg_current_wal_insert_lsn())"))

    def wal_position(self) -> int | None:
        """See ``Session.wal_position``."""
        position = self.optional("SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')")
        return None if isinstance(position, Unreadable) else int(position)

    def prepare_wal(self, span_s: float, used_bytes: int | None, free_bytes: int | None) -> None:
        """See ``Session.prepare_wal``."""
        most = int(self.value("SELECT setting::bigint << 20 FROM pg_settings WHERE name = 'max_wal_size'"))
        self.fill_wal(files_wanted(span_s, used_bytes, most, free_bytes))

    def fill_wal(self, files: int) -> None:
        """Write WAL until, after the next checkpoint, so many files lie ready: it recycles as many as were written.

        The messages mean nothing to anyone (pg_logical_emit_message, not transactional: no transaction id is used).
        """
        if self.wal_ready() < files:
            message = "pg_logical_emit_message(false, 'pgladder', repeat('-', 1 << 20))"
            self.run(f"SELECT {message} FROM generate_series(1, 16 * %(files)s)", {"files": files})  # noqa: S608

    def settle(self) -> float | Unreadable:
        """See ``Session.settle``."""
        began = monotonic()
        try:
            self.run("CHECKPOINT")
        except psycopg2.errors.InsufficientPrivilege:
            return Unreadable(unreadable="this user may not make a CHECKPOINT")
        return monotonic() - began

    def started(self) -> str:
        """See ``Session.started``."""
        return str(self.value("SELECT pg_postmaster_start_time()"))

    def configuration_loaded(self) -> str:
        """See ``Session.configuration_loaded``."""
        return str(self.value("SELECT pg_conf_load_time()"))

    def baseline(self) -> Baseline:
        """See ``Session.baseline``."""
        [(table, indexes)] = self.rows(self.script("sizes"))
        return Baseline(wal_segments=self.wal_segments(), table_bytes=int(table), index_bytes=int(indexes))

    # --- what is there -----------------------------------------------------------------------------------------------

    def made(self) -> frozenset[str]:
        """See ``Session.made``."""
        return frozenset(line for (line,) in self.rows(self.script("made")))

    def found(self, results: Sequence[Result], seed: int, payload_bytes: int) -> Arrived:
        """See ``Session.found``."""
        # In this order: the first sets the memory that the others sort in, too.
        return Arrived(
            writers=found.find(self),
            lost=found.find_lost(self, results),
            altered=found.find_altered(self, results, seed, payload_bytes),
            transactions=found.find_commits(self),
        )

    def marked(self, results: Sequence[Result], seed: int, payload_bytes: int) -> dict[int, Marked]:
        """See ``Session.marked``."""
        return found.find_marked(self, results, seed, payload_bytes)

    def grade(
        self, layout: TableLayout, read_back: Collection[str], data: Path | Unreadable, of_clients: Sequence[str]
    ) -> Grade:
        """See ``Session.grade``."""
        tablespaces = [directory for (directory,) in self.rows(self.script("tablespaces"))]
        return durability.grade(
            durability.promise_of(self),
            layout.risk or durability.unlogged(read_back),
            durability.memory_of(data, tablespaces),
            of_clients,
        )

    def flush_us(self) -> float | Unreadable:
        """See ``Session.flush_us``."""
        return durability.flush_us(self)

    def doubts(self) -> Sequence[Reason]:
        """See ``Session.doubts``: none, what it does of itself is seen in its counters."""
        return ()

    # --- what it counts, and what it is ------------------------------------------------------------------------------

    def counters(self) -> Counters:
        """See ``Session.counters``."""
        return counters.counters_of(self)

    def counted(self, expressions: Mapping[str, str]) -> dict[str, float]:
        """See ``Session.counted``."""
        return counters.read(self, expressions)

    def facts(self) -> dict[str, Fact]:
        """See ``Session.facts``; of the settings those that are not at their built-in value."""
        changed = self.rows(
            "SELECT name, current_setting(name) FROM pg_settings WHERE setting IS DISTINCT FROM boot_val"
            " AND source NOT IN ('session', 'client') ORDER BY name"
        )
        return {
            "version": str(self.value("SELECT version()")),
            "data_checksums": str(self.value("SELECT current_setting('data_checksums')")),
            "settings": {name: value for name, value in changed if name not in NOT_SHARED},
        }
