"""The Universal Scalability Law: how a rate grows with what works side by side, and where it turns.

X(N) = λ·N ÷ (1 + σ·(N − 1) + κ·N·(N − 1)). Source: Gunther, Guerrilla Capacity Planning (2007), chapter 4. In the form
N ÷ X it is a polynomial of the second degree, fitted here by least squares of relative errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from operator import mul

FEWEST = 4
"""Points: with three it passes through all of them, and shows no misfit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalability:
    """A fitted law, and how far it is off.

    Attributes:
        one_alone: rows a second of N = 1, by the law.
        contention: σ, the part that is done one after the other.
        coherency: κ, what each pair costs.
        peak: the N of the highest rate; None: it has none.
        misfit: the largest relative difference between a point and the law.

    """

    one_alone: float
    contention: float
    coherency: float
    peak: float | None
    misfit: float

    def at(self, number: float) -> float:
        """Give rows a second at this N, by the law."""
        slower = 1 + self.contention * (number - 1) + self.coherency * number * (number - 1)
        return self.one_alone * number / slower


def fit(numbers: Sequence[int], rates: Sequence[float]) -> Scalability | None:
    """Fit the law to rates by their N; None: too few points, or the law has no such shape (σ or κ below 0)."""
    if len(set(numbers)) < FEWEST:
        return None
    found = _polynomial(numbers, [number / rate for number, rate in zip(numbers, rates, strict=True)])
    if found is None:
        return None
    constant, linear, square = found
    each = constant + linear + square  # N ÷ X at N = 1
    if each <= 0:
        return None
    coherency, contention = square / each, (linear + square) / each
    if coherency < 0 or contention < 0:
        return None
    misfit = 0.0
    for number, rate in zip(numbers, rates, strict=True):
        misfit = max(misfit, abs(number / (constant + linear * number + square * number**2) / rate - 1))
    peak = sqrt((1 - contention) / coherency) if coherency and contention < 1 else None
    return Scalability(one_alone=1 / each, contention=contention, coherency=coherency, peak=peak, misfit=misfit)


def _polynomial(numbers: Sequence[int], values: Sequence[float]) -> tuple[float, float, float] | None:
    """Return the coefficients of the second degree with the least squares of relative errors; None: no one such."""
    rows = []
    for number, value in zip(numbers, values, strict=True):
        rows.append([1 / value, number / value, number**2 / value])
    columns = list(zip(*rows, strict=True))
    normal = []
    for one in columns:
        products = [sum(map(mul, one, other)) for other in columns]
        normal.append(products)
    right = list(map(sum, columns))
    whole = _determinant(normal)
    if not whole or not isfinite(whole):
        return None
    found = []
    for column in range(3):
        replaced = [[*row[:column], right[i], *row[column + 1 :]] for i, row in enumerate(normal)]
        found.append(_determinant(replaced) / whole)
    return found[0], found[1], found[2]


def _determinant(of: Sequence[Sequence[float]]) -> float:
    (a, b, c), (d, e, f), (g, h, i) = of
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
