"""Whether the candidate is faster than the baseline: one answer of four from paired blocks.

A block ran both arms once, in random order, so what drifts slowly cancels within it (Abedi & Brecht, Conducting
repeatable experiments in highly variable cloud computing environments, ICPE 2017). The logarithms of the blocks'
ratios are treated as independent and normal. Several comparisons at once are ``multiplicity``'s concern, looking after
every block ``sequential``'s, what a box can tell at all ``noise``'s.
"""

import math
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf, log
from typing import Literal

from bench.model.errors import DataError
from bench.stats.distributions import student_t_tail
from bench.stats.intervals import Interval, deviation, mean, t_interval
from bench.stats.planning import More, Seen, more_blocks, reach, seen_in

Verdict = Literal["equivalent", "faster", "slower", "undecided"]

ALPHA = 0.05
MARGIN = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The candidate's rate over the baseline's. What one block alone cannot tell is None.

    Attributes:
        blocks: pairs that went in.
        ratio: geometric mean of candidate ÷ baseline.
        interval: of the ratio; None also where no float holds its upper end.
        coverage: of the interval, marginal (over this comparison alone).
        p_value: two-sided, of a ratio of 1.
        margin: the practical margin: ratios from 1 ÷ (1 + margin) to 1 + margin count as equal.
        verdict: ``equivalent`` where the whole interval is inside the margin, else ``faster`` or ``slower`` where it
            excludes 1, else ``undecided``.
        detectable: the smallest relative difference that so many blocks find in 8 of 10 cases, as little as these tell
            of the spread; of one of several pairs, find at the level its adjusted p-value has to pass (``among``).
        more_blocks: how many more blocks would decide in 8 of 10 cases if effect and spread are as seen
            (``bench.stats.planning``); None where it is decided, or where no reasonable number would.
        more_blocks_at_most: how many would whichever likely effect and spread is true; None likewise.
        error: standard error of the ratio's logarithm.
        freedom: degrees of freedom of its t distribution.

    """

    blocks: int
    ratio: float
    interval: Interval | None
    coverage: float
    p_value: float | None
    margin: float
    verdict: Verdict
    detectable: float | None
    more_blocks: int | None
    more_blocks_at_most: int | None = None
    error: float | None = None
    freedom: float | None = None


def compare(
    baseline: Sequence[float],
    candidate: Sequence[float],
    *,
    margin: float = MARGIN,
    alpha: float = ALPHA,
) -> Comparison:
    """Compare two arms by the rates (higher is better) they had in the same blocks, in the same order.

    Args:
        baseline: one positive rate a block.
        candidate: likewise.
        margin: relative difference that does not matter.
        alpha: 1 − coverage of the interval.

    Raises:
        DataError: no blocks, arms of different length, a rate that is not positive and finite.

    """
    logs = log_ratios(baseline, candidate)
    found = judged(logs, margin, alpha)
    if len(logs) < 2 or found.verdict != "undecided":
        return found
    return planned(found, more_blocks(seen_in(logs), margin, alpha))


def planned(found: Comparison, more: More) -> Comparison:
    """Return a comparison with the blocks that would decide it."""
    return replace(found, more_blocks=more.as_seen, more_blocks_at_most=more.at_most)


def judged(logs: Sequence[float], margin: float, alpha: float) -> Comparison:
    """Compare by the logarithms of the blocks' ratios, at least one; nothing is planned: ``more_blocks`` is None."""
    blocks, effect = len(logs), mean(logs)
    if blocks < 2:
        return without_spread(effect, blocks, margin, alpha)
    error = deviation(logs) / math.sqrt(blocks)
    return by_error(effect, error, blocks - 1, blocks, margin, alpha)


def without_spread(effect: float, blocks: int, margin: float, alpha: float) -> Comparison:
    """Return what a log ratio says of which nobody knows the error: one block shows no spread."""
    return Comparison(
        blocks=blocks,
        ratio=exp_or_inf(effect),
        interval=None,
        coverage=1 - alpha,
        p_value=None,
        margin=margin,
        verdict="undecided",
        detectable=None,
        more_blocks=None,
    )


def by_error(effect: float, error: float, freedom: float, blocks: int, margin: float, alpha: float) -> Comparison:
    """Compare by a log ratio with its standard error and degrees of freedom; nothing is planned."""
    interval = t_interval(effect, error, freedom, alpha)
    return Comparison(
        blocks=blocks,
        ratio=exp_or_inf(effect),
        interval=ratios(interval),
        coverage=1 - alpha,
        p_value=p_value_of(effect, error, freedom),
        margin=margin,
        verdict=verdict_of(interval, margin),
        detectable=detects(error, freedom, alpha),
        more_blocks=None,
        error=error,
        freedom=freedom,
    )


