"""What a row costs two candidates of a cell, one beside the other: a setting that changes it shows at once.

A row has about as much WAL, and looks at about as many buffers, on a busy machine as on a quiet one. Its CPU time
varies as rates do. What a trial's row cost is ``bench.model.record``'s.
"""

import math
from collections.abc import Mapping, Sequence

from bench.analysis.comparison import CostRatio
from bench.model.record import COSTS
from bench.plan.rates import Block, ByBlock, shared
from bench.stats.compare import ALPHA, Comparison, by_error, judged, log_ratios, without_spread
from bench.stats.intervals import deviation, mean
from bench.stats.unpaired import compare_unpaired

OfArm = Mapping[str, Mapping[Block, float]]
"""By ``COSTS``, what a row cost in each block that counts and in which it was observed."""


def costs_of(blocks: ByBlock) -> OfArm:
    """Return what the rows of an arm cost."""
    found: dict[str, dict[Block, float]] = {name: {} for name in COSTS}
    for block, record in blocks.items():
        if not record.void:
            for name, cost in record.costs.items():
                found[name][block] = cost
    return found


def cost_ratios(baseline: OfArm, candidate: OfArm, *, paired: bool) -> tuple[CostRatio, ...]:
    """Return each cost that was observed of both, paired by block or not."""
    found = []
    for name in COSTS:
        one, other = baseline[name], candidate[name]
        sides = shared(one, other) if paired else (list(one.values()), list(other.values()))
        if all(sides):
            found.append(_ratio_of(name, *sides, paired=paired))
    return tuple(found)


def _ratio_of(name: str, one: Sequence[float], other: Sequence[float], *, paired: bool) -> CostRatio:
    compared = _compared(one, other, paired=paired)
    return CostRatio(
        name=name,
        baseline=mean(one),
        candidate=mean(other),
        blocks=min(len(one), len(other)),
        ratio=compared.ratio if compared else None,
        interval=compared.interval if compared else None,
        error=compared.error if compared else None,
        freedom=compared.freedom if compared else None,
    )


def _compared(one: Sequence[float], other: Sequence[float], *, paired: bool) -> Comparison | None:
    """Compare costs; None where one side cost nothing at all. The margin decides verdicts, and costs have none."""
    if not (any(one) and any(other)):
        return None
    if min(*one, *other) == 0:
        return _of_means(one, other, paired=paired)
    if paired:
        return judged(log_ratios(one, other), 0, ALPHA)
    return compare_unpaired(one, other)


def _of_means(one: Sequence[float], other: Sequence[float], *, paired: bool) -> Comparison:
    """Compare means, as a block that cost nothing has no ratio of its own: Cochran, Sampling Techniques, chapter 6.

    The error of the logarithm is that of its linear part. Of counts that are 1 on average, in four blocks, 95 %
    intervals missed the ratio in 2 to 4 %.
    """
    a, b = mean(one), mean(other)
    effect, blocks = math.log(b) - math.log(a), min(len(one), len(other))
    if blocks < 2:
        return without_spread(effect, blocks, 0, ALPHA)
    if paired:
        error = deviation([after / b - before / a for before, after in zip(one, other, strict=True)])
        error /= math.sqrt(blocks)
    else:
        error = math.hypot(*(deviation(side) / mean(side) / math.sqrt(len(side)) for side in (one, other)))
    return by_error(effect, error, blocks - 1, blocks, 0, ALPHA)
