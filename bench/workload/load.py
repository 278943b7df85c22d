"""What a load model is: how the commits of a client process follow each other.

A file in ``loads/``, pgladder's own or the user's (``bench.seams``), defines one ``LOAD``. A phase names its own among
its parameters; where several commits may be in flight, another may be asked for.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Protocol, runtime_checkable

from bench.seams import Seam, pieces

SEAM = "loads"
OWN = Path(__file__).with_name(SEAM)
Commit = Callable[[], Awaitable[None]]
Running = Callable[[], bool]


@runtime_checkable
class Load(Protocol):
    """One load model."""

    barrier: bool
    """Commits start together and wait for the slowest: fewer are under way, on average, than ``in_flight``."""

    async def drive(self, commit: Commit, running: Running, in_flight: int) -> None:
        """Make commits until ``running`` says no more; those under way are waited for."""
        ...


@cache
def loads() -> Seam[Load]:
    """Every load model by name."""
    return Seam("LOAD", Load, pieces(SEAM, OWN, "[!_]*.py"))  # type: ignore[type-abstract]
