"""What a curve tells where rows come at a rate: what is kept up, and how soon rows are stored.

Each figure that was measured has its interval of 95 % there.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bench.analysis.by_block import estimate
from bench.analysis.counted import good
from bench.analysis.curves import Curve, Point, by_others, in_digits, words_of
from bench.analysis.listing import some_of
from bench.analysis.pulled import PulledRun
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record
from bench.plan.contrast import written
from bench.plan.generator import check_capacity
from bench.plan.rate_points import KEPT, STEP
from bench.plan.sweep import RATE
from bench.stats.compare import ALPHA, judged, log_ratios


def of_rates(curve: Curve, rate: float | None, records: Sequence[Sequence[Record]], margin: float) -> Curve:
    """Return a curve with what it tells where rows come at a rate: what is kept up, and how soon rows are stored."""
    names = list(curve.points[0].values)
    if names == [RATE]:
        return replace(curve, kept_up=_kept_up(curve.points), sentence=f"{_up_to(curve.phase, curve.points)}.")
    if RATE not in names:
        who = tr("{phase} at {rate:,.0f} rows/s", phase=curve.phase, rate=rate)
        curve = replace(curve, points=_with_soonest(curve.points, records, margin))
        return replace(curve, sentence=_at(who, curve.points, margin))
    parts = []
    for words, points in by_others(curve.points, RATE).items():
        in_order = sorted(points, key=_rate_of)
        parts.append(_up_to(f"{curve.phase}, {words}", in_order))
    return replace(curve, sentence=f"{'; '.join(parts)}.")


def with_end(curve: Curve, last: Trial, run: PulledRun) -> Curve:
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


def _with_soonest(points: Sequence[Point], records: Sequence[Sequence[Record]], margin: float) -> tuple[Point, ...]:
    """Return points with their p99 over that of the point where rows are stored the soonest, where they keep up."""
    took = [_p99_by_block(each) for each in records]
    kept = [number for number, point in enumerate(points) if _keeps(point) and point.p99_ms]
    if not kept:
        return tuple(points)
    soonest = min(kept, key=lambda number: points[number].p99_ms or math.inf)
    found = list(points)
    for number in kept:
        both = [block for block in took[number] if block in took[soonest]]
        if number != soonest and both:
            logs = log_ratios([took[soonest][block] for block in both], [took[number][block] for block in both])
            found[number] = replace(points[number], to_soonest=estimate(judged(logs, margin, ALPHA)))
    return tuple(found)


def _p99_by_block(records: Iterable[Record]) -> dict[int, float]:
    return {record.trial.block: took for record in good(records) if (took := record.latency_ms.p99)}


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
    reached = in_digits(found.estimate)
    if found.low is not None and found.high is not None:
        low, high = in_digits(found.low), in_digits(found.high)
        reached = tr("{reached} ({low} to {high})", reached=reached, low=low, high=high)
    return tr(
        "of {rate:,.0f} rows/s {reached} are acknowledged{within}", rate=rate, reached=reached, within=_within(point)
    )


def _within(point: Point) -> str:
    if point.p99_ms is None:
        return ""
    if "p99" not in point.latency_intervals:
        return tr(" (99 % within {took} ms)", took=in_digits(point.p99_ms))
    low, high = map(in_digits, point.latency_intervals["p99"])
    return tr(" (99 % within {took} ms; {low} to {high})", took=in_digits(point.p99_ms), low=low, high=high)


def _at(who: str, points: Sequence[Point], margin: float) -> str:
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
    elif as_soon := [words_of(each.values) for each in kept if each is not quick and not _is_later(each, margin)]:
        kept_at = tr(
            "{kept_at}; that it is more than {margin:.0%} later at {others} is not shown",
            kept_at=kept_at,
            margin=margin,
            others=some_of(as_soon),
        )
    if not lost:
        return f"{kept_at}."
    return tr("{kept_at}; that it is kept up is not shown at {others}.", kept_at=kept_at, others=some_of(lost))


def _is_later(point: Point, margin: float) -> bool:
    """Return whether rows are shown to be stored later, by more than the margin, than at the soonest point.

    That is chosen by the same data, and seems quicker than it is: by how much less than the margin is not asked.
    """
    found = point.to_soonest
    return found is not None and found.low is not None and found.low > 1 + margin
