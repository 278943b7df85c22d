"""What a sweep tells: how the rate goes with what was swept, and from where on more of it changes nothing.

Points are compared in the blocks that they share (``bench.stats.knee``). The Universal Scalability Law stands beside
where it has the shape of the points; it hides none. What follows is said by ``curve_words`` and, where rows come at a
rate, ``rate_curve``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median

from bench.analysis.by_block import compared_by_block, estimate
from bench.analysis.counted import good, middle
from bench.analysis.curve_words import sentence_of
from bench.analysis.curves import Curve, Point, Sweep, costly, growing, without
from bench.analysis.ending import is_suspect, trust_of
from bench.analysis.interference import TOLD
from bench.analysis.pulled import PulledRun, latest
from bench.analysis.rate_curve import of_rates, with_end
from bench.model.plan import Trial
from bench.model.record import Record
from bench.plan.rate_points import kept_share
from bench.plan.rates import burst
from bench.plan.sweep import Rung, Value, by_rung, rung_of, swept, values_of
from bench.stats.intervals import Estimate, average, geometric
from bench.stats.knee import MARGIN, Larger, in_grid, in_line, knee, levels, likely_knee
from bench.stats.missing import not_none
from bench.stats.scalability import Scalability, fit

SIDE_BY_SIDE = ("pool", "pool_max", "in_flight", "processes")
"""Of what there are several at work at a time, as the scalability law has it."""


def sweep(run: PulledRun, margin: float | None = None) -> Sweep:
    """Return what a sweep tells of each of its rungs.

    Args:
        run: the sweep.
        margin: a difference that does not matter; None: that by which it was refined, or the usual one.

    Raises:
        UsageError: the run is none.

    """
    names = swept(run.plan)
    if margin is None:
        margin = run.plan.refines.margin if run.plan.refines else MARGIN
    of_rungs: dict[Rung, list[Record]] = {}
    for record in latest(run.records):
        of_rungs.setdefault(rung_of(record.trial), []).append(record)
    curves = []
    for rung, trials in by_rung(run.plan.trials, names).items():
        whole = _in_every_block(run.plan.trials, rung, names)
        curve = _curve(trials, of_rungs.get(rung, []), names, whole, margin)
        curves.append(with_end(curve, trials[-1], run))
    complete = run.complete and run.sealed
    return Sweep(
        run=run.plan.run,
        host=run.host,
        complete=complete,
        margin=margin,
        of=tuple(names),
        sentence=" ".join(curve.sentence for curve in curves),
        curves=tuple(curves),
        trust=trust_of(latest(run.records), run.plan, complete=complete),
    )


def _in_every_block(trials: Sequence[Trial], rung: Rung, names: Sequence[str]) -> set[tuple[Value, ...]]:
    """Return the points that a rung has in every block: those that a sweep refines by have no others."""
    blocks: dict[tuple[Value, ...], set[int]] = {}
    for trial in trials:
        if rung_of(trial) == rung:
            blocks.setdefault(values_of(trial, names), set()).add(trial.block)
    every = set().union(*blocks.values())
    return {point for point, of_point in blocks.items() if of_point == every}


def _curve(
    trials: Sequence[Trial],
    records: Sequence[Record],
    names: Sequence[str],
    whole: set[tuple[Value, ...]],
    margin: float,
) -> Curve:
    first = trials[0]
    at_rate = any(trial.parameters.rate for trial in trials)
    of_values: dict[tuple[Value, ...], list[Record]] = {values_of(trial, names): [] for trial in trials}
    for record in records:
        of_values[values_of(record.trial, names)].append(record)
    rates = list(map(_rates, of_values.values()))
    known = levels(rates)
    points = []
    for trial, own, of_blocks, level in zip(trials, of_values.values(), rates, known, strict=True):
        points.append(_point(trial, own, names, _rate(of_blocks, level)))
    best = None
    if not at_rate:
        best = _best(list(of_values), known, whole)
        points = _with_ratios(points, of_values, best, _least(list(of_values), names), margin)
    curve = Curve(
        phase=first.phase,
        driver=first.driver,
        variant=first.variant,
        layout=first.layout,
        transport=first.transport,
        points=tuple(points),
        best=best,
        knee=None,
        beyond=None,
        scalability=None if at_rate else _scalability(points, names),
        sentence="",
    )
    if at_rate:
        return of_rates(curve, first.parameters.rate, list(of_values.values()), margin)
    return _with_knee(curve, rates, margin)


def _best(
    points: Sequence[tuple[Value, ...]], known: Sequence[float | None], whole: set[tuple[Value, ...]]
) -> int | None:
    """Return which of the points that have every block is the fastest; None: none of them has a rate."""
    best: int | None = None
    most = 0.0
    for number, (point, level) in enumerate(zip(points, known, strict=True)):
        if point in whole and level and level > most:
            best, most = number, level
    return best


def _with_ratios(
    points: Sequence[Point],
    records: Mapping[tuple[Value, ...], Sequence[Record]],
    best: int | None,
    least: Sequence[int | None],
    margin: float,
) -> list[Point]:
    """Return points with their ratios to the best, and to the least of what costs the writers."""
    by_point = list(records.values())
    compared = []
    for number, point in enumerate(points):
        to_best = _over(by_point, number, best, margin)
        to_least = _over(by_point, number, least[number], margin)
        compared.append(replace(point, to_best=to_best, to_least=to_least))
    return compared


def _with_knee(curve: Curve, rates: Sequence[Mapping[int, float]], margin: float) -> Curve:
    """Return a curve with its knee, where it has one, and what follows from it."""
    larger = _larger(curve)
    if larger is not None:
        if at := knee(rates, margin, larger):
            curve = replace(curve, knee=at.point, beyond=at.beyond)
        elif at := likely_knee(rates, margin, larger):
            curve = replace(curve, likely_knee=at.point, beyond_likely=at.beyond)
    return replace(curve, sentence=sentence_of(curve, margin))


def _larger(curve: Curve) -> Larger | None:
    """Return which points have more than each; None: there is no more, as of words, or less of it is better."""
    names, grown = list(curve.points[0].values), growing(curve)
    # Of what is beside the writers less is better: it has no knee.
    if not grown or any(name in TOLD for name in names):
        return None
    if len(names) == 1:
        return in_line(len(curve.points))
    if len(grown) == len(names):
        return in_grid([_pair(point) for point in curve.points])
    if curve.best is None:
        return None
    [of] = grown
    others = without(curve.points[curve.best].values, of)
    alike = [number for number, point in enumerate(curve.points) if without(point.values, of) == others]
    return [(number, alike[place:]) for place, number in enumerate(alike[:-1], 1)]


def _pair(point: Point) -> tuple[float, float]:
    one, other = point.values.values()
    assert isinstance(one, int | float)
    assert isinstance(other, int | float)
    return one, other


def _rates(records: Sequence[Record]) -> dict[int, float]:
    """Return the rate of each block that counts."""
    found = {}
    for record in records:
        rate = burst(record)
        if rate:
            found[record.trial.block] = rate
    return found


def _rate(rates: Mapping[int, float], level: float | None) -> Estimate | None:
    """Return the rate of a point as over all blocks, with the interval that its own trials give it."""
    if level is None:
        return None
    own = geometric(list(rates.values()))
    return replace(own.times(level / own.estimate), estimate=level)


def _over(by_point: Sequence[Sequence[Record]], number: int, other: int | None, margin: float) -> Estimate | None:
    """Return the rate of a point over that of another, in the blocks of both; None: there are not two."""
    if other in (None, number):
        return None
    found = compared_by_block(by_point[other], by_point[number], margin)
    return estimate(found) if found else None


def _least(points: Sequence[tuple[Value, ...]], names: Sequence[str]) -> list[int | None]:
    """Return for each point which has the least of what costs the writers, and else the same; the smallest come first.

    None for each: nothing of it is swept.
    """
    of = costly(names)
    if of is None:
        return [None] * len(points)
    firsts: dict[tuple[Value, ...], int] = {}
    found: list[int | None] = []
    for number, values in enumerate(points):
        others = without(dict(zip(names, values, strict=True)), of)
        found.append(firsts.setdefault(tuple(others.values()), number))
    return found


def _point(trial: Trial, records: Sequence[Record], names: Sequence[str], rate: Estimate | None) -> Point:
    counted = good(records)
    shares = not_none(map(kept_share, counted))
    p50, p99 = _took("p50", counted), _took("p99", counted)
    return Point(
        values=dict(zip(names, values_of(trial, names), strict=True)),
        trials=len(records),
        void=len(records) - len(counted),
        suspect=sum(map(is_suspect, counted)),
        rows_per_s=rate,
        p50_ms=middle(p50),
        p99_ms=middle(p99),
        latency_intervals=_intervals(p50=p50, p99=p99),
        to_best=None,
        kept=_share(shares) if shares else None,
    )


def _took(percentile: str, records: Iterable[Record]) -> list[float]:
    """Return a percentile of each trial that knows it."""
    return not_none(getattr(record.latency_ms, percentile) for record in records)


def _intervals(**took: Sequence[float]) -> dict[str, tuple[float, float]]:
    """Return the interval about the median of each: as far as the trials' own make that of their geometric mean."""
    found = {}
    for name, each in took.items():
        spread = geometric(each) if each else None
        if spread and spread.low is not None and spread.high is not None:
            about = median(each) / spread.estimate
            found[name] = (about * spread.low, about * spread.high)
    return found


def _share(shares: Sequence[float]) -> Estimate:
    """Return the mean of shares, with an interval that holds none beyond 0 and 1: few blocks would reach there."""
    found = average(shares)
    if found.low is None or found.high is None:
        return found
    return replace(found, low=max(found.low, 0.0), high=min(found.high, 1.0))


def _scalability(points: Sequence[Point], names: Sequence[str]) -> Scalability | None:
    if len(names) > 1 or names[0] not in SIDE_BY_SIDE:
        return None
    numbers, rates = [], []
    for point in points:
        [number] = point.values.values()
        if isinstance(number, int) and point.rows_per_s:
            numbers.append(number)
            rates.append(point.rows_per_s.estimate)
    return fit(numbers, rates)
