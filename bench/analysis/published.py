"""The ladder that pgladder sets out from, as its author published it, and what of it a run reproduces.

Somebody else's numbers from another machine: transport, durability, spread and length of the measurement are not
stated there. They stand beside ours as a landmark and are never mixed with them.

The rule, the same for every figure. It is *reproduced* where our interval of 95 % (over blocks; of a step over the
blocks' ratios) holds the published figure, or lies within a factor of ``WITHIN`` of it; *not reproduced* where the
interval does neither; *other* where there is nothing to compare: the rung is missing or void, was measured otherwise
than published, has one block, or has an interval so wide (``WIDEST``) that it would hold almost anything.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Literal

from bench.analysis.counted import good
from bench.model.language import later, tr
from bench.model.record import Record
from bench.stats.intervals import Estimate, geometric, mean

WHO = later("published by its author (Intel N100)")
WHERE = "Intel N100, 4 cores, 16 GB, NVMe, PostgreSQL 15, Python 3.11"
WITHIN = 1.1
"""A published figure has two digits and no spread: a tenth more or less is no other finding."""
WIDEST = 2.0
"""Upper end over lower end."""

Name = Literal["rows_per_s", "latency_ms", "host_pct"]
Conclusion = Literal["reproduced", "not reproduced", "other"]
Values = Mapping[int, float]
"""By block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One published rung; its "TPS" is rows a second.

    Attributes:
        latency_ms: of a row: of 2-C and 2-D that of a commit divided by its rows, as Little's law tells.
        host_pct: of all the processors.
        stated: of the parameters, those that the report states, and the reset that asyncpg's pool does unasked.

    """

    phase: str
    driver: str
    rows_per_s: float
    latency_ms: float
    host_pct: float
    stated: Mapping[str, object] = field(default_factory=dict)


PUBLISHED = (
    Published(
        phase="1",
        driver="psycopg2",
        rows_per_s=70,
        latency_ms=15,
        host_pct=35,
        stated={"processes": 1, "in_flight": 1, "batch": 1},
    ),
    Published(
        phase="2",
        driver="asyncpg",
        rows_per_s=175,
        latency_ms=2.8,
        host_pct=15,
        stated={"processes": 1, "in_flight": 1, "batch": 1, "pool_min": 10, "pool_max": 50, "reset": "query"},
    ),
    Published(
        phase="2-B",
        driver="asyncpg",
        rows_per_s=5_100,
        latency_ms=6.3,
        host_pct=51,
        stated={"processes": 1, "in_flight": 50, "load": "rounds", "batch": 1, "pool_max": 50, "reset": "query"},
    ),
    Published(
        phase="2-C",
        driver="asyncpg",
        rows_per_s=17_400,
        latency_ms=0.26,
        host_pct=28,
        stated={"processes": 1, "batch": 100, "pool_max": 100, "reset": "query"},
    ),
    Published(
        phase="2-D",
        driver="asyncpg",
        rows_per_s=17_500,
        latency_ms=0.30,
        host_pct=44,
        stated={"processes": 1, "batch": 500, "pool_min": 50, "pool_max": 200, "reset": "query"},
    ),
)
STEPS = {"2": 2.5, "2-B": 29, "2-C": 3.4, "2-D": 1.0}
"""Of rows/s over the rung below, in the report's own digits."""
OVER_ALL: Mapping[Name, float] = {"rows_per_s": 250, "latency_ms": 50}
"""From the first rung to the last: rows/s so many times, the latency of a row that part."""
READ: Mapping[Name, Callable[[Record], float | None]] = {
    "rows_per_s": attrgetter("rows_per_s"),
    "latency_ms": attrgetter("row_latency_ms"),
    "host_pct": attrgetter("cpu.host_pct"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFigure:
    """A published figure and what it is here.

    Attributes:
        figure: which one: rows/s, the mean latency of a row, or the whole machine's CPU.
        phase: the rung.
        over: the rung that it is a ratio to, such that more is better: of a latency the other's over this one's. None:
            it is the figure itself.
        published: as the report has it.
        here: over blocks; None where there is none.
        why: of the conclusion.

    """

    figure: Name
    phase: str
    over: str | None
    published: float
    here: Estimate | None
    conclusion: Conclusion
    why: str


@dataclass(frozen=True, slots=True)
class _Measured:
    """The trials of a published rung that count; without any, why."""

    records: Sequence[Record]
    why: str = ""


def beside_published(trials: Iterable[Record]) -> tuple[PublishedFigure, ...]:
    """Return every published figure beside that of these trials, the last attempt of each, all of one ladder.

    None where they have fewer than two of the published rungs: without a step there is no ladder to set beside it.
    """
    by_phase: dict[str, list[Record]] = {}
    for trial in trials:
        by_phase.setdefault(trial.trial.phase, []).append(trial)
    if sum(each.phase in by_phase for each in PUBLISHED) < 2:
        return ()
    measured = {each.phase: _measured(each, by_phase.get(each.phase, ())) for each in PUBLISHED}
    figures: list[PublishedFigure] = []
    below = None
    for each in PUBLISHED:
        figures += [_figure(name, getattr(each, name), each.phase, measured) for name in READ]
        if below:
            figures.append(_figure("rows_per_s", STEPS[each.phase], each.phase, measured, below))
        below = each.phase
    first, *_, last = PUBLISHED
    for name, times in OVER_ALL.items():
        figures.append(_figure(name, times, last.phase, measured, first.phase))
    return tuple(figures)


def _measured(published: Published, tried: Sequence[Record]) -> _Measured:
    """Return the trials that measured what was published, or why there are none."""
    if not tried:
        return _Measured((), tr("{phase} was not measured", phase=published.phase))
    as_published = [record for record in tried if not _differs(published, record)]
    if not as_published:
        how = _differs(published, tried[0])
        why = tr("{phase} was not measured as published: {how}", phase=published.phase, how=how)
        return _Measured((), why)
    ways = {record.trial.parameters for record in as_published}
    if len(ways) > 1:
        why = tr(
            "{phase} was measured in {count} ways that the report does not tell apart",
            phase=published.phase,
            count=len(ways),
        )
        return _Measured((), why)
    counted = good(as_published)
    if not counted:
        return _Measured((), tr("{phase} has no trial that counts: all are void", phase=published.phase))
    return _Measured(counted)


def _differs(published: Published, record: Record) -> str:
    """Return in what a trial differs from what the report states; empty: in nothing."""
    found = []
    # One machine is told of: its processors were the clients' too.
    for name, stated in {"driver": published.driver, **published.stated, "client_boxes": 0}.items():
        own = record.trial.driver if name == "driver" else getattr(record.trial.parameters, name)
        if own != stated:
            found.append(tr("{name} {own}, not {published}", name=name, own=own, published=stated))
    return ", ".join(found)


def _figure(
    name: Name, published: float, phase: str, measured: Mapping[str, _Measured], over: str | None = None
) -> PublishedFigure:
    of_rung = measured[phase]
    here, missing = None, of_rung.why
    if over is None:
        here = estimated(by_block(of_rung.records, READ[name]))
    else:
        missing = measured[over].why or missing
        here = step(measured[over].records, of_rung.records, name)
    conclusion, why = concluded(here, published)
    return PublishedFigure(
        figure=name,
        phase=phase,
        over=over,
        published=published,
        here=here,
        conclusion=conclusion,
        why=missing or why,
    )


def by_block(records: Iterable[Record], read: Callable[[Record], float | None]) -> Values:
    """Return what trials of one rung know, by block; of several in a block their mean."""
    found: dict[int, list[float]] = {}
    for record in records:
        # A rate of 0 has no logarithm: such a block says nothing of a factor.
        if value := read(record):
            found.setdefault(record.trial.block, []).append(value)
    return {block: mean(values) for block, values in found.items()}


def estimated(values: Values) -> Estimate | None:
    """Return the figure over blocks; None where no block knows it."""
    if not values:
        return None
    return geometric(list(values.values()))


def step(below: Iterable[Record], above: Iterable[Record], name: Name = "rows_per_s") -> Estimate | None:
    """Return how much better a rung is than another, over the blocks that have both: what drifts slowly cancels."""
    lower, upper = by_block(below, READ[name]), by_block(above, READ[name])
    if name == "latency_ms":
        lower, upper = upper, lower
    return estimated({block: upper[block] / lower[block] for block in lower if block in upper})


def concluded(here: Estimate | None, low: float, high: float | None = None) -> tuple[Conclusion, str]:
    """Return whether a published figure is reproduced, by the rule above, and why; ``high`` makes it a range."""
    high = high or low
    if here is None:
        return "other", tr("there is no figure here")
    if here.low is None or here.high is None:
        return "other", tr("one block shows no spread")
    if low / WITHIN <= here.low and here.high <= high * WITHIN:
        return "reproduced", tr("the interval lies within a factor of {within:g}", within=WITHIN)
    if here.high < low or high < here.low:
        return "not reproduced", tr("the interval excludes it")
    if here.high > here.low * WIDEST:
        return "other", tr("the interval spans more than a factor of {widest:g}: too wide to tell", widest=WIDEST)
    return "reproduced", tr("the interval holds it")