def among(found: Comparison, pairs: int, verdict: Verdict) -> Comparison:
    """Return a comparison as one of so many pairs whose p-values are adjusted by Holm's method, with this outcome.

    The smallest difference that it detects, and the blocks that would decide, are of the first step's level,
    ``ALPHA`` ÷ pairs: that passes whatever the others come to.
    """
    if found.error is None or found.freedom is None:
        return found
    one_of_them = replace(found, detectable=detects(found.error, found.freedom, ALPHA / pairs))
    if verdict != "undecided":
        return one_of_them
    seen = Seen(effect=_log_ratio(found), error=found.error, blocks=found.blocks, freedom=found.freedom)
    return planned(one_of_them, more_blocks(seen, found.margin, ALPHA / pairs))


def log_ratios(baseline: Sequence[float], candidate: Sequence[float]) -> list[float]:
    """Give the natural logarithm of candidate ÷ baseline of each block.

    Raises:
        DataError: no blocks, arms of different length, a rate that is not positive and finite.

    """
    if len(baseline) != len(candidate) or not baseline:
        raise DataError(
            f"a comparison needs the same blocks of both arms, at least one: {len(baseline)} and {len(candidate)}."
        )
    logs = [math.nan]
    # ``log`` refuses what is not above 0.
    with suppress(ValueError):
        # Logarithms of each by itself: their quotient may be beyond what a float holds.
        logs = [after - before for before, after in zip(map(log, baseline), map(log, candidate), strict=True)]
    # Looking at each takes longer than all the rest; a sum is finite where each of its terms is.
    if not math.isfinite(sum(logs)):
        for block, (a, b) in enumerate(zip(baseline, candidate, strict=True), start=1):
            if not (0 < a < inf and 0 < b < inf):
                raise DataError(f"block {block} has the rates {a} and {b}; only positive ones compare.")
    return logs


def detectable(spread: float, blocks: int, alpha: float = ALPHA, freedom: float | None = None) -> float:
    """Give the minimum detectable effect: found with probability 0.8 by a test of level ``alpha``.

    Args:
        spread: standard deviation of blocks' log ratios, as seen.
        blocks: at least 2.
        alpha: two-sided.
        freedom: degrees of freedom of the spread; None: it was seen in as many blocks.

    Returns:
        A relative difference: 0.03 is 3 %. Infinite where the spread is beyond all measure.

    """
    return detects(spread / math.sqrt(blocks), blocks - 1, alpha, freedom)


def detects(error: float, freedom: float, alpha: float, seen: float | None = None) -> float:
    """Give the minimum detectable effect by the standard error of the log ratio and its degrees of freedom.

    ``seen``: degrees of freedom of the spread that makes that error, where they are others.
    """
    return exp_or_inf(reach(seen or freedom, freedom, alpha) * error) - 1


def verdict_of(interval: Interval, margin: float) -> Verdict:
    """Read the verdict from an interval of the log ratio."""
    if interval.inside(-math.log1p(margin), math.log1p(margin)):
        return "equivalent"
    if interval.low > 0:
        return "faster"
    if interval.high < 0:
        return "slower"
    return "undecided"


def p_value_of(effect: float, error: float, freedom: float) -> float:
    """Give the two-sided p-value of no effect by the log ratio's standard error and its degrees of freedom."""
    # Blocks that agree to the last digit leave no doubt, and nothing to divide by.
    if error == 0:
        return 1.0 if effect == 0 else 0.0
    return 2 * student_t_tail(abs(effect) / error, freedom)


def equivalence_p(found: Comparison) -> float | None:
    """Give the p-value of a difference of the margin or more; up to half of 1 − coverage the verdict is equivalent.

    The larger of two one-sided tests' (Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15, 1987).
    """
    if found.error is None or found.freedom is None:
        return None
    inside = math.log1p(found.margin) - abs(_log_ratio(found))
    if found.error == 0 or math.isinf(inside):
        return 0.0 if inside >= 0 else 1.0
    return student_t_tail(inside / found.error, found.freedom)


def _log_ratio(found: Comparison) -> float:
    return math.log(max(found.ratio, sys.float_info.min))


def ratios(interval: Interval) -> Interval | None:
    """Return the interval of a ratio from that of its logarithm; None where no float holds its upper end."""
    high = exp_or_inf(interval.high)
    if math.isinf(high):
        return None
    return Interval(exp_or_inf(interval.low), high)


def exp_or_inf(value: float) -> float:
    """Give e to the power of a value, infinite where no float holds it."""
    # The largest float is about e^709.
    if value >= 700:
        return math.inf
    return math.exp(value)
