"""What a sweep is answered with: points, the curve that they make of a rung, and what both are called in words.

``sweep`` makes them, ``curve_words`` and ``rate_curve`` say what follows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bench.analysis.ending import Next, Trust
from bench.analysis.interference import TOLD
from bench.model.fingerprint import Fingerprint
from bench.model.values import Amount, Layout, Name, Transport
from bench.plan.contrast import written
from bench.plan.sweep import Value
from bench.stats.intervals import Estimate
from bench.stats.scalability import Scalability


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value of what is swept, or one pair of values."""

    values: dict[str, Value]
    trials: int
    void: int
    suspect: int
    """For more than that a rate was too much for it."""
    rows_per_s: Estimate | None
    """Over the trials that count, in the window, as over all blocks: where it has not all of them, what its own were
    faster or slower by is taken out, told by the points that it shares them with. None where there are none."""
    p50_ms: Amount | None
    """Of a commit, at a rate of a row: the median of the trials that know it."""
    p99_ms: Amount | None
    latency_intervals: dict[str, tuple[Amount, Amount]] = field(default_factory=dict)
    """Of these (``p50``, ``p99``), where two trials or more know it: by how much trials differ."""
    to_best: Estimate | None
    """Its rate over that of the fastest point, in the blocks of both; None of that one."""
    to_least: Estimate | None = None
    """Of what costs the writers (``TOLD``): its rate over that of the least of it, mostly of none, in the blocks of
    both; None of that one, and where rows come at a rate."""
    kept: Estimate | None = None
    """Where rows come at a rate: what had been begun of what was due when the window closed, 1 is all."""
    to_soonest: Estimate | None = None
    """Where all rows come at one rate: its p99 over that of the point where rows are stored the soonest, in the blocks
    of both; None of that one, and where it is not kept up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """How a rung goes with what is swept."""

    phase: Name
    driver: Name
    variant: Name
    layout: Layout
    transport: Transport
    points: tuple[Point, ...]
    best: int | None
    """Which of the points that have every block is the fastest, counted from 0; None: none has a rate, or rows come at
    one."""
    knee: int | None
    """From which point on more changes nothing: of two parameters more of either, or, where one of them has words, more
    of the other with the fastest one's word. None: it was not shown, or rows come at a rate."""
    beyond: Estimate | None
    """What lies beyond the knee: the rates of all larger points over its own, from the lowest end to the highest."""
    scalability: Scalability | None
    sentence: str
    kept_up: int | None = None
    """Of rates: the last point up to which all that comes is acknowledged; None: it is none, or no rate is swept."""
    likely_knee: int | None = None
    """Where no knee is shown: beyond which point none is seen to be faster by more than the margin; None: there is
    none."""
    beyond_likely: Estimate | None = None
    """What lies beyond that, as ``beyond``: its upper end is how much more could gain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What ``sweep --json`` gives of a run."""

    schema: Literal["pgladder/sweep/1"] = "pgladder/sweep/1"
    run: Name
    host: Fingerprint | None
    complete: bool
    margin: Amount
    of: tuple[Name, ...]
    """What is swept."""
    sentence: str
    curves: tuple[Curve, ...]
    trust: Trust
    next: Next | None = None


def words_of(values: Mapping[str, Value]) -> str:
    """Return what a point is: ``batch 100``, ``pool 4, in_flight 8``."""
    return ", ".join(f"{name} {written(value)}" for name, value in values.items())


def growing(curve: Curve) -> list[str]:
    """Return what is swept of which there is more and less: of words there is not."""
    return [name for name in curve.points[0].values if all(is_number(point.values[name]) for point in curve.points)]


def is_number(value: Value) -> bool:
    """Return whether it is no word."""
    return isinstance(value, int | float)


def without(values: Mapping[str, Value], of: str) -> dict[str, Value]:
    """Return the values of a point but for one parameter's."""
    return {name: value for name, value in values.items() if name != of}


def by_others(points: Sequence[Point], of: str) -> dict[str, list[Point]]:
    """Return the points of each value of the other parameter, by its words; of one parameter alone all of them."""
    found: dict[str, list[Point]] = {}
    for point in points:
        found.setdefault(words_of(without(point.values, of)), []).append(point)
    return found


def costly(names: Iterable[str]) -> str | None:
    """Return which of what is swept costs the writers; None: nothing does."""
    return next((name for name in names if name in TOLD), None)


def in_digits(value: float) -> str:
    """Return a figure in whole numbers, and a small one with three digits.

    >>> in_digits(2446.4), in_digits(18.64)
    ('2,446', '18.6')

    """
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.3g}"
