"""The noise floor of a box: what it says when the same arm is compared with itself (A/A).

Running the trials is a plan's work; keeping the floor beside the box, ``bench.results.noise_floors``'.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, log, sqrt

from bench.model.errors import UsageError
from bench.stats.compare import ALPHA, MARGIN, Comparison, compare, detectable, exp_or_inf, log_ratios
from bench.stats.distributions import student_t_critical
from bench.stats.intervals import deviation, mean_interval
from bench.stats.planning import blocks_to_be_equivalent
from bench.stats.steadiness import slope


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseFloor:
    """How much two trials of the same arm in one block differ, on one box.

    Attributes:
        blocks: pairs that went in.
        spread: standard deviation of the log ratio of such two trials.
        drift: relative change of the rate from the first block to the last, by the line fitted through the blocks.
        comparison: of the arm with itself; ``faster`` or ``slower`` here is a false alarm.

    """

    blocks: int
    spread: float
    drift: float
    comparison: Comparison

    @property
    def differs(self) -> float:
        """By how much two runs of as many equal blocks differ at most, 19 times in 20."""
        reach = student_t_critical(ALPHA, self.blocks - 1) * self.spread / sqrt(self.blocks)
        return exp_or_inf(reach) - 1

    def detectable(self, blocks: int) -> float:
        """Give the smallest relative difference that so many blocks, at least 2, find in 8 of 10 cases."""
        return detectable(self.spread, blocks, freedom=self.blocks - 1)

    def blocks_for(self, margin: float = MARGIN, alpha: float = ALPHA) -> int | None:
        """Give the blocks in which equal arms are called equivalent within ``margin`` in 8 of 10 cases.

        They find a relative difference of ``margin`` even more often. None if beyond reason.
        """
        return blocks_to_be_equivalent(margin, self.spread, self.blocks - 1, alpha)


def noise_floor(first: Sequence[float], second: Sequence[float], *, margin: float = MARGIN) -> NoiseFloor:
    """Find the noise floor from the rates of an arm that ran twice in each block.

    Raises:
        UsageError: fewer than 2 blocks.
        DataError: rates that do not compare.

    """
    logs = log_ratios(first, second)
    # The level of a block is that of both its trials: their difference is noise, not drift.
    levels = [(log(a) + log(b)) / 2 for a, b in zip(first, second, strict=True)]
    if len(logs) < 2:
        raise UsageError("a noise floor needs at least 2 blocks.")
    return NoiseFloor(
        blocks=len(logs),
        spread=deviation(logs),
        drift=expm1(slope(levels) * (len(levels) - 1)),
        comparison=compare(first, second, margin=margin),
    )


def false_alarms(
    first: Sequence[float], second: Sequence[float], blocks: int, *, alpha: float = ALPHA
) -> tuple[int, int]:
    """Count false alarms of A/A comparisons of ``blocks`` blocks each, taken one after another from a long run.

    Returns:
        Comparisons whose interval excludes a ratio of 1, and all of them.

    Raises:
        UsageError: ``blocks`` below 2.
        DataError: rates that do not compare.

    """
    if blocks < 2:
        raise UsageError(f"a comparison has an interval from 2 blocks on, not from {blocks}.")
    logs = log_ratios(first, second)
    intervals = [mean_interval(logs[at : at + blocks], alpha) for at in range(0, len(logs) - blocks + 1, blocks)]
    return sum(not interval.low <= 0 <= interval.high for interval in intervals), len(intervals)
