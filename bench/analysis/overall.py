"""Which arm is ahead over the whole matrix: every cell counts as much as the next, whatever its rates.

An arm's rate in a block is the geometric mean of those it has there in all cells, so the ratio of two arms is the
geometric mean of their ratios over the cells, and blocks stay the unit that is repeated.
"""

from collections.abc import Iterable, Sequence
from statistics import geometric_mean

from bench.analysis.comparison import ArmSummary, CellComparison, Overall, Standing
from bench.analysis.effects import Effects
from bench.analysis.pairs import Known, Levels, adjusted_pairs, make_pairs
from bench.analysis.ranking import ByArm, ranks, told_apart
from bench.plan.rates import Block, Rate, burst


def overall(
    cells: Sequence[CellComparison], known: Sequence[Known], rate: Rate, levels: Levels, effects: Effects
) -> Overall | None:
    """Compare the arms over all cells; None where there is only one, or where they have not the same arms.

    The pairs are a family of their own: their p-values are adjusted over them. Arms are ranked among those that promise
    the same, as speed bought with durability is no answer to which configuration is faster; they are told apart with
    all pairs adjusted together, as those have a verdict that do not promise the same.
    """
    if len(cells) < 2 or len({tuple(arm.name for arm in cell.arms) for cell in cells}) > 1:
        return None
    over = {kind: over_cells([each[kind] for each in known]) for kind in known[0]}
    pairs = make_pairs(over, rate, levels, effects)
    if levels.adjusts:
        pairs = adjusted_pairs(pairs, by_burst=rate is burst)
    return Overall(cells=len(cells), pairs=tuple(pairs), standings=tuple(_standings(cells, over[rate], levels)))


def over_cells(cells: Sequence[ByArm]) -> dict[str, dict[Block, float]]:
    """Return the geometric mean of each arm's rates, in the blocks in which it has one in every cell."""
    return {
        name: {
            block: geometric_mean(cell[name][block] for cell in cells)
            for block in blocks
            if all(cell[name].get(block, 0) > 0 for cell in cells)
        }
        for name, blocks in cells[0].items()
    }


def _standings(cells: Sequence[CellComparison], arms: ByArm, levels: Levels) -> Iterable[Standing]:
    promises = {name: durability([arm for cell in cells for arm in cell.arms if arm.name == name]) for name in arms}
    [ahead] = told_apart([arms], levels)
    for promise in dict.fromkeys(promises[name] for name, known in arms.items() if known):
        alike = {name: known for name, known in arms.items() if promises[name] == promise}
        yield Standing(durability=promise, ranking=ranks(alike, ahead))


def durability(arms: Iterable[ArmSummary]) -> tuple[str, ...]:
    """Return every grade an arm had over the cells."""
    return tuple(sorted({grade for arm in arms for grade in arm.durability}))
