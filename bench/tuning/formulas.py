"""The built-in formulas by the name of their variant.

``tune`` is what a variant's template and ``pgladder variants show`` ask; the tools' own modules know the arithmetic.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from bench.model.errors import DataError
from bench.tuning import pgtune, pigsty, timescaledb_tune
from bench.tuning.hardware import Hardware
from bench.tuning.settings import MAJOR, Setting

Formula = Callable[..., tuple[Setting, ...]]

FORMULAS: Mapping[str, Formula] = MappingProxyType(
    {f"pgtune-{profile}": partial(pgtune.settings, profile) for profile in pgtune.PROFILES}
    | {f"pigsty-{profile}": partial(pigsty.settings, profile) for profile in pigsty.PROFILES}
    | {"timescaledb-tune": partial(timescaledb_tune.settings, "default")}
)
LEAST_CONNECTIONS: Mapping[str, int] = MappingProxyType(
    {
        "pgtune": pgtune.MIN_CONNECTIONS,
        "pigsty": pigsty.MIN_CONNECTIONS,
        "timescaledb": timescaledb_tune.MIN_CONNECTIONS,
    }
)
"""By tool: below these it stops or takes its own number."""


def tune(name: str, hardware: Hardware, connections: int | None = None, major: int = MAJOR) -> tuple[Setting, ...]:
    """Give the settings of a formula for a major of PostgreSQL, every option as the tool has it by default.

    Raises:
        DataError: no formula of that name.
        UsageError: fewer connections than the tool takes.
        HostError: hardware that it refuses.

    """
    _check(name)
    return FORMULAS[name](hardware, connections, major=major)


def tune_for_need(name: str, hardware: Hardware, need: int, major: int = MAJOR) -> tuple[Setting, ...]:
    """As ``tune``, given the connections a plan needs, or the fewest the tool takes."""
    _check(name)
    # A variant is named after its tool: pgtune-web.
    tool = name.partition("-")[0]
    return FORMULAS[name](hardware, max(need, LEAST_CONNECTIONS[tool]), major=major)


def _check(name: str) -> None:
    if name not in FORMULAS:
        raise DataError(f"no formula is called {name!r}; there are {', '.join(FORMULAS)}.")
