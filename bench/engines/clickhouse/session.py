"""What a trial asks of ClickHouse; ``bench.engines.engine.Session`` says what is what.

There is no WAL, no CHECKPOINT and no transaction: what stands for a transaction is the block that an INSERT makes,
counted by the parts that are there, merged or not. ``durability`` grades, ``found`` asks for the rows.
"""

import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Protocol

from bench.engines.clickhouse import durability, found
from bench.engines.engine import Arrived, Baseline, Counters, Grade, Session
from bench.engines.postgresql.counters import POSITION, SOURCES
from bench.engines.postgresql.layout import TableLayout
from bench.engines.postgresql.session import LayoutError, ServerError
from bench.model.fingerprint import Fact, Unreadable
from bench.model.record import Reason
from bench.model.table import qualified
from bench.workload.clickhouse import ClickHouseError
from bench.workload.messages import Result

SQL = Path(__file__).with_name("sql")
NO_COUNTER = "ClickHouse has no WAL and no such counter"
MERGES_TIMEOUT_S, MERGES_STEP_S, QUIET_LOOKS = 120, 0.05, 3
"""Merges are waited for: so many looks in a row that find none."""
MOMENT = "{moment}"
MOMENTS = ("DateTime64(6) DEFAULT now64(6)", "DateTime DEFAULT now()")
"""A layout's ``{moment}``: as fine as PostgreSQL's, and what there is before version 20."""
SINCE_MICROSECONDS = 20
GATHERED, DELAYED = "AsyncInsertQuery", "DelayedInserts"
"""What a server counts (its system.events)."""
CHANGED = "SELECT name, value FROM {table} WHERE changed ORDER BY name"


class Asked(Protocol):
    """Whom a session asks: a connection of ``bench.workload.clickhouse``, or a process that has one."""

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return what a statement answers."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class AtStart:
    """What a server keeps from session to session: how many blocks a trial's table had at its start, and what came."""

    blocks = 0
    gathered = 0
    """Asynchronous inserts until then."""
    delayed = 0
    """Inserts that were slowed until then, as there were many parts."""


