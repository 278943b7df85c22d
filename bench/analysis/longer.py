"""What measuring longer would tell: a new run of so many blocks, how long it takes, how near its interval comes.

A new run, and not more blocks of this one: to measure more because it was undecided, and to count both, raises the
rate of false alarms. The time is the plan's own estimate.
"""

import math
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import replace

from bench.analysis.comparison import Longer
from bench.analysis.notes import ENOUGH_BLOCKS
from bench.model.plan import MAX_TRIALS, Plan
from bench.plan.estimate import estimate
from bench.plan.repeat import of_new_run
from bench.stats.compare import Comparison
from bench.stats.distributions import student_t_critical
from bench.stats.planning import Seen
from bench.stats.sequential import LAST_LOOK

AIMS = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Half-widths of intervals that are offered, relative."""
WORTH = 1.5
"""So many times narrower than it is now an interval has to become."""
PATIENCE_S, MOST_S = 3600, 86_400
"""The narrowest interval is offered that takes an hour at most, else the widest that takes a day at most."""


def longer(plan: Plan, found: Collection[Comparison], margin: float, alpha: float) -> Longer | None:
    """Return what to measure so that these comparisons of a plan's run tell more; None: nothing within reason.

    ``alpha`` is 1 − coverage of the interval that is meant.
    """
    seen = [_seen(each) for each in found if each.error and each.freedom]
    if not seen:
        # One block shows no spread, so nobody knows what more of them would tell.
        return _offered(plan, ENOUGH_BLOCKS, None) if found else None
    now = max(_half(each, each.blocks, alpha) for each in seen)
    offered = None
    for aim in sorted({margin, *AIMS}):
        if aim < margin or math.log1p(aim) * WORTH > now:
            continue
        blocks = _blocks(plan, seen, math.log1p(aim), alpha)
        if blocks is None:
            continue
        offered = _offered(plan, blocks, aim)
        if offered.seconds <= PATIENCE_S:
            return offered
    if offered and offered.seconds <= MOST_S:
        return offered
    return None


def _seen(found: Comparison) -> Seen:
    assert found.error is not None
    assert found.freedom is not None
    return Seen(effect=math.log(found.ratio), error=found.error, blocks=found.blocks, freedom=found.freedom)


def _half(seen: Seen, blocks: int, alpha: float) -> float:
    """Return half the width of the log ratio's interval from so many blocks, if the spread is as seen."""
    return student_t_critical(alpha, seen.freedom_after(blocks)) * seen.spread / math.sqrt(blocks)


def _blocks(plan: Plan, seen: Sequence[Seen], half: float, alpha: float) -> int | None:
    """Count the blocks in which each of these is known to so much; None: more than one plan may have."""
    most = MAX_TRIALS * len(plan.blocks) // len(plan.trials)
    if plan.until_decided:
        most = min(most, LAST_LOOK)
    looks = range(ENOUGH_BLOCKS, most + 1)
    at = bisect_left(looks, 1, key=lambda blocks: all(_half(each, blocks, alpha) <= half for each in seen))
    if at == len(looks):
        return None
    return looks[at]


def _offered(plan: Plan, blocks: int, tells: float | None) -> Longer:
    # At most a share of all trials is measured again, so of the whole plan.
    a_block = estimate(replace(plan, repeat_suspect=of_new_run(plan)), plan.trials).seconds / len(plan.blocks)
    return Longer(blocks=blocks, seconds=blocks * a_block, tells=tells)
