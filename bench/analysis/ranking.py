"""Which arm stands where among others, in a cell and over all of them. Arms that their blocks can't distinguish tie.

All pairs are compared, their p-values adjusted (Holm) over all that are ranked together, which the pairs that have a
verdict are among: no rank separates two arms whose verdict is undecided. An arm stands behind as many others as are
faster by more than the margin that does not matter.

Over all cells each counts as much as the next, whatever its rates: an arm's rate in a block is the geometric mean of
those it has there in all cells. So the ratio of two arms is the geometric mean of their ratios over the cells, and
blocks stay the unit that is repeated.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from operator import itemgetter
from statistics import geometric_mean

from bench.analysis.comparison import CellComparison, Overall, Rank, Standing
from bench.analysis.effects import Effects
from bench.analysis.pairs import Basis, Known, OfBlocks, adjusted_pairs, make_pairs
from bench.stats.multiplicity import holm

ByArm = Mapping[str, OfBlocks]
"""The rate of each block that counts, by arm."""
Ahead = set[tuple[str, str]]
"""(Faster, slower) of every pair that can be distinguished."""


def rankings(cells: Sequence[ByArm], basis: Basis) -> list[tuple[Rank, ...]]:
    """Return the ranks in each cell of all arms that have a rate there, the best first; cells are ranked together.

    Args:
        cells: the arms of each.
        basis: on which two of them are compared; a run until decided has shared its alpha among the cells already.

    """
    if basis.adjusts:
        ahead = distinguishable(cells, basis)
    else:
        ahead = []
        for cell in cells:
            ahead += distinguishable([cell], basis)
    return list(map(ranks, cells, ahead))


def ranks(arms: ByArm, ahead: Ahead) -> tuple[Rank, ...]:
    """Return the ranks among these arms, which need not be all that were distinguished."""
    there = list(filter(arms.get, arms))
    # Places 1 to n for each, narrowed by every pair that is distinguishable: one place worse, or one from the end.
    best = dict.fromkeys(there, 1)
    worst = dict.fromkeys(there, len(there))
    for winner, beaten in ahead:
        if winner in best and beaten in best:
            best[beaten] += 1
            worst[winner] -= 1
    found = [Rank(arm=name, best=best[name], worst=worst[name]) for name in there]
    return tuple(sorted(found, key=lambda rank: (rank.best + rank.worst, rank.best, rank.arm)))


def distinguishable(family: Sequence[ByArm], basis: Basis) -> list[Ahead]:
    """Return for each of these which arms are ahead of which; the p-values of all are adjusted together."""
    ahead: list[Ahead] = []
    compared, p_values = [], []
    for arms in family:
        here: Ahead = set()
        ahead.append(here)
        for one, other in combinations(arms, 2):
            found = basis.compare(arms[one], arms[other])
            if found and found.p_value is not None:
                compared.append((here, one, other, found))
                p_values.append(found.p_value)
    for (here, one, other, found), p_value in zip(compared, holm(p_values), strict=True):
        if p_value > basis.look(found.blocks) or found.verdict == "equivalent":
            continue
        if found.ratio > 1:
            here.add((other, one))
        else:
            here.add((one, other))
    return ahead


# --- over all cells --------------------------------------------------------------------------------------------------


def overall(cells: Sequence[CellComparison], known: Sequence[Known], basis: Basis, effects: Effects) -> Overall | None:
    """Compare the arms over all cells; None where there is only one, or where they have not the same arms.

    The pairs are a family of their own: their p-values are adjusted over them. Arms are ranked among those that promise
    the same, as speed bought with durability is no answer to which configuration is faster; they are distinguished with
    all pairs adjusted together, as those have a verdict that do not promise the same.
    """
    if len(cells) < 2:
        return None
    names = list(known[0][basis.rate])
    grades: dict[str, set[str]] = {}
    for cell, of_cell in zip(cells, known, strict=True):
        if list(of_cell[basis.rate]) != names:
            return None
        for arm in cell.arms:
            grades.setdefault(arm.name, set()).update(arm.durability)
    over = {}
    for rate in known[0]:
        over[rate] = over_cells(list(map(itemgetter(rate), known)))
    if basis.adjusting:
        basis.adjusting.add_over(over[basis.rate], list(map(itemgetter(basis.rate), known)))
    pairs = make_pairs(over, basis, effects)
    if basis.adjusts:
        pairs = adjusted_pairs(pairs, basis.rate)

    return Overall(cells=len(cells), pairs=tuple(pairs), standings=tuple(_standings(over[basis.rate], grades, basis)))


def _standings(arms: ByArm, grades: Mapping[str, Collection[str]], basis: Basis) -> Iterator[Standing]:
    """Yield the ranks of the arms of each durability; ``grades`` are those of an arm."""
    [ahead] = distinguishable([arms], basis)
    by_grade: dict[tuple[str, ...], dict[str, OfBlocks]] = {}
    for name, of_blocks in arms.items():
        if of_blocks:
            by_grade.setdefault(tuple(sorted(grades[name])), {})[name] = of_blocks
    for durability, of_grade in by_grade.items():
        yield Standing(durability=durability, ranking=ranks(of_grade, ahead))


def over_cells(cells: Sequence[ByArm]) -> ByArm:
    """Return the geometric mean of each arm's rates, in the blocks in which it has one in every cell."""
    found = {}
    for name, blocks in cells[0].items():
        means = {}
        for block in blocks:
            # A block that one cell lacks would weigh the others more: it is left out of all.
            of_cells = [cell[name].get(block, 0) for cell in cells]
            if min(of_cells) > 0:
                means[block] = geometric_mean(of_cells)
        found[name] = means
    return found
