"""Which arm stands where among all of a cell. Arms that their blocks can't tell apart share ranks: ties are ties.

All pairs are compared, their p-values adjusted over the cell (Holm); an arm stands behind as many others as are faster
by more than the margin that does not matter.
"""

from collections.abc import Mapping
from itertools import combinations

from bench.analysis.comparison import Rank
from bench.analysis.pairs import Levels
from bench.arms import Block, shared
from bench.stats.multiplicity import holm


def ranking(arms: Mapping[str, Mapping[Block, float]], levels: Levels) -> tuple[Rank, ...]:
    """Return the ranks of all arms that have a rate, the best first.

    Args:
        arms: the rate of each block that counts.
        levels: at which two of them are compared.

    """
    there = {name: known for name, known in arms.items() if known}
    ahead = _ahead(there, levels)
    ranks = [
        Rank(
            arm=name,
            best=1 + sum(beaten == name for _, beaten in ahead),
            worst=len(there) - sum(winner == name for winner, _ in ahead),
        )
        for name in there
    ]
    return tuple(sorted(ranks, key=lambda rank: (rank.best + rank.worst, rank.best, rank.arm)))


def _ahead(arms: Mapping[str, Mapping[Block, float]], levels: Levels) -> set[tuple[str, str]]:
    """Return (faster, slower) of every pair that can be told apart."""
    compared = {
        (one, other): found
        for one, other in combinations(arms, 2)
        if (found := levels.compare(shared(arms[one], arms[other]))) and found.p_value is not None
    }
    told = zip(compared.items(), holm([each.p_value or 0.0 for each in compared.values()]), strict=True)
    return {
        (other, one) if each.ratio > 1 else (one, other)
        for ((one, other), each), p_value in told
        if p_value <= levels.look(each.blocks) and each.verdict != "equivalent"
    }