class ClickHouseSession(Session):
    """A session in the database of a run."""

    def __init__(self, asked: Asked, schema: str, data: Path, at_start: AtStart, started: Callable[[], str]) -> None:
        self._asked, self._schema, self._data = asked, schema, data
        self._at_start, self._started = at_start, started

    def prove(self) -> None:
        """See that it is in the database of the run.

        Raises:
            ServerError: it is in another; nothing was touched there.

        """
        [(name,)] = self._asked.rows("SELECT currentDatabase()")
        if name != self._schema:
            raise ServerError(f"A session came to the database {name}, not {self._schema}: nothing is touched there.")
        [(version,)] = self._asked.rows("SELECT version()")
        self.version = str(version)

    @property
    def _major(self) -> int:
        return int(self.version.partition(".")[0])

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Return what a statement answers that names tables by ``{schema}``."""
        return self._asked.rows(qualified(statement, self._schema))

    def script(self, name: str, **numbers: int) -> list[tuple[Any, ...]]:
        """Return what a file of ``sql`` answers, with these numbers in it."""
        text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
        for word, number in numbers.items():
            text = text.replace(f"{{{word}}}", str(int(number)))
        return self.ask(text)

    # --- the same start ----------------------------------------------------------------------------------------------

    def reset(self, layout: TableLayout, preload_rows: int, payload_bytes: int) -> None:
        """See ``Session.reset``."""
        self.drop_table()
        try:
            self.ask(layout.statements.replace(MOMENT, self._moment))
        except ClickHouseError as error:
            raise LayoutError(layout.name, f"ClickHouse {self.version} can't make it, leave it out: {error}") from error
        if preload_rows:
            self.script("preload", rows=preload_rows, payload_bytes=payload_bytes)
        self._at_start.blocks = self._count_blocks()
        self._at_start.gathered, self._at_start.delayed = self._event(GATHERED), self._event(DELAYED)

    @property
    def _moment(self) -> str:
        return MOMENTS[self._major < SINCE_MICROSECONDS]

    def drop_table(self) -> None:
        """See ``Session.drop_table``."""
        self.drop("events")

    def drop(self, table: str) -> None:
        """Drop a table of the run's database, its files too."""
        # Of itself a database of today keeps them for eight minutes.
        now = "SYNC" if self._major >= SINCE_MICROSECONDS else ""
        self.ask(f"DROP TABLE IF EXISTS {{schema}}.{table} {now}")

    def prepare_wal(self, span_s: float, used_bytes: int | None, free_bytes: int | None) -> None:
        """Do nothing: there is no WAL."""

    def settle(self) -> float | Unreadable:
        """Wait until merges rest, and have the kernel write what it holds; return the seconds, or why that failed."""
        began = monotonic()
        quiet = 0
        while quiet < QUIET_LOOKS:
            if monotonic() - began > MERGES_TIMEOUT_S:
                return Unreadable(unreadable=f"ClickHouse still merges after {MERGES_TIMEOUT_S} s")
            [(merges,)] = self._asked.rows("SELECT count() FROM system.merges")
            quiet = 0 if merges else quiet + 1
            sleep(MERGES_STEP_S)
        done = subprocess.run(["sync", "-f", self._data], capture_output=True, text=True, check=False)
        if done.returncode:
            return Unreadable(unreadable=done.stderr.strip() or f"sync ended by {done.returncode}")
        return monotonic() - began - QUIET_LOOKS * MERGES_STEP_S

    def baseline(self) -> Baseline:
        """See ``Session.baseline``; the order is in the data, an index of its own there is none."""
        [(size,)] = self.script("sizes")
        return Baseline(wal_segments=None, table_bytes=int(size or 0), index_bytes=0)

    # --- what is there -----------------------------------------------------------------------------------------------

    def made(self) -> frozenset[str]:
        """See ``Session.made``; the finest moment of this version is a layout's ``{moment}``."""
        lines = [" ".join(filter(None, column)) for column in self._columns()]
        lines += [f"events: {engine}" for (engine,) in self.script("engine")]
        return frozenset(lines)

    def _columns(self) -> list[tuple[str, ...]]:
        columns: list[tuple[str, ...]] = []
        for name, *definition in self.script("columns"):
            what = " ".join(filter(None, definition))
            columns.append(("events: column", name, MOMENT if what == self._moment else what))
        return columns

    def found(self, results: Sequence[Result], seed: int, payload_bytes: int) -> Arrived:
        """See ``Session.found``; what made the rows are blocks, one an INSERT."""
        return Arrived(
            writers=found.find(self),
            lost=found.find_lost(self, results),
            altered=found.find_altered(self, results, seed, payload_bytes),
            transactions=self._inserts(),
        )

    def _inserts(self) -> int | None:
        """Return how many INSERTs made what was written since the start; None: the server gathered some."""
        if self._event(GATHERED) != self._at_start.gathered:
            return None
        return self._count_blocks() - self._at_start.blocks

    def _event(self, name: str) -> int:
        """Return how often the server has seen something since it was started; the embedded engine starts anew."""
        found = self._asked.rows(f"SELECT value FROM system.events WHERE event = '{name}'")  # noqa: S608
        return sum(count for (count,) in found)

    def _count_blocks(self) -> int:
        [(blocks,)] = self.script("blocks")
        return int(blocks or 0)

    def grade(
        self,
        layout: TableLayout,  # noqa: ARG002 - what was made counts, not what was asked for
        read_back: Collection[str],
        data: Path | Unreadable,
        of_clients: Sequence[str],
    ) -> Grade:
        """See ``Session.grade``; of clients it is asked how many of their settings let them be answered early."""
        return durability.grade(read_back, self._flushed_by_default(), data, any(each != "0" for each in of_clients))

    def _flushed_by_default(self) -> list[str]:
        named = ", ".join(f"'{name}'" for name in durability.FLUSHES)
        of_tables = f"system.merge_tree_settings WHERE name IN ({named}) AND value = '1'"
        return [name for (name,) in self._asked.rows(f"SELECT name FROM {of_tables}")]  # noqa: S608

    def flush_us(self) -> float | Unreadable:
        """See ``Session.flush_us``."""
        return durability.flush_us(self)

    def doubts(self) -> Sequence[Reason]:
        """See ``Session.doubts``: inserts that it slowed, as there were so many parts."""
        delayed = self._event(DELAYED) - self._at_start.delayed
        if delayed <= 0:
            return ()
        detail = (
            f"ClickHouse slowed {delayed:,} inserts down, as merges did not keep up with the parts that they make:"
            " ask for more rows a statement (--batch) or fewer --processes"
        )
        return [Reason(code="inserts-delayed", detail=detail)]

    # --- what it counts, and what it is ------------------------------------------------------------------------------

    def counters(self) -> Counters:
        """See ``Session.counters``: none, so that nothing is asked while clients write."""
        return Counters(expressions={}, missing=dict.fromkeys((*SOURCES, *POSITION), NO_COUNTER))

    def counted(self, expressions: Mapping[str, str]) -> dict[str, float]:  # noqa: ARG002 - it counts none
        """See ``Session.counted``."""
        return {}

    def facts(self) -> dict[str, Fact]:
        """See ``Session.facts``."""
        return {"version": f"ClickHouse {self.version}", "settings": self.settings()}

    def settings(self) -> dict[str, str]:
        """See ``Session.settings``; those that are not at their built-in value, of sessions and of tables."""
        found: dict[str, object] = {}
        for table in ("system.settings", "system.merge_tree_settings"):
            found.update(self._asked.rows(CHANGED.format(table=table)))
        return {name: str(value) for name, value in found.items()}

    def next_transaction(self) -> int | None:
        """See ``Session.next_transaction``; blocks are counted, one an INSERT, where none were gathered."""
        return self._inserts()

    def wal_segments(self) -> int | None:
        """See ``Session.wal_segments``."""
        return None

    def wal_position(self) -> int | None:
        """See ``Session.wal_position``."""
        return None

    def started(self) -> str:
        """See ``Session.started``."""
        return self._started()

    def configuration_loaded(self) -> str:
        """Return nothing: which settings it has is asked before and after."""
        return ""

    def close(self) -> None:
        """See ``Session.close``."""
        self._asked.close()
