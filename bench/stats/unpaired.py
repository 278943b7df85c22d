"""Two runs whose blocks were not interleaved: the ratio of their rates by Welch's t on the logarithms.

What drifted between the runs is in the ratio, and no statistic of theirs can tell: whoever shows it says so.
"""

import math
from collections.abc import Sequence

from bench.model.errors import DataError
from bench.stats.compare import ALPHA, MARGIN, Comparison, by_error, planned, without_spread
from bench.stats.intervals import deviation, mean
from bench.stats.planning import Seen, more_blocks


def compare_unpaired(
    baseline: Sequence[float], candidate: Sequence[float], *, margin: float = MARGIN, alpha: float = ALPHA
) -> Comparison:
    """Compare two sets of rates (higher is better) that share no blocks; ``blocks`` is the smaller set's size.

    The degrees of freedom are Welch and Satterthwaite's: Welch, The generalization of "Student's" problem when several
    different population variances are involved, Biometrika 34 (1947). ``more_blocks`` is of each run.

    Raises:
        DataError: a set is empty, or a rate is not positive and finite.

    """
    a, b = _logs(baseline), _logs(candidate)
    effect, blocks = mean(b) - mean(a), min(len(a), len(b))
    if blocks < 2:
        return without_spread(effect, blocks, margin, alpha)
    error, freedom = _error(a, b)
    found = by_error(effect, error, freedom, blocks, margin, alpha)
    if found.verdict != "undecided":
        return found
    seen = Seen(effect=effect, error=error, blocks=blocks, freedom=freedom)
    return planned(found, more_blocks(seen, margin, alpha))


def _logs(rates: Sequence[float]) -> list[float]:
    if not rates or not all(math.isfinite(rate) and rate > 0 for rate in rates):
        raise DataError("a comparison needs rates above 0 on both sides, at least one on each.")
    return [math.log(rate) for rate in rates]


def _error(a: Sequence[float], b: Sequence[float]) -> tuple[float, float]:
    """Give the standard error of the difference of means and its degrees of freedom, without spread the smaller's."""
    shares = [deviation(logs) ** 2 / len(logs) for logs in (a, b)]
    if not sum(shares):
        return 0.0, min(len(a), len(b)) - 1
    # By the larger one: squares of tiny shares would vanish.
    parts = [share / max(shares) for share in shares]
    weighed = sum(part**2 / (len(logs) - 1) for part, logs in zip(parts, (a, b), strict=True))
    return math.sqrt(sum(shares)), sum(parts) ** 2 / weighed
