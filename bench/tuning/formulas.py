"""The built-in formulas by the name of their variant.

``tune`` is what a variant's template and ``pgladder variants show`` ask; the tools' own modules know the arithmetic.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from bench.model import WrongUseError
from bench.tuning import pgtune, pigsty, timescaledb_tune
from bench.tuning.hardware import Hardware
from bench.tuning.settings import Setting

Formula = Callable[[Hardware, int | None], tuple[Setting, ...]]

FORMULAS: Mapping[str, Formula] = MappingProxyType(
    {f"pgtune-{profile}": partial(pgtune.settings, profile) for profile in pgtune.PROFILES}
    | {f"pigsty-{profile}": partial(pigsty.settings, profile) for profile in pigsty.PROFILES}
    | {"timescaledb-tune": partial(timescaledb_tune.settings, "default")}
)


def tune(name: str, hardware: Hardware, connections: int | None = None) -> tuple[Setting, ...]:
    """Give the settings of a formula, every option as the tool has it by default.

    Raises:
        WrongUseError: no formula of that name, or an input the tool refuses.

    """
    if name not in FORMULAS:
        raise WrongUseError(f"no formula is called {name!r}; there are {', '.join(FORMULAS)}.")
    return FORMULAS[name](hardware, connections)
