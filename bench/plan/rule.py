"""When a run until decided may end: looked at after every block, by the agent as by the analysis."""

from collections import Counter
from collections.abc import Mapping, Sequence

from bench.model.language import tr
from bench.model.outcome import AnyRecord
from bench.model.plan import Plan
from bench.plan.contrast import Cell, by_cell, examples, factor_of
from bench.plan.rates import ByBlock, counting, ended, headline, rates, refused, shared
from bench.plan.repeat import due
from bench.stats.compare import MARGIN
from bench.stats.sequential import verdict_so_far


def usual_margin(plan: Plan) -> float:
    """Return the margin of a plan's comparisons where none is asked for."""
    return plan.until_decided.margin if plan.until_decided else MARGIN


def decided_after(plan: Plan, records: Sequence[AnyRecord]) -> int | None:
    """Return the block after which a run until decided ends, None where it has to go on or has no such rule.

    A block is looked at once, when its suspect trials were repeated: to look before that, too, would be one more look.
    """
    if plan.until_decided is None:
        return None
    whole = ended(counting(records).values())
    left = Counter(trial.block for trial in plan.trials)
    left.subtract(record.trial.block for record in whole)
    to_repeat = {trial.block for trial in due(plan, records)}
    for block in plan.blocks:
        if left[block] or block in to_repeat:
            return None
        if _decided(plan, [record for record in whole if record.trial.block <= block]):
            return block
    return None


def alpha_each(plan: Plan) -> float:
    """Return the share of alpha that each comparison of a run until decided may spend: all have the same (Bonferroni).

    Each other arm is compared with the first in each cell.
    """
    assert plan.until_decided
    across = plan.until_decided.across
    cells = examples(plan, across)
    arms = set().union(*cells.values())
    return plan.until_decided.alpha / max(1, (len(arms) - 1) * len(cells))


def _decided(plan: Plan, records: Sequence[AnyRecord]) -> bool:
    """Return whether no comparison with the first arm is undecided, or none is left."""
    rate, margin, alpha, most = headline(records), usual_margin(plan), alpha_each(plan), len(plan.blocks)
    for first, each in _left(plan, records):
        one, other = shared(rates(first, rate), rates(each, rate))
        if not one or verdict_so_far(one, other, most, margin=margin, alpha=alpha) == "undecided":
            return False
    return True


def nothing_left(plan: Plan, records: Sequence[AnyRecord]) -> str | None:
    """Say why no comparison with the first arm is left, None where one is."""
    if _left(plan, records):
        return None
    arms = next(iter(_cells(plan, records).values()))
    baseline, blocks = next(iter(arms.items()))
    if refused(blocks.values()):
        return tr("the baseline {name} was refused: nothing is compared with it", name=baseline)
    return tr("all others were refused: nothing is compared with {name}", name=baseline)


def _cells(plan: Plan, records: Sequence[AnyRecord]) -> Mapping[Cell, Mapping[str, ByBlock]]:
    across = plan.until_decided.across if plan.until_decided else factor_of(plan)
    return by_cell(plan, records, across)


def _left(plan: Plan, records: Sequence[AnyRecord]) -> list[tuple[ByBlock, ByBlock]]:
    """Return the trials of the first arm with those of each other one; what was refused can't be compared."""
    found = []
    for arms in _cells(plan, records).values():
        baseline, *candidates = arms.values()
        if not refused(baseline.values()):
            found += [(baseline, each) for each in candidates if not refused(each.values())]
    return found
