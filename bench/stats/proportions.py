"""The interval of a share that was counted: how often equal arms are called different, from a few comparisons."""

from math import sqrt
from statistics import NormalDist

from bench.model.errors import DataError
from bench.stats.compare import ALPHA
from bench.stats.intervals import Interval


def share_interval(found: int, count: int, alpha: float = ALPHA) -> Interval:
    """Give the interval, of coverage about 1 − ``alpha``, of the share of which ``found`` of ``count`` were seen.

    Source: Wilson's score interval (JASA 22, 1927), which Brown, Cai & DasGupta (Statistical Science 16, 2001)
    recommend for few cases: it says something of none found, too.

    Raises:
        DataError: nothing was counted, or more was found than counted.

    """
    if not 0 <= found <= count or count < 1:
        raise DataError(f"{found} of {count} is no share.")
    z = NormalDist().inv_cdf(1 - alpha / 2)
    share, weight = found / count, z * z / count
    centre = (share + weight / 2) / (1 + weight)
    half = sqrt(share * (1 - share) * weight + weight * weight / 4) / (1 + weight)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))
