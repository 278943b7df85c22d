"""Which arm stands where among others. Arms that their blocks can't tell apart share ranks: ties are ties.

All pairs are compared, their p-values adjusted (Holm) over all that are ranked together, which the pairs that have a
verdict are among: no rank separates two arms whose verdict is undecided. An arm stands behind as many others as are
faster by more than the margin that does not matter.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

from bench.analysis.comparison import Rank
from bench.analysis.pairs import Levels
from bench.plan.rates import Block
from bench.stats.multiplicity import holm

ByArm = Mapping[str, Mapping[Block, float]]
"""The rate of each block that counts, by arm."""
Ahead = set[tuple[str, str]]
"""(Faster, slower) of every pair that can be told apart."""


def rankings(cells: Sequence[ByArm], levels: Levels) -> list[tuple[Rank, ...]]:
    """Return the ranks in each cell of all arms that have a rate there, the best first; cells are ranked together.

    Args:
        cells: the arms of each.
        levels: at which two of them are compared; a run until decided has shared its alpha among the cells already.

    """
    families = [cells] if levels.adjusts else [[cell] for cell in cells]
    found = [ahead for family in families for ahead in told_apart(family, levels)]
    return [ranks(arms, ahead) for arms, ahead in zip(cells, found, strict=True)]


def ranks(arms: ByArm, ahead: Ahead) -> tuple[Rank, ...]:
    """Return the ranks among these arms, which need not be all that were told apart."""
    there = [name for name, known in arms.items() if known]
    among = [(winner, beaten) for winner, beaten in ahead if winner in there and beaten in there]
    found = [
        Rank(
            arm=name,
            best=1 + sum(beaten == name for _, beaten in among),
            worst=len(there) - sum(winner == name for winner, _ in among),
        )
        for name in there
    ]
    return tuple(sorted(found, key=lambda rank: (rank.best + rank.worst, rank.best, rank.arm)))


def told_apart(family: Sequence[ByArm], levels: Levels) -> list[Ahead]:
    """Return for each of these which arms are ahead of which; the p-values of all are adjusted together."""
    compared = [
        (at, one, other, found)
        for at, arms in enumerate(family)
        for one, other in combinations(arms, 2)
        if (found := levels.compare(arms[one], arms[other])) and found.p_value is not None
    ]
    adjusted = holm([found.p_value or 0.0 for *_, found in compared])
    ahead: list[Ahead] = [set() for _ in family]
    for (at, one, other, found), p_value in zip(compared, adjusted, strict=True):
        if p_value <= levels.look(found.blocks) and found.verdict != "equivalent":
            ahead[at].add((other, one) if found.ratio > 1 else (one, other))
    return ahead
