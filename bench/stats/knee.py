"""From which of several points on more changes nothing, and which is the fastest: by the blocks that they share.

Points need not have the same blocks: two are compared in those that both have. A point is the knee where each larger
one, by the upper end of its interval, is faster by no more than the margin. That needs no correction for their number:
whichever is truly the fastest lies above the highest of all upper ends only where it lies above its own (an
intersection-union test; Berger, Technometrics 24, 1982), and likewise below. In a grid of two parameters the larger
ones of a point are all that have more of either.

That holds of one point. Several may be the knee, and the first that holds is it, without a correction for how many were
looked at: each that is wrong is one more chance, so the 5 % are of each and not proven of the whole search. That no
more are wrong is simulated where the largest alone is faster, by just more than the margin, on lines and grids
(``tests/unit/analysis/test_sweep.py``). From the largest down, until one fails, there would be one chance alone, but no
knee in a grid that rises to an end of one parameter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
Larger = Iterable[tuple[int, Sequence[int]]]
"""Of each point that may be the knee, the first to be chosen first, which are larger; all counted from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knee:
    """Which of the points it is, counted from 0, and the rates of all larger ones over its own.

    ``beyond`` goes from the lowest end of their intervals to the highest: by 95 % all of them lie there.
    """

    point: int
    beyond: Estimate


def in_line(points: int) -> Larger:
    """Return which points are larger than each of so many, the smallest first; the last has nothing beyond it."""
    return [(number, range(number + 1, points)) for number in range(points - 1)]


def in_grid(values: Sequence[tuple[float, float]]) -> Larger:
    """Return which points of a grid have more of either than each; those with the least of both together come first.

    How much there is of a parameter is counted in its values that were tried. That with the most of both has nothing
    beyond it.

    >>> list(in_grid([(1, 10), (1, 20), (4, 10), (4, 20)]))
    [(0, [1, 2, 3]), (1, [2, 3]), (2, [1, 3])]

    """
    one, other = (sorted(set(axis)) for axis in zip(*values, strict=True))
    steps = [(one.index(value), other.index(beside)) for value, beside in values]
    found = []
    for number in sorted(range(len(steps)), key=lambda each: sum(steps[each])):
        along, across = steps[number]
        larger = [each for each, (more, beside) in enumerate(steps) if more > along or beside > across]
        if larger:
            found.append((number, larger))
    return found


def knee(points: Sequence[ByBlock], margin: float = MARGIN, larger: Larger | None = None) -> Knee | None:
    """Return the first of the points beyond which more changes nothing; None: it is not shown.

    Args:
        points: the smallest first, where it is not said which are ``larger``.
        margin: a relative difference that does not matter.
        larger: ``in_line`` of all points, unless it is said.

    """
    for number, found in _against_larger(points, margin, larger):
        compared = not_none(found)
        intervals = not_none(each.interval for each in compared)
        if len(intervals) == len(found) and all(interval.high <= 1 + margin for interval in intervals):
            return Knee(point=number, beyond=_beyond(compared))
    return None


def likely_knee(points: Sequence[ByBlock], margin: float = MARGIN, larger: Larger | None = None) -> Knee | None:
    """Return the first of the points beyond which none is seen to be faster by more than the margin; None: it is none.

    It says where to look more closely, and shows nothing but how much more could gain. Arguments as of ``knee``.
    """
    for number, found in _against_larger(points, margin, larger):
        compared = not_none(found)
        if len(compared) == len(found) and all(each.ratio <= 1 + margin for each in compared):
            return Knee(point=number, beyond=_beyond(compared))
    return None


def _beyond(compared: Sequence[Comparison]) -> Estimate:
    """Return what larger points have of a point's rate, all together; no ends where one has none."""
    intervals = not_none(each.interval for each in compared)
    known = len(intervals) == len(compared)
    return Estimate(
        estimate=max(each.ratio for each in compared),
        low=min(interval.low for interval in intervals) if known else None,
        high=max(interval.high for interval in intervals) if known else None,
    )


def _against_larger(
    points: Sequence[ByBlock], margin: float, larger: Larger | None
) -> Iterator[tuple[int, list[Comparison | None]]]:
    """Yield the number of each point that has larger ones, and the comparison of each of these with it."""
    for number, others in in_line(len(points)) if larger is None else larger:
        yield number, [_compared(points[number], points[other], margin) for other in others]


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
