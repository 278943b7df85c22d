"""Whether the rate settled within the window, and what it did before.

Warm-up is cut off by MSER-5; that can miss a late cliff, so what is left must also pass the storage industry's rule.
Whether an unsteady trial still counts is ``bench.agent``'s and ``bench.analysis``'s decision.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bench.stats.intervals import mean

Label = Literal["flat", "warm-up", "slowdown", "no steady state"]

SHORTEST = 20
"""Values (seconds) below which nothing is said."""
ROUNDS = 5
RANGE_LIMIT = 0.20
DRIFT_LIMIT = 0.10
BATCH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Steadiness:
    """What a window looked like.

    Attributes:
        label: ``flat``; ``warm-up`` and ``slowdown`` where it rose or fell, to a steady rate or still going;
            ``no steady state`` where it did neither and never settled.
        steady: whether the values after ``settled_after`` pass the rule.
        settled_after: values at the start that belong to no steady state, by MSER-5.
        range_share: range of the averages after that over their mean; at most 0.2 passes.
        drift_share: change of the fitted line over them relative to their mean; at most 0.1 up or down passes.

    """

    label: Label
    steady: bool
    settled_after: int
    range_share: float
    drift_share: float


def assess(rates: Sequence[float]) -> Steadiness | None:
    """Judge a window by its rates, one a second; None where it has fewer than 20."""
    if len(rates) < SHORTEST:
        return None
    # The whole window first: what is flat throughout keeps all its seconds.
    if passes(*shares(rates)):
        return _steadiness("flat", rates, 0)
    cut = mser5(rates)
    if passes(*shares(rates[cut:])):
        return _steadiness("warm-up" if mean(rates[:cut]) < mean(rates[cut:]) else "slowdown", rates, cut)
    drift_share = shares(rates)[1]
    if abs(drift_share) <= DRIFT_LIMIT:
        return _steadiness("no steady state", rates, cut)
    return _steadiness("warm-up" if drift_share > 0 else "slowdown", rates, cut)


def mser5(values: Sequence[float]) -> int:
    """Give how many of at least 5 values to leave out at the start, a multiple of 5 and at most half of them.

    The cut minimises the squared standard error of the mean of what is left, over averages of 5. Source: White, An
    effective truncation heuristic for bias reduction in simulation output, Simulation 69 (1997); the half is from
    Hoad, Robinson & Davies, Automating warm-up length estimation, J. Operational Research Society 61 (2010).
    """
    batches = [mean(values[start : start + BATCH]) for start in range(0, len(values) - BATCH + 1, BATCH)]
    return BATCH * min(range(len(batches) // 2 + 1), key=lambda cut: _error(batches[cut:]))


def shares(values: Sequence[float]) -> tuple[float, float]:
    """Give range and drift of the averages of 5 equal rounds, relative to their mean; at least 5 values.

    Of nothing but zeros the range is infinite: a standstill is no steady state.

    Source: SNIA Solid State Storage Performance Test Specification, Enterprise 1.1 (2013), "steady state".
    """
    rounds = [mean(values[len(values) * i // ROUNDS : len(values) * (i + 1) // ROUNDS]) for i in range(ROUNDS)]
    centre = mean(rounds)
    if centre == 0:
        return math.inf, 0.0
    return (max(rounds) - min(rounds)) / centre, slope(rounds) * (ROUNDS - 1) / centre


def passes(range_share: float, drift_share: float) -> bool:
    """Apply the storage industry's rule: range up to 20 % and drift up to 10 % of the mean."""
    return range_share <= RANGE_LIMIT and abs(drift_share) <= DRIFT_LIMIT


def slope(values: Sequence[float]) -> float:
    """Give the rise of the least-squares line from one value to the next; at least two values."""
    middle, centre = (len(values) - 1) / 2, mean(values)
    above = sum((at - middle) * (value - centre) for at, value in enumerate(values))
    return above / sum((at - middle) ** 2 for at in range(len(values)))


def _error(batches: Sequence[float]) -> float:
    centre = mean(batches)
    return sum((batch - centre) ** 2 for batch in batches) / len(batches) ** 2


def _steadiness(label: Label, rates: Sequence[float], cut: int) -> Steadiness:
    range_share, drift_share = shares(rates[cut:])
    return Steadiness(
        label=label,
        steady=passes(range_share, drift_share),
        settled_after=cut,
        range_share=range_share,
        drift_share=drift_share,
    )
