"""Many boxes' shared runs: what each kept up, for a core, a watt and a price, and which ranks it may have. Pure.

Boxes are set beside each other in a cell only (``cells``). Ranks are ranges: with all intervals of a cell joint, a box
is behind those that are surely faster and before those that are surely slower, and no more is said.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import geometric_mean

from bench.analysis.cells import CellOfBoxes, cell_of
from bench.model.language import later
from bench.model.shared import Shared, SharedRung
from bench.stats.compare import ALPHA
from bench.stats.intervals import Interval
from bench.stats.ranks import UNKNOWN, each_alpha, rank_ranges, rate_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One shared run of a collection."""

    label: str
    """That tells it from others: the beginning of its file's SHA-256."""
    shared: Shared
    mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A figure among others of its kind: rows/s, or rows/s for each of something."""

    value: float
    interval: Interval
    """Of 95 %, its own; ``UNKNOWN`` of one trial."""
    best: int
    worst: int
    of: int
    """How many it is ranked among."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A box in a cell."""

    entry: Entry
    rung: SharedRung
    places: Mapping[str, Place]
    """Of the rows/s that it keeps up (``KEPT_UP``), and of those a core, a watt, a unit of a currency, where known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedCell:
    """All boxes of a cell, the one that kept up most first."""

    cell: CellOfBoxes
    placed: tuple[Placed, ...]


KEPT_UP, A_CORE, A_WATT = later("rows/s kept up"), later("a core"), later("a watt")
Divisor = Callable[[Shared], float | None]


def ranked_cells(entries: Sequence[Entry], alpha: float = ALPHA) -> list[RankedCell]:
    """Return the cells, those of most boxes first; a server of somebody's own is in none."""
    by_cell: dict[CellOfBoxes, list[tuple[Entry, SharedRung]]] = {}
    for entry in entries:
        if entry.shared.external:
            continue
        for rung in entry.shared.rungs:
            if rung.sustained_of_trials:
                by_cell.setdefault(cell_of(entry.shared, rung), []).append((entry, rung))
    found = [_ranked(cell, there, alpha) for cell, there in by_cell.items()]
    return sorted(found, key=lambda ranked: (-len(ranked.placed), -_most(ranked), ranked.cell.phase))


def _most(ranked: RankedCell) -> float:
    return ranked.placed[0].places[KEPT_UP].value


def _ranked(cell: CellOfBoxes, there: Sequence[tuple[Entry, SharedRung]], alpha: float) -> RankedCell:
    shares = [entry.shared for entry, _ in there]
    places: list[dict[str, Place]] = [{} for _ in there]
    for name, divisor in divisors(shares).items():
        of = {}
        for at, each in enumerate(shares):
            value = divisor(each)
            if value:
                of[at] = value
        found = _places([there[at][1].sustained_of_trials for at in of], list(of.values()), alpha)
        for at, place in zip(of, found, strict=True):
            places[at][name] = place
    placed = []
    for (entry, rung), of_box in zip(there, places, strict=True):
        placed.append(Placed(entry=entry, rung=rung, places=of_box))
    return RankedCell(cell=cell, placed=tuple(sorted(placed, key=_order)))


def _order(placed: Placed) -> tuple[float, str]:
    return -placed.places[KEPT_UP].value, placed.entry.label


def divisors(shares: Iterable[Shared]) -> dict[str, Divisor]:
    """Return by what the rates of these boxes may be divided: prices by currency, as no rate of exchange is known."""
    found: dict[str, Divisor] = {
        KEPT_UP: lambda _: 1.0,
        A_CORE: lambda each: each.box.cpus,
        A_WATT: lambda each: each.box.watts,
    }
    currencies = {each.box.currency for each in shares if each.box.currency}
    for currency in sorted(currencies):
        found[f"a {currency}"] = _price_in(currency)
    return found


def _price_in(currency: str) -> Divisor:
    return lambda each: each.box.price if each.box.currency == currency else None


def _places(rates: Sequence[Sequence[float]], divided: Sequence[float], alpha: float) -> list[Place]:
    """Return where each box stands; all intervals that ranks are made of hold together with 1 − ``alpha``."""
    joint = []
    for each, by in zip(rates, divided, strict=True):
        interval = rate_interval(each, each_alpha(alpha, len(rates)))
        joint.append(_divided(interval, by))
    found = []
    for each, by, (best, worst) in zip(rates, divided, rank_ranges(joint), strict=True):
        own = _divided(rate_interval(each, alpha), by)
        found.append(Place(value=geometric_mean(each) / by, interval=own, best=best, worst=worst, of=len(rates)))
    return found


def _divided(interval: Interval, by: float) -> Interval:
    if interval == UNKNOWN:
        return UNKNOWN
    return Interval(interval.low / by, interval.high / by)
