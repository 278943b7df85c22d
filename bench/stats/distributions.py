"""Student's t distribution, for intervals and p-values, and the noncentral one, for power.

Source: the regularised incomplete beta function by its continued fraction, DLMF 8.17.22, evaluated by Lentz's method
(Press et al., Numerical Recipes, 3rd ed., 6.4).
"""

import math
from functools import lru_cache
from statistics import NormalDist

_EPSILON = 1e-15
_TINY = 1e-300
_TOLERANCE = 1e-13
_STEP, _FAR = 0.25, 4.0
"""Of sums over χ, in standard deviations of its logarithm."""


def student_t_tail(t: float, df: float) -> float:
    """Probability of a value above ``t``, with ``df`` > 0 degrees of freedom; relatively accurate far out."""
    half = _incomplete_beta(df / 2, 0.5, df / (df + t * t), t * t / (df + t * t)) / 2
    if t < 0:
        return 1 - half
    return half


@lru_cache(maxsize=4096)
def student_t_critical(alpha: float, df: float) -> float:
    """Find the value whose both tails together have probability ``alpha``, however small."""
    return _upper_quantile(alpha / 2, df)


def _upper_quantile(tail: float, df: float) -> float:
    # The tail is convex and the normal quantile too small, so Newton's steps only go up and never too far.
    t = -NormalDist().inv_cdf(tail)
    while (step := (student_t_tail(t, df) - tail) / _student_t_density(t, df)) > _TOLERANCE * (1 + t):
        t += step
    return t


def _student_t_density(t: float, df: float) -> float:
    log_constant = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - math.log(df * math.pi) / 2
    return math.exp(log_constant - (df + 1) / 2 * math.log1p(t * t / df))


def _incomplete_beta(a: float, b: float, x: float, complement: float) -> float:
    """Evaluate I_x(a, b); ``complement`` is 1 − x, given apart so that neither loses digits."""
    if x == 0:
        return 0.0
    if complement == 0:
        return 1.0
    # The fraction converges fast on this side of the mean; the other side is its mirror image.
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, complement, x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(complement)
    return math.exp(log_front) / a / _continued_fraction(a, b, x)


def _continued_fraction(a: float, b: float, x: float) -> float:
    f = c = 1.0
    d = 0.0
    m, change = 0, 0.0
    while abs(change - 1) > _EPSILON:
        numerator = _coefficient(m + 1, a, b) * x
        d = 1 / _off_zero(1 + numerator * d)
        c = _off_zero(1 + numerator / c)
        change = c * d
        f *= change
        m += 1
    return f


def _coefficient(n: int, a: float, b: float) -> float:
    m = n // 2
    if n % 2:
        return -(a + m) * (a + b + m) / ((a + 2 * m) * (a + 2 * m + 1))
    return m * (b - m) / ((a + 2 * m - 1) * (a + 2 * m))


def _off_zero(value: float) -> float:
    if abs(value) > _TINY:
        return value
    return _TINY


@lru_cache(maxsize=256)
def chi_scales(df: float, step: float = _STEP) -> list[tuple[float, float]]:
    """Return nodes and weights, which sum to 1, of the square root of χ² ÷ its ``df`` degrees of freedom.

    So many times its own the standard deviation is that a sample shows. Its logarithm −x has a density that goes with
    exp(−df·x − df·exp(−2x) ÷ 2): smooth, so that equal steps suffice, of ``step`` standard deviations.
    """
    unit = 1 / math.sqrt(2 * df)
    widest = max(_FAR, 9 * math.sqrt(2 / df))
    logs = [unit * (-_FAR + step * node) for node in range(math.ceil((_FAR + widest) / step) + 1)]
    densities = [math.exp(-df * (x + math.expm1(-2 * x) / 2)) for x in logs]
    whole = math.fsum(densities)
    return [(math.exp(-x), density / whole) for x, density in zip(logs, densities, strict=True)]


def noncentral_t_outside(critical: float, df: float, shift: float) -> float:
    """Probability that a noncentral t of this ``shift`` lies beyond ±``critical``: the power of a two-sided t test.

    Source: its definition, a normal about ``shift`` over the root of χ² ÷ ``df``, summed over the latter.
    """
    chances = (
        weight * (normal_tail(critical * scale - shift) + normal_tail(critical * scale + shift))
        for scale, weight in chi_scales(df)
    )
    return sum(chances)


def normal_tail(z: float) -> float:
    """Probability of a standard normal value above ``z``."""
    return math.erfc(z / math.sqrt(2)) / 2
