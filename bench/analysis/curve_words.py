"""What a curve tells in words in a closed loop: where it is fastest, and from where on more changes nothing.

Each figure that was measured has its interval of 95 % there. Where rows come at a rate: ``rate_curve``.
"""

import math

from bench.analysis.curves import Curve, Point, by_others, costly, growing, in_digits, words_of
from bench.analysis.interference import cost
from bench.analysis.listing import some_of
from bench.model.language import later, tr
from bench.stats.compare import verdict_of
from bench.stats.intervals import Estimate, Interval

MOST_GAIN = 2.0
"""Times the rate: what may gain more than that is not known at all. Of two blocks it may be hundreds."""


def sentence_of(curve: Curve, margin: float) -> str:
    """Say what follows where no rate was asked for."""
    costs = f"{text}." if (text := _costs(curve, margin)) else ""
    if costs and len(curve.points[0].values) == 1:
        return costs
    return f"{_of_best(curve, margin)} {costs}".strip()


def _of_best(curve: Curve, margin: float) -> str:
    if curve.best is None:
        return tr("{phase}: no trial counts.", phase=curve.phase)
    best = curve.points[curve.best]
    if curve.knee is not None and curve.beyond:
        return _of_knee(curve, best, curve.points[curve.knee], curve.beyond)
    return f"{_fastest(curve, best, margin)} {_likely(curve, margin)}".strip()


def _of_knee(curve: Curve, best: Point, at: Point, beyond: Estimate) -> str:
    """Say from where on more changes nothing; of two parameters also where it is fastest."""
    assert at.rows_per_s
    names, grown = list(at.values), growing(curve)
    if len(names) == 1:
        sentence = later(
            "{phase}: beyond {at} more changes nothing for the better: {low:.2f} to {high:.2f} times its {rate}."
        )
    elif len(grown) == len(names):
        sentence = later(
            "{fastest}; beyond {at} more of either changes nothing for the better: {low:.2f} to {high:.2f} times its"
            " {rate}."
        )
    else:
        sentence = later(
            "{fastest}; there beyond {at} more changes nothing for the better: {low:.2f} to {high:.2f} times its"
            " {rate}."
        )
    return tr(
        sentence,
        phase=curve.phase,
        fastest=_at_its_fastest(curve, best),
        at=words_of({name: at.values[name] for name in grown}),
        low=beyond.low,
        high=beyond.high,
        rate=_rows_per_s(at.rows_per_s),
    )


def _at_its_fastest(curve: Curve, best: Point) -> str:
    assert best.rows_per_s
    rate = _rows_per_s(best.rows_per_s)
    return tr("{phase} is fastest at {at}, {rate}", phase=curve.phase, at=words_of(best.values), rate=rate)


def _fastest(curve: Curve, best: Point, margin: float) -> str:
    """Say at which point a rung is fastest, and of which others that is not shown."""
    fastest = _at_its_fastest(curve, best)
    others = [point for point in curve.points if point is not best and not _is_shown(point, margin)]
    if _rises(curve) and best is curve.points[-1] and _is_shown(curve.points[-2], margin):
        return tr("{fastest}, the largest that was tried: it still rises there.", fastest=fastest)
    if not others:
        return tr("{fastest}; all others are slower by more than {margin:.0%}.", fastest=fastest, margin=margin)
    return tr(
        "{fastest}; that it is more than {margin:.0%} faster than {others} is not shown.",
        fastest=fastest,
        margin=margin,
        others=some_of([_of_best_rate(point) for point in others]),
    )


def _rises(curve: Curve) -> bool:
    """Return whether each point of a curve has more of one thing than the one before."""
    return len(curve.points[0].values) == len(growing(curve)) == 1


def _of_best_rate(point: Point) -> str:
    """Return what a point is, and what it reaches of the fastest one's rate."""
    words, found = words_of(point.values), point.to_best
    if found is None or found.low is None or found.high is None:
        return words
    return tr("{at} ({low:.2f} to {high:.2f} of it)", at=words, low=found.low, high=found.high)


def _likely(curve: Curve, margin: float) -> str:
    """Say how much more could gain at most beyond what is likely the knee; empty: nothing tells."""
    found = curve.beyond_likely
    if curve.likely_knee is None or found is None or found.high is None or found.high > MOST_GAIN:
        return ""
    grown = growing(curve)
    at = words_of({name: curve.points[curve.likely_knee].values[name] for name in grown})
    # Rounded up: it is a bound.
    gain = math.ceil(100 * (found.high - 1))
    sentence = later("Beyond {at} more gains {gain} % at most; more blocks tell whether it is {margin:.0%} or less.")
    if len(grown) > 1:
        sentence = later(
            "Beyond {at} more of either gains {gain} % at most; more blocks tell whether it is {margin:.0%} or less."
        )
    return tr(sentence, at=at, gain=gain, margin=margin)


def _rows_per_s(found: Estimate) -> str:
    """Return a rate with its interval: ``2,446 rows/s (2,099 to 2,850)``; of one block alone it has none."""
    if found.low is None or found.high is None:
        return tr("{rate} rows/s", rate=in_digits(found.estimate))
    rate, low, high = map(in_digits, (found.estimate, found.low, found.high))
    return tr("{rate} rows/s ({low} to {high})", rate=rate, low=low, high=high)


def _costs(curve: Curve, margin: float) -> str:
    """Say what costs the writers how much against the least of it, as readers against none; empty: nothing tells.

    Of a grid it is said of each value of the other parameter.
    """
    of = costly(curve.points[0].values)
    if of is None:
        return ""
    parts = []
    for words, points in by_others(curve.points, of).items():
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
