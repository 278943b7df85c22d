"""The judge: what is there after a cut, beside what was acknowledged, and whether it is whole.

It looks at the table by reading it, at tables and indexes by pg_amcheck, at every page by pg_checksums. A database that
does not start is not looked into: what of its rows is there, nobody can tell.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

import psycopg2

from bench.engines.postgresql.session import ServerError
from bench.model.plain import one_line
from bench.power.ledger import WRITER, Ledger, page, stamp, statement
from bench.power.powered import Powered

Rows = Mapping[int, tuple[int, bool]]
"""By stamp: how often it is there, and whether all that came with it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """As in ``CutRecord``."""

    rows_lost: int | None = None
    ms_lost: float | None = None
    did_not_start: str | None = None
    recovery_s: float | None = None
    corrupt: list[str] = field(default_factory=list)


def judge(server: Powered, ledger: Ledger, cut_ns: int, *, unlogged: bool) -> Judged:
    """Start the server on what is left, and compare; it is stopped afterwards.

    Args:
        server: which was cut.
        ledger: of who wrote.
        cut_ns: when nothing of the server ran any more, as far as anybody can tell.
        unlogged: the table is emptied by a crash, and does not go with the others.

    """
    try:
        recovery_s = server.restart()
    except ServerError as error:
        server.end()
        return Judged(did_not_start=str(error))
    corrupt: list[str] = []
    lost: list[int] | None = None
    try:
        rows, pages = _read(server)
    except psycopg2.Error as error:
        corrupt.append(f"can't be read: {one_line(str(error))}")
    else:
        lost = [moment for writer, number, moment in ledger.acknowledged() if stamp(writer, number) not in rows]
        corrupt += _of_rows(rows, ledger)
        if not unlogged:
            corrupt += _of_halves(rows, pages)
    corrupt += server.damage()
    if lost is None:
        return Judged(recovery_s=recovery_s, corrupt=corrupt)
    ms_lost = max(0.0, (cut_ns - min(lost)) / 1e6) if lost else 0.0
    return Judged(rows_lost=len(lost), ms_lost=ms_lost, recovery_s=recovery_s, corrupt=corrupt)


def _read(server: Powered) -> tuple[Rows, Mapping[int, int]]:
    with closing(server.connect()) as session:
        rows = session.rows(statement("rows", session.schema))
        pages = session.rows(statement("pages", session.schema))
    return {found: (times, whole) for found, times, whole in rows}, dict(pages)


def _of_rows(rows: Rows, ledger: Ledger) -> Iterator[str]:
    """Say what is wrong with the rows that are there."""
    twice = sum(times > 1 for times, _ in rows.values())
    changed = sum(not whole for _, whole in rows.values())
    unknown = sum(not 0 < found % WRITER <= ledger.attempted.get(found // WRITER, 0) for found in rows)
    for number, words in ((twice, "there twice"), (changed, "not as they were written"), (unknown, "of nobody")):
        if number:
            yield f"{number} rows are {words}"


def _of_halves(rows: Rows, pages: Mapping[int, int]) -> Iterator[str]:
    """Say how many transactions are there in one of the tables and not in the other."""
    newest: dict[int, int] = {}
    for found in rows:
        place = page(found // WRITER, found % WRITER)
        newest[place] = max(newest.get(place, 0), found)
    halves = sum(there != newest.get(place, 0) for place, there in pages.items())
    halves += len(newest.keys() - pages.keys())
    if halves:
        yield f"{halves} transactions are half there"
