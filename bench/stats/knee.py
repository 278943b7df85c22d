"""From which of several points on more changes nothing, and which is the fastest: by the blocks that they share.

Points need not have the same blocks: two are compared in those that both have. A point is the knee where each larger
one, by the upper end of its interval, is faster by no more than the margin. That needs no correction for their number:
whichever is truly the fastest lies above the highest of all upper ends only where it lies above its own (an
intersection-union test; Berger, Technometrics 24, 1982), and likewise below.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log

from bench.stats.compare import ALPHA, Comparison, judged, log_ratios
from bench.stats.intervals import Estimate, mean
from bench.stats.missing import not_none

MARGIN = 0.05
"""A difference that does not matter: less is not worth another connection, and takes hours to tell from none."""
ROUNDS, SETTLED = 1000, 1e-12
"""Of ``levels``: at most so many, and until nothing moves by more."""

ByBlock = Mapping[int, float]
"""The rates of a point by the number of its block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knee:
    """Which of the points it is, counted from 0, and the rates of all larger ones over its own.

    ``beyond`` goes from the lowest end of their intervals to the highest: by 95 % all of them lie there.
    """

    point: int
    beyond: Estimate


def knee(points: Sequence[ByBlock], margin: float = MARGIN) -> Knee | None:
    """Return the first of the points, the smallest first, beyond which more changes nothing; None: it is not shown.

    The last has nothing beyond it.
    """
    for number, found in _against_larger(points, margin):
        compared = not_none(found)
        intervals = not_none(each.interval for each in compared)
        if len(intervals) == len(found) and all(interval.high <= 1 + margin for interval in intervals):
            beyond = Estimate(
                estimate=max(each.ratio for each in compared),
                low=min(interval.low for interval in intervals),
                high=max(interval.high for interval in intervals),
            )
            return Knee(point=number, beyond=beyond)
    return None


def likely_knee(points: Sequence[ByBlock], margin: float = MARGIN) -> int | None:
    """Return the first of the points beyond which none is seen to be faster by more than the margin; None: it is none.

    It says where to look more closely, and shows nothing.
    """
    for number, found in _against_larger(points, margin):
        if all(each and each.ratio <= 1 + margin for each in found):
            return number
    return None


def _against_larger(points: Sequence[ByBlock], margin: float) -> Iterator[tuple[int, list[Comparison | None]]]:
    """Yield the number of each point but the last, and the comparison of each larger one with it."""
    for number, point in enumerate(points[:-1]):
        yield number, [_compared(point, larger, margin) for larger in points[number + 1 :]]


def _compared(one: ByBlock, other: ByBlock, margin: float) -> Comparison | None:
    both = [block for block in one if block in other]
    if not both:
        return None
    return judged(log_ratios([one[block] for block in both], [other[block] for block in both]), margin, ALPHA)


def levels(points: Sequence[ByBlock]) -> list[float | None]:
    """Return the rate of each point as over all blocks: what its own were faster or slower by is taken out.

    That is told by the points that blocks share: logarithms of rates are a point's plus a block's, fitted by least
    squares. Where every point has every block it is the geometric mean. None: a point without a rate.
    """
    logs = list(map(_logs, points))
    of_block: dict[int, float] = {}
    for each in logs:
        of_block |= dict.fromkeys(each, 0.0)
    centres: list[float | None] = [None] * len(logs)
    moved = inf
    for _ in range(ROUNDS):
        if moved <= SETTLED:
            break
        centres = [_centre(each, of_block) for each in logs]
        before, of_block = of_block, _of_blocks(logs, centres)
        moved = max((abs(of_block[block] - before[block]) for block in of_block), default=0.0)
    middle = mean(list(of_block.values())) if of_block else 0.0
    return [None if centre is None else exp(centre + middle) for centre in centres]


def _logs(rates: ByBlock) -> dict[int, float]:
    return {block: log(rate) for block, rate in rates.items()}


def _centre(logs: Mapping[int, float], of_block: Mapping[int, float]) -> float | None:
    """Return the level of a point: its mean without what its blocks are faster by; None: it has no rate."""
    if not logs:
        return None
    return mean([value - of_block[block] for block, value in logs.items()])


def _of_blocks(logs: Sequence[Mapping[int, float]], centres: Sequence[float | None]) -> dict[int, float]:
    """Return by how much each block is faster than its points are."""
    found: dict[int, list[float]] = {}
    for each, centre in zip(logs, centres, strict=True):
        for block, value in each.items():
            assert centre is not None
            found.setdefault(block, []).append(value - centre)
    return {block: mean(values) for block, values in found.items()}
