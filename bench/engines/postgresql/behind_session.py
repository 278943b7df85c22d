"""What a trial asks where the rows lie on servers behind the one that clients write to.

What is counted is the sum of all. Where its rows are looked for, and what a table is made of, each engine says.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from bench.engines.engine import Arrived, Found, Grade
from bench.engines.postgresql.durability import worst
from bench.engines.postgresql.layout import TableLayout
from bench.engines.postgresql.server import PostgreSQLServer
from bench.engines.postgresql.session import Session
from bench.engines.postgresql.trial_session import TrialSession
from bench.model.fingerprint import Unreadable


class Behind(Protocol):
    """Servers behind another one."""

    @property
    def in_use(self) -> Sequence[PostgreSQLServer]:
        """Those that the table lies on."""
        ...

    def spread(self, session: Session, count: int) -> None:
        """Have so many in use."""
        ...


class BehindSession(TrialSession):
    """A session with the server that clients write to, and one with each that rows lie on."""

    servers: Behind
    _opened: Sequence[TrialSession] | None = None

    @property
    def behind(self) -> Sequence[TrialSession]:
        """A session with each server that the table lies on, opened when one is first needed."""
        if self._opened is None:
            self._opened = [server.session() for server in self.servers.in_use]
        return self._opened

    def wanted(self, layout: TableLayout) -> int:
        """Return on how many servers a table lies."""
        return max(layout.partitions, 1)

    def close(self) -> None:
        """See ``Session.close``."""
        self._leave()
        super().close()

    def _leave(self) -> None:
        for session in self._opened or ():
            session.close()
        self._opened = None

    # --- the same start ----------------------------------------------------------------------------------------------

    def reset(self, layout: TableLayout, preload_rows: int, payload_bytes: int) -> None:
        """See ``Session.reset``."""
        self.drop_table()
        self._leave()
        self.servers.spread(self, self.wanted(layout))
        super().reset(layout, preload_rows, payload_bytes)

    def next_transaction(self) -> None:
        """See ``Session.next_transaction``: of what it passes on the first server uses no transaction id."""

    def settings(self) -> dict[str, str]:
        """See ``Session.settings``."""
        found = super().settings()
        for number, session in enumerate(self.behind):
            for name, value in session.settings().items():
                # One that is made anew listens elsewhere, and is configured as before.
                if name != "port":
                    found[f"{name} of shard {number}"] = value
        return found

    def wal_segments(self) -> int | None:
        """See ``Session.wal_segments``."""
        return added([super().wal_segments(), *(session.wal_segments() for session in self.behind)])

    def wal_position(self) -> int | None:
        """See ``Session.wal_position``."""
        return added([super().wal_position(), *(session.wal_position() for session in self.behind)])

    def prepare_wal(self, span_s: float, used_bytes: int | None, free_bytes: int | None) -> None:
        """See ``Session.prepare_wal``; each writes its part."""
        count = len(self.behind)
        used, free = (None if number is None else number // count for number in (used_bytes, free_bytes))
        for session in self.behind:
            session.prepare_wal(span_s, used, free)

    def settle(self) -> float | Unreadable:
        """See ``Session.settle``; one after the other."""
        seconds = super().settle()
        for session in self.behind:
            took = session.settle()
            if isinstance(seconds, Unreadable) or isinstance(took, Unreadable):
                return Unreadable(unreadable="one of the servers makes no CHECKPOINT")
            seconds += took
        return seconds

    def started(self) -> str:
        """See ``Session.started``."""
        return ", ".join([super().started(), *(session.started() for session in self.behind)])

    def configuration_loaded(self) -> str:
        """See ``Session.configuration_loaded``."""
        return ", ".join([super().configuration_loaded(), *(each.configuration_loaded() for each in self.behind)])

    # --- what is there, and what they count --------------------------------------------------------------------------

    def grade(
        self, layout: TableLayout, read_back: Collection[str], data: Path | Unreadable, of_clients: Sequence[str]
    ) -> Grade:
        """See ``Session.grade``; the worst of all that decide."""
        return worst(self.grades(layout, read_back, data, of_clients))

    def grades(
        self,
        layout: TableLayout,
        read_back: Collection[str],
        data: Path | Unreadable,  # noqa: ARG002 - of each server its own
        of_clients: Sequence[str],  # noqa: ARG002 - what clients ask of the first server is not passed on
    ) -> list[Grade]:
        """Return what each server that rows lie on makes of them."""
        grades = []
        for server, session in zip(self.servers.in_use, self.behind, strict=True):
            grades.append(session.grade(layout, read_back, server.data_place(), ()))
        return grades

    def flush_us(self) -> float | Unreadable:
        """See ``Session.flush_us``; of one of the servers that rows lie on: all are on one disk."""
        return self.behind[0].flush_us()

    def counted(self, expressions: Mapping[str, str]) -> dict[str, float]:
        """See ``Session.counted``."""
        counted = super().counted(expressions)
        for session in self.behind:
            of_one = session.counted(expressions)
            counted = {name: number + of_one[name] for name, number in counted.items() if name in of_one}
        return counted


def added(numbers: Iterable[int | None]) -> int | None:
    """Return the sum; None where one is not known. Pure."""
    known = 0
    for number in numbers:
        if number is None:
            return None
        known += number
    return known


def together(parts: Iterable[Arrived]) -> Arrived:
    """Return what several servers have, none of which has a row of another's. Pure.

    How many transactions wrote it can't be told: one that wrote to two of them is one on each.
    """
    writers: dict[int, Found] = {}
    lost: dict[tuple[int, int], int] = {}
    altered: dict[int, int] = {}
    for part in parts:
        for writer, found in part.writers.items():
            writers[writer] = _both(writers[writer], found) if writer in writers else found
        for commit, rows in part.lost.items():
            lost[commit] = lost.get(commit, 0) + rows
        for writer, rows in part.altered.items():
            altered[writer] = altered.get(writer, 0) + rows
    return Arrived(writers=writers, lost=lost, altered=altered, transactions=None)


def _both(one: Found, other: Found) -> Found:
    return Found(
        rows=one.rows + other.rows,
        different=one.different + other.different,
        lowest=min(one.lowest, other.lowest),
        highest=max(one.highest, other.highest),
    )
