"""What a phase is: how one commit is made (``insert``), by which driver, with which parameters.

A phase file defines one ``PHASE``; dropping a file into ``bench/workload/phases``, or into ``phases`` of a user's own
folder (``bench.seams``), adds a rung. Its name is the file's. Stamping rows, timing, connections and processes belong
to ``client``, how commits follow each other to ``load``; a phase shows its technique and nothing else.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from bench.model.plan import Parameters
from bench.model.table import Table
from bench.seams import Seam, first_word, pieces
from bench.workload.rows import RowSource, Source

if TYPE_CHECKING:
    import asyncpg

Row = tuple[int, str]
Rows = Sequence[Row]
Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

COLUMNS = ("device_id", "payload")
SEAM = "phases"
OWN = Path(__file__).with_name(SEAM)
MODULE = re.compile(r"phase_(\d+)([a-z]?\d*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One rung; ``AsyncPhase`` or ``SyncPhase``."""

    method: str
    """In a word or two, for tables."""
    parameters: Parameters
    driver: str
    """The one that carries it out where no other is asked for."""
    call: str
    """What it calls of a connection: a driver that offers it can carry the phase out."""
    script: str | None = None
    """One commit of one row for pgbench, of ``{table}``, ``:device_id`` and ``:payload``; None: pgbench can't do it."""
    bound_values: bool = False
    """Each value is a parameter of the statement, so that the protocol limits the batch."""
    sent_whole: bool = False
    """The driver holds all of a commit's values at once, as they are sent; else it makes them piece by piece."""
    usual: bool = True
    """Climbed where no phases are asked for; else it is measured where it is named."""
    engine: str | None = None
    """The kind of database that it is a rung of, measured beside the plan's own in one run; None: the plan's."""
    layout: str | None = None
    """How the table is made where no layout of that engine is asked for; None: as is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncPhase(Phase):
    """A rung of coroutines: ``insert`` makes one commit over a connection of the pool."""

    insert: Callable[[Connection, Any, Table], Awaitable[object]]
    """Takes what ``source`` hands out: ``Rows``, or columns."""
    source: Callable[[int, int, int], Source] = RowSource
    driver: str = "asyncpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPhase(Phase):
    """A rung of plain functions: ``open`` makes what is kept between inserts, ``insert`` makes one commit with it."""

    open: Callable[[Callable[[], Any]], Any]
    insert: Callable[[Any, Any, Table], None]
    """Takes what ``source`` hands out: ``Rows``, or columns."""
    source: Callable[[int, int, int], Source] = RowSource
    connects: bool = False
    """Each commit opens a connection of its own."""
    driver: str = "psycopg2"
    call: str = "cursor"
    sent_whole: bool = True
    """psycopg2 puts values into the statement's text."""


@cache
def ladder() -> Seam[Phase]:
    """Every rung by name, from the bottom up."""
    return Seam("PHASE", Phase, pieces(SEAM, OWN, "[!_]*.py", name_of))


def usual(*, own: bool = False) -> list[str]:
    """Return the rungs that are climbed where none is asked for; ``own``: of pgladder's alone."""
    names = ladder().own if own else ladder()
    return [name for name in names if ladder()[name].usual]


def name_of(path: Path) -> str:
    """Return the name of a rung: ``phase_2b2.py`` is of 2-B2, as a module has no hyphen; else it is the file's."""
    word = first_word(path)
    # The name is the file's, so that a ladder is listed without carrying out what is in it.
    if module := MODULE.fullmatch(word):
        return "-".join(filter(None, module.groups())).upper()
    return word
