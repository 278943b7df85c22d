"""What is claimed of pgladder itself, and how it is shown: an estimate, its interval over the blocks, a bound."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.table import Table

from bench.probes.facts import host_facts
from bench.report.console import console
from bench.stats.intervals import geometric

Outcome = Literal["held", "missed", "not told"]
HELD: Outcome = "held"
MISSED: Outcome = "missed"
NOT_TOLD: Outcome = "not told"
"""The bound lies in the interval, or one block alone has none: more blocks, or a quieter machine, would tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is claimed, and what was measured of it in each block."""

    what: str
    values: list[float]
    at_least: float | None = None
    at_most: float | None = None
    """Neither: it is shown, and nothing is claimed."""

    @property
    def outcome(self) -> Outcome | None:
        """What the interval of the geometric mean says of the bound; None: nothing is claimed."""
        low, high = (self.at_least or 0.0, math.inf if self.at_most is None else self.at_most)
        if (low, high) == (0.0, math.inf):
            return None
        found = geometric(self.values)
        if found.low is None or found.high is None:
            return NOT_TOLD
        if low <= found.low and found.high <= high:
            return HELD
        if found.high < low or found.low > high:
            return MISSED
        return NOT_TOLD

    @property
    def bound(self) -> str:
        """In words."""
        if self.at_least is not None:
            return f"≥ {number(self.at_least)}"
        return "" if self.at_most is None else f"≤ {number(self.at_most)}"


def number(value: float | None) -> str:
    """Return a number with three figures."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def show(claims: list[Claim], place: Path) -> None:
    """Print the table, and on what it was measured."""
    out, facts = console(), host_facts(place)
    out.print(f"{facts['cpu']['model']}, {facts['cpu']['logical_cpus']} CPUs; {facts['system']['kernel']};", end=" ")
    out.print(f"{facts['disk']['kind']} disk, {facts['disk']['file_system']}; pgladder {facts['pgladder']['commit']}")
    table = Table(box=None, pad_edge=False)
    for name in ("what", "estimate", "95 %", "blocks", "bound", ""):
        table.add_column(name, justify="left" if name == "what" else "right")
    for claim in claims:
        found = geometric(claim.values)
        interval = f"{number(found.low)}–{number(found.high)}"
        blocks = str(len(claim.values))
        table.add_row(claim.what, number(found.estimate), interval, blocks, claim.bound, claim.outcome or "")
    out.print(table)
