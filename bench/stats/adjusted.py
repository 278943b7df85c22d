"""Rates adjusted for how fast the machine was: regression on covariates within blocks, one slope for many pairs.

Most of what differs between two trials on a machine with neighbours is how fast its processors happened to be, and
that can be measured beside the rate. The model is that of covariance in randomised blocks (Fisher; Cochran, Analysis of
covariance: its nature and uses, Biometrics 13, 1957; Lin, Agnostic notes on regression adjustments to experimental
data, Annals of Applied Statistics 7, 2013): log rate = block + arm + slopes · covariates. The slopes come from all
arms of a rung together, as a pair of few blocks tells little of them; what they cost, their own error and their share
of the degrees of freedom, is in each pair's interval.

A covariate that the candidate itself changes is an outcome: adjusting would take part of the effect away. ``Shift`` is
what a covariate takes, with its interval; ``taken_together`` gives that of all of them. Which covariates there are, and
what decides, is ``bench.analysis``'.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from operator import add, mul, sub

from bench.stats.compare import Comparison, by_error
from bench.stats.intervals import Interval, deviation, mean, t_interval

Vector = Sequence[float]
Matrix = Sequence[Vector]
LEAST_FREEDOM = 3
"""Degrees of freedom that the slopes must leave of all pairs together: with fewer nothing is told of their error."""
_SINGULAR = 1e-9
"""What is left of a covariate's variation beside the others, relative, from which on it adds nothing to them."""


@dataclass(frozen=True, slots=True)
class Table:
    """The trials of a cell: a row an arm, a column a block in which all of its arms have all of these."""

    rates: Matrix
    """Logarithms."""
    covariates: Mapping[str, Matrix]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slopes:
    """How the log rate goes with each covariate within blocks, whichever the arm.

    Attributes:
        values: by covariate.
        inverse: of the matrix of their sums of products: times ``variance``, the slopes' covariance.
        variance: of one trial's log rate beside what goes with the covariates.

    """

    values: Mapping[str, float]
    inverse: Matrix
    variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What lies between two arms in covariates of one rung: candidate less baseline, by covariate, of each block."""

    slopes: Slopes
    between: Mapping[str, Vector]

    @property
    def means(self) -> Vector:
        """Over the blocks."""
        return list(map(mean, self.between.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What adjusting for one covariate takes from a log ratio, with its interval."""

    name: str
    slope: float
    taken: float
    interval: Interval


def freedom_of(tables: Sequence[Table]) -> int:
    """Give the degrees of freedom that blocks and arms leave to slopes and residuals."""
    return sum((len(table.rates) - 1) * (len(table.rates[0]) - 1) for table in tables)


def slopes_of(tables: Sequence[Table], names: Sequence[str]) -> Slopes | None:
    """Estimate the slopes of these covariates over some tables; None where they tell too little of them.

    That is where a covariate hardly varies, or goes with another one, or where too few degrees of freedom are left.
    """
    freedom = freedom_of(tables) - len(names)
    if not names or freedom < LEAST_FREEDOM:
        return None
    rates: list[float] = []
    by_name: dict[str, list[float]] = {name: [] for name in names}
    for table in tables:
        rates += _within(table.rates)
        for name, column in by_name.items():
            column.extend(_within(table.covariates[name]))
    columns = list(by_name.values())
    inverse = _inverse(_products(columns))
    if inverse is None:
        return None
    with_rate = [_dot(column, rates) for column in columns]
    values = [_dot(row, with_rate) for row in inverse]
    beside = max(_dot(rates, rates) - _dot(values, with_rate), 0.0)
    return Slopes(values=dict(zip(names, values, strict=True)), inverse=inverse, variance=beside / freedom)


