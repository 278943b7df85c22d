"""What a sweep tells: how the rate goes with what was swept, and from where on more of it changes nothing.

Points are compared in the blocks that they share (``bench.stats.knee``). The Universal Scalability Law stands beside
where it has the shape of the points; it hides none. Where rows come at a rate, it is what is kept up that is told.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bench.analysis.by_block import compared_by_block, estimate
from bench.analysis.counted import good, middle
from bench.analysis.ending import Next, Trust, is_suspect, trust_of
from bench.analysis.interference import TOLD, cost
from bench.analysis.pulled import PulledRun, latest
from bench.model.fingerprint import Fingerprint
from bench.model.language import later, tr
from bench.model.plan import Trial
from bench.model.record import Record
from bench.model.values import Amount, Layout, Name, Transport
from bench.plan.contrast import written
from bench.plan.generator import check_capacity
from bench.plan.rate_points import KEPT, STEP, kept_share
from bench.plan.rates import burst
from bench.plan.sweep import RATE, Rung, Value, by_rung, rung_of, swept, values_of
from bench.stats.compare import verdict_of
from bench.stats.intervals import Estimate, Interval, average, geometric
from bench.stats.knee import MARGIN, knee, levels
from bench.stats.missing import not_none
from bench.stats.scalability import Scalability, fit

SIDE_BY_SIDE = ("pool", "pool_max", "in_flight", "processes")
"""Of what there are several at work at a time, as the scalability law has it."""
MOST_NAMED = 3


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
    to_best: Estimate | None
    """Its rate over that of the fastest point, in the blocks of both; None of that one."""
    to_least: Estimate | None = None
    """Of what costs the writers (``TOLD``): its rate over that of the least of it, mostly of none, in the blocks of
    both; None of that one, and where rows come at a rate."""
    kept: Estimate | None = None
    """Where rows come at a rate: what had been begun of what was due when the window closed, 1 is all."""


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
    """From which point on more changes nothing; None: it was not shown, rows come at a rate, or two are swept."""
    beyond: Estimate | None
    """What lies beyond the knee: the rates of all larger points over its own, from the lowest end to the highest."""
    scalability: Scalability | None
    sentence: str
    kept_up: int | None = None
    """Of rates: the last point up to which all that comes is acknowledged; None: it is none, or no rate is swept."""


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


def sweep(run: PulledRun, margin: float = MARGIN) -> Sweep:
    """Return what a sweep tells of each of its rungs.

    Raises:
        UsageError: the run is none.

    """
    names = swept(run.plan)
    of_rungs: dict[Rung, list[Record]] = {}
    for record in latest(run.records):
        of_rungs.setdefault(rung_of(record.trial), []).append(record)
    curves = []
    for rung, trials in by_rung(run.plan.trials, names).items():
        whole = _in_every_block(run.plan.trials, rung, names)
        curve = _curve(trials, of_rungs.get(rung, []), names, whole, margin)
        curves.append(_with_end(curve, trials[-1], run))
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
        return _of_rates(curve, first.parameters.rate)
    return _with_knee(curve, rates, names, margin)


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


def _with_knee(curve: Curve, rates: Sequence[Mapping[int, float]], names: Sequence[str], margin: float) -> Curve:
    """Return a curve with its knee, where it has one, and what follows from it."""
    # Of what is beside the writers less is better: it has no knee.
    if _grows(curve) and names[0] not in TOLD and (at := knee(rates, margin)):
        curve = replace(curve, knee=at.point, beyond=at.beyond)
    return replace(curve, sentence=_sentence(curve, margin))


def _grows(curve: Curve) -> bool:
    """Return whether each point of a curve has more of one thing than the one before: of words there is no more."""
    values = [value for point in curve.points for value in point.values.values()]
    return len(values) == len(curve.points) and all(isinstance(value, int | float) for value in values)


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
    of, found = _costly(names), []
    firsts: dict[tuple[Value, ...], int] = {}
    for number, values in enumerate(points):
        others = tuple(value for name, value in zip(names, values, strict=True) if name != of)
        found.append(firsts.setdefault(others, number) if of else None)
    return found


def _costly(names: Iterable[str]) -> str | None:
    """Return which of what is swept costs the writers; None: nothing does."""
    return next((name for name in names if name in TOLD), None)


def _point(trial: Trial, records: Sequence[Record], names: Sequence[str], rate: Estimate | None) -> Point:
    counted = good(records)
    shares = not_none(map(kept_share, counted))
    return Point(
        values=dict(zip(names, values_of(trial, names), strict=True)),
        trials=len(records),
        void=len(records) - len(counted),
        suspect=sum(map(is_suspect, counted)),
        rows_per_s=rate,
        p50_ms=middle([record.latency_ms.p50 for record in counted]),
        p99_ms=middle([record.latency_ms.p99 for record in counted]),
        to_best=None,
        kept=_share(shares) if shares else None,
    )


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


# --- in words --------------------------------------------------------------------------------------------------------


def words_of(values: Mapping[str, Value]) -> str:
    """Return what a point is: ``batch 100``, ``pool 4, in_flight 8``."""
    return ", ".join(f"{name} {written(value)}" for name, value in values.items())


def _by_others(points: Sequence[Point], of: str) -> dict[str, list[Point]]:
    """Return the points of each value of the other parameter, by its words; of one parameter alone all of them."""
    found: dict[str, list[Point]] = {}
    for point in points:
        others = {name: value for name, value in point.values.items() if name != of}
        found.setdefault(words_of(others), []).append(point)
    return found


def _sentence(curve: Curve, margin: float) -> str:
    """Say what follows where no rate was asked for."""
    costs = f"{text}." if (text := _costs(curve, margin)) else ""
    if costs and len(curve.points[0].values) == 1:
        return costs
    return f"{_of_best(curve, margin)} {costs}".strip()


def _of_best(curve: Curve, margin: float) -> str:
    if curve.best is None:
        return tr("{phase}: no trial counts.", phase=curve.phase)
    if curve.knee is not None and curve.beyond:
        return tr(
            "{phase}: beyond {at} more changes nothing for the better: {low:.2f} to {high:.2f} times its rate.",
            phase=curve.phase,
            at=words_of(curve.points[curve.knee].values),
            low=curve.beyond.low,
            high=curve.beyond.high,
        )
    return _fastest(curve, curve.points[curve.best], margin)


def _fastest(curve: Curve, best: Point, margin: float) -> str:
    """Say at which point a rung is fastest, and of which others that is not shown."""
    assert best.rows_per_s
    others = [words_of(point.values) for point in curve.points if point is not best and not _is_shown(point, margin)]
    if _grows(curve) and best is curve.points[-1] and _is_shown(curve.points[-2], margin):
        sentence = later(
            "{phase} is fastest at {at}, {most:,.0f} rows/s, the largest that was tried: it still rises there."
        )
    elif others:
        sentence = later(
            "{phase} is fastest at {at}, {most:,.0f} rows/s; that it is more than {margin:.0%} faster than {others} is"
            " not shown."
        )
    else:
        sentence = later(
            "{phase} is fastest at {at}, {most:,.0f} rows/s; all others are slower by more than {margin:.0%}."
        )
    return tr(
        sentence,
        phase=curve.phase,
        at=words_of(best.values),
        most=best.rows_per_s.estimate,
        margin=margin,
        others=tr(" or ").join(others),
    )


def _costs(curve: Curve, margin: float) -> str:
    """Say what costs the writers how much against the least of it, as readers against none; empty: nothing tells.

    Of a grid it is said of each value of the other parameter.
    """
    of = _costly(curve.points[0].values)
    if of is None:
        return ""
    parts = []
    for words, points in _by_others(curve.points, of).items():
        texts = filter(None, [_cost(point, points[0], of, margin) for point in points])
        if text := "; ".join(texts):
            parts.append(f"{', '.join(filter(None, (curve.phase, words)))}: {text}")
    return "; ".join(parts)


def _cost(point: Point, least: Point, of: str, margin: float) -> str:
    """Say what a point costs the writers; empty: too few blocks tell."""
    found, count, against = point.to_least, point.values[of], least.values[of]
    if found is None or found.low is None or found.high is None:
        return ""
    assert isinstance(count, int | str)
    assert isinstance(against, int | str)
    verdict = verdict_of(Interval(math.log(found.low), math.log(found.high)), margin)
    return cost(of, count, against, verdict, found.estimate, Interval(found.low, found.high), margin)


def _is_shown(point: Point, margin: float) -> bool:
    """Return whether a point is shown to be slower than the fastest by more than the margin."""
    found = point.to_best
    return found is not None and found.high is not None and found.high < 1 / (1 + margin)


# --- at a rate -------------------------------------------------------------------------------------------------------


def _with_end(curve: Curve, last: Trial, run: PulledRun) -> Curve:
    """Return a curve that says why a sweep which chose its rates has no higher one where it kept up each."""
    if run.plan.refines is None or run.plan.refines.of != RATE or curve.kept_up != len(curve.points) - 1:
        return curve
    assert last.parameters.rate
    higher = replace(last, parameters=replace(last.parameters, rate=STEP * last.parameters.rate))
    for reason in check_capacity(run.plan, higher, run.experiments):
        if reason.code == "refused":
            end = tr("; no more was offered: {why}", why=reason.detail)
            break
    else:
        named = ",".join(written(float(f"{times * last.parameters.rate:.2g}")) for times in (2, 4))
        end = tr("; its rates end there: name higher ones to try them (rate={rates})", rates=named)
    return replace(curve, sentence=f"{curve.sentence.removesuffix('.')}{end}.")


def _of_rates(curve: Curve, rate: float | None) -> Curve:
    """Return a curve with what it tells where rows come at a rate: what is kept up, and how soon rows are stored."""
    names = list(curve.points[0].values)
    if names == [RATE]:
        return replace(curve, kept_up=_kept_up(curve.points), sentence=f"{_up_to(curve.phase, curve.points)}.")
    if RATE not in names:
        who = tr("{phase} at {rate:,.0f} rows/s", phase=curve.phase, rate=rate)
        return replace(curve, sentence=_at(who, curve.points))
    parts = []
    for words, points in _by_others(curve.points, RATE).items():
        in_order = sorted(points, key=_rate_of)
        parts.append(_up_to(f"{curve.phase}, {words}", in_order))
    return replace(curve, sentence=f"{'; '.join(parts)}.")


def _rate_of(point: Point) -> float:
    value = point.values[RATE]
    assert isinstance(value, int | float)
    return value


def _kept_up(points: Sequence[Point]) -> int | None:
    """Return the last of rates, the lowest first, up to which each is shown to be kept up; None: the first is not."""
    kept = None
    for number, point in enumerate(points):
        if not _keeps(point):
            break
        kept = number
    return kept


def _keeps(point: Point) -> bool:
    return point.kept is not None and point.kept.low is not None and point.kept.low >= KEPT


def _up_to(who: str, points: Sequence[Point]) -> str:
    """Say up to which of these rates, the lowest first, all is acknowledged, and what becomes of the next."""
    at = _kept_up(points)
    if at is None:
        beyond = _beyond(points[0])
        return tr("{who}: no rate that was tried is shown to be kept up: {beyond}", who=who, beyond=beyond)
    kept = f"{_rate_of(points[at]):,.0f} rows/s{_within(points[at])}"
    if at == len(points) - 1:
        return tr("{who}: every rate that was tried is kept up, to {kept}", who=who, kept=kept)
    beyond = _beyond(points[at + 1])
    return tr("{who}: rates up to {kept} are kept up; beyond, {beyond}", who=who, kept=kept, beyond=beyond)


def _beyond(point: Point) -> str:
    """Say what becomes of a rate that is not kept up, or not shown to be."""
    rate, kept, found = _rate_of(point), point.kept, point.rows_per_s
    if kept is None or found is None:
        return tr("of {rate:,.0f} rows/s nothing is known", rate=rate)
    if kept.high is None or kept.high >= KEPT:
        return tr("whether {rate:,.0f} rows/s are kept up is not shown", rate=rate)
    return tr(
        "of {rate:,.0f} rows/s {found:,.0f} are acknowledged{within}",
        rate=rate,
        found=found.estimate,
        within=_within(point),
    )


def _within(point: Point) -> str:
    if point.p99_ms is None:
        return ""
    took = f"{point.p99_ms:,.0f}" if point.p99_ms >= 100 else f"{point.p99_ms:.3g}"
    return tr(" (99 % within {took} ms)", took=took)


def _at(who: str, points: Sequence[Point]) -> str:
    """Say at which of these points rows are stored the soonest, and at which the rate is not kept up."""
    kept = [point for point in points if _keeps(point)]
    lost = [words_of(point.values) for point in points if not _keeps(point)]
    if not kept:
        return tr("{who}: at no value that was tried is it shown to be kept up.", who=who)
    quick = min(kept, key=lambda point: math.inf if point.p99_ms is None else point.p99_ms)
    at = words_of(quick.values)
    kept_at = tr("{who}: rows are stored the soonest at {at}{within}", who=who, at=at, within=_within(quick))
    if quick.p99_ms is None:
        kept_at = tr("{who}: it is kept up at {at}, and how soon rows are stored is not known", who=who, at=at)
    if not lost:
        return f"{kept_at}."
    named = lost[:MOST_NAMED]
    if lost[MOST_NAMED:]:
        named.append(tr("{count} more", count=len(lost) - MOST_NAMED))
    return tr("{kept_at}; that it is kept up is not shown at {others}.", kept_at=kept_at, others=tr(" or ").join(named))
