"""What a phase is: how one commit is made (``insert``), and how commits follow each other (``drive``).

A phase file defines one ``PHASE``; dropping a file into ``bench/workload/phases``, or into ``phases`` of a user's own
folder (``bench.seams``), adds a rung. Stamping rows, timing, connections and processes belong to ``client``; a phase
shows its technique and nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from bench.model.errors import DataError, UsageError
from bench.model.plan import Parameters
from bench.model.table import Table
from bench.model.values import NAME
from bench.seams import load, pieces

if TYPE_CHECKING:
    import asyncpg

Row = tuple[int, str]
Rows = Sequence[Row]
Commit = Callable[[], Awaitable[None]]
Running = Callable[[], bool]
Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Drive = Callable[[Commit, Running, int], Awaitable[None]]

COLUMNS = ("device_id", "payload")
SEAM = "phases"
OWN = Path(__file__).with_name(SEAM)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncPhase:
    """A rung on asyncpg: ``insert`` makes one commit over a connection of the pool."""

    name: str
    method: str
    parameters: Parameters
    insert: Callable[[Connection, Rows, Table], Awaitable[object]]
    drive: Drive
    barrier: bool = False
    """Commits start together and wait for the slowest: fewer are under way, on average, than ``in_flight``."""
    bound_values: bool = False
    """Each value is a parameter of the statement, so that the protocol limits the batch."""
    sent_whole: bool = False
    """The driver holds all of a commit's values at once, as they are sent; else it makes them piece by piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPhase:
    """A rung on psycopg2: ``open`` makes what is kept between inserts, ``insert`` makes one commit with it."""

    name: str
    method: str
    parameters: Parameters
    open: Callable[[Callable[[], Any]], Any]
    insert: Callable[[Any, Rows, Table], None]
    connects: bool = False
    """Each commit opens a connection of its own."""
    bound_values: bool = False
    """psycopg2 puts values into the statement's text."""
    sent_whole: bool = True


Phase = AsyncPhase | SyncPhase


async def one_at_a_time(commit: Commit, running: Running, in_flight: int) -> None:  # noqa: ARG001 - always one
    """The next commit starts when the last is acknowledged."""
    while running():
        await commit()


async def in_rounds(commit: Commit, running: Running, in_flight: int) -> None:
    """``in_flight`` commits start together; the next round starts when the slowest is back."""
    while running():
        await asyncio.gather(*(commit() for _ in range(in_flight)))


async def side_by_side(commit: Commit, running: Running, in_flight: int) -> None:
    """``in_flight`` workers, each starting its next commit when its last is acknowledged."""
    await asyncio.gather(*(one_at_a_time(commit, running, 1) for _ in range(in_flight)))


@cache
def ladder() -> dict[str, Phase]:
    """Every rung by name, from the bottom up."""
    return {name: phase for name, (phase, _) in _loaded().items()}


def phase_files() -> dict[str, Path]:
    """Return the file of every rung by its name."""
    return {name: path for name, (_, path) in _loaded().items()}


def own_phases() -> list[str]:
    """Return the rungs that are pgladder's own."""
    return [name for name, path in phase_files().items() if path.parent == OWN]


@cache
def _loaded() -> dict[str, tuple[Phase, Path]]:
    found: dict[str, tuple[Phase, Path]] = {}
    for path in pieces(SEAM, OWN, "[!_]*.py").values():
        phase = _load(path)
        if not NAME.fullmatch(phase.name):
            raise UsageError(f"{path} defines phase {phase.name!r}: a name has letters, digits, '.', '_' and '-'.")
        if phase.name in found:
            raise UsageError(f"{path} defines phase {phase.name}, which there is already: give it a name of its own.")
        found[phase.name] = phase, path
    return dict(sorted(found.items()))


def _load(path: Path) -> Phase:
    module = load(path, OWN, "bench.workload.phases")
    phase = getattr(module, "PHASE", None)
    if not isinstance(phase, AsyncPhase | SyncPhase):
        raise DataError(f"{path} defines no PHASE, an AsyncPhase or a SyncPhase of bench.workload.phase.")
    return phase