def compare_adjusted(
    logs: Vector, gaps: Sequence[Gap], *, cells: int = 1, margin: float, alpha: float
) -> Comparison | None:
    """Compare two arms by the log ratios of their blocks, adjusted; nothing is planned.

    None where no degree of freedom is left.

    Args:
        logs: candidate ÷ baseline, of each block.
        gaps: between the same arms in the same blocks, one a rung; over several cells, its mean over all of them.
        cells: over which the log ratios are means.
        margin: relative difference that does not matter.
        alpha: 1 − coverage of the interval.

    """
    left = list(logs)
    for gap in gaps:
        for name, each in gap.between.items():
            left = list(map(sub, left, _times(gap.slopes.values[name], each)))
    blocks = len(left)
    # The residuals of a pair are the smaller the more of the slopes' information is its own (all of it, of one pair).
    freedom = blocks - 1 - cells / 2 * sum(map(_own_share, gaps))
    if freedom < 1:
        return None
    effect = mean(left)
    variance = deviation(left) ** 2 * (blocks - 1) / freedom / blocks
    variance += sum(map(_of_slopes, gaps))
    return by_error(effect, math.sqrt(variance), freedom, blocks, margin, alpha)


def shifts(gaps: Sequence[Gap], alpha: float) -> list[Shift]:
    """Return what adjusting takes by each covariate; of one that several rungs have, over these together."""
    found = []
    for name in dict.fromkeys(name for gap in gaps for name in gap.between):
        taken: list[float] = []
        variance, values = 0.0, []
        for gap in gaps:
            if name not in gap.between:
                continue
            slope, between = gap.slopes.values[name], gap.between[name]
            at = list(gap.between).index(name)
            variance += gap.slopes.inverse[at][at] * gap.slopes.variance * mean(between) ** 2
            own = _times(slope, between)
            taken = list(map(add, taken, own)) if taken else own
            values.append(slope)
        interval = _interval(taken, variance, alpha)
        found.append(Shift(name=name, slope=mean(values), taken=mean(taken), interval=interval))
    return found


def taken_together(gaps: Sequence[Gap], alpha: float) -> Interval:
    """Return the interval of what adjusting takes from a log ratio by all covariates together."""
    taken: list[float] = []
    for gap in gaps:
        for name, between in gap.between.items():
            own = _times(gap.slopes.values[name], between)
            taken = list(map(add, taken, own)) if taken else own
    return _interval(taken, sum(map(_of_slopes, gaps)), alpha)


def _interval(taken: Vector, of_slopes: float, alpha: float) -> Interval:
    error = math.sqrt(deviation(taken) ** 2 / len(taken) + of_slopes)
    return t_interval(mean(taken), error, len(taken) - 1, alpha)


def _own_share(gap: Gap) -> float:
    """Return how much of the slopes' information is this pair's own, times two."""
    products = _products(list(map(_off_mean, gap.between.values())))
    return sum(map(_dot, products, gap.slopes.inverse))


def _of_slopes(gap: Gap) -> float:
    """Return what of the variance of an effect is the slopes' error."""
    means = gap.means
    return gap.slopes.variance * _dot(means, [_dot(row, means) for row in gap.slopes.inverse])


def _within(table: Matrix) -> list[float]:
    """Return what is left of a table beside its rows' and its columns' means, row by row."""
    columns = list(map(mean, zip(*table, strict=True)))
    left = []
    for row in table:
        left += _off_mean(list(map(sub, row, columns)))
    return left


def _off_mean(values: Vector) -> list[float]:
    centre = mean(values)
    return [value - centre for value in values]


def _times(factor: float, values: Vector) -> list[float]:
    return [factor * value for value in values]


def _dot(one: Vector, other: Vector) -> float:
    return fsum(map(mul, one, other))


def _products(columns: Matrix) -> Matrix:
    """Return the products of each column with each."""
    found = []
    for one in columns:
        row = [_dot(one, other) for other in columns]
        found.append(row)
    return found


def _inverse(matrix: Matrix) -> Matrix | None:
    """Invert a small symmetric matrix by Gauss and Jordan; None where a row tells nothing that others do not."""
    size = len(matrix)
    rows = []
    for at, row in enumerate(matrix):
        unit = [0.0] * size
        unit[at] = 1.0
        rows.append([*row, *unit])
    for at, row in enumerate(rows):
        if not row[at] > _SINGULAR * matrix[at][at]:
            return None
        rows[at] = scaled = _times(1 / row[at], row)
        for other, each in enumerate(rows):
            if other != at:
                rows[other] = list(map(sub, each, _times(each[at], scaled)))
    return [row[size:] for row in rows]
