"""The first arm against each other one, by both rates; p-values adjusted over many such pairs.

What an arm's rates are rates of (one cell, or all of them) is the caller's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bench.analysis.comparison import Pair
from bench.analysis.effects import Effects, settings_differing
from bench.model.plan import Plan
from bench.plan.rates import Block, ByBlock, Rate, burst, rates, settled, shared
from bench.plan.rule import alpha_each
from bench.stats.compare import ALPHA, Comparison, among, compare, equivalence_p
from bench.stats.multiplicity import holm
from bench.stats.sequential import FIRST_LOOK, compare_so_far, nominal_alpha
from bench.stats.unpaired import compare_apart

OfBlocks = Mapping[Block, float]
Known = Mapping[Rate, Mapping[str, OfBlocks]]
"""By kind of rate and arm, that of each block that counts."""


class Levels:
    """How two arms are compared: block by block or not, at the usual level or that of this look of a run until decided.

    ``plan`` is that of a run whose arms these are; None: they are whole runs.
    """

    def __init__(self, plan: Plan | None, margin: float, *, paired: bool = True) -> None:
        rule = plan.until_decided if plan else None
        self.margin, self.paired, self.adjusts = margin, paired, rule is None
        self._alpha = alpha_each(plan) if plan and rule else None
        self.most = len(plan.blocks) if plan else 0
        self._compared: dict[tuple[int, int], tuple[OfBlocks, OfBlocks, Comparison | None]] = {}

    def compare(self, one: OfBlocks, other: OfBlocks) -> Comparison | None:
        """Compare the rates of two arms; None where there is nothing to compare.

        Pairs that have a verdict are ranked too: each is compared once.
        """
        ids = id(one), id(other)
        if ids not in self._compared:
            self._compared[ids] = one, other, self._compare(one, other)
        return self._compared[ids][-1]

    def _compare(self, one: OfBlocks, other: OfBlocks) -> Comparison | None:
        both = shared(one, other) if self.paired else (list(one.values()), list(other.values()))
        if not all(both):
            return None
        if not self.paired:
            return compare_apart(*both, margin=self.margin)
        if self._alpha is None:
            return compare(*both, margin=self.margin)
        return compare_so_far(*both, self.most, margin=self.margin, alpha=self._alpha)

    def look(self, blocks: int) -> float:
        """Return 1 − coverage of an interval from so many blocks; before the first look, that of the first."""
        if self._alpha is None:
            return ALPHA
        return nominal_alpha(max(blocks, FIRST_LOOK), self.most, self._alpha)


def known_rates(arms: Mapping[str, ByBlock]) -> Known:
    """Return both rates of each arm."""
    known: dict[Rate, dict[str, dict[Block, float]]] = {settled: {}, burst: {}}
    for name, blocks in arms.items():
        for rate, of in known.items():
            of[name] = rates(blocks, rate)
    return known


def make_pairs(known: Known, rate: Rate, levels: Levels, effects: Effects) -> list[Pair]:
    """Compare each other arm with the first; ``rate`` is the headline, ``effects`` what is in force under each arm."""
    baseline, *candidates = known[rate]
    found = []
    for each in candidates:
        both = {kind: levels.compare(of[baseline], of[each]) for kind, of in known.items()}
        headlined = both[rate]
        found.append(
            Pair(
                baseline=baseline,
                candidate=each,
                settled=both[settled],
                burst=both[burst],
                adjusted_p=None,
                verdict=headlined.verdict if headlined else None,
                left_out=(),
                differs=settings_differing(effects.get(baseline, {}), effects.get(each, {})),
            )
        )
    return found


def adjusted_pairs(pairs: Sequence[Pair], *, by_burst: bool) -> list[Pair]:
    """Adjust the p-values over all these pairs, and take back verdicts that they do not bear."""
    headlined = [headline_of(pair, by_burst=by_burst) for pair in pairs]
    known = [found for found in headlined if found and found.p_value is not None]
    differ = iter(holm([found.p_value or 0.0 for found in known]))
    equal = iter(holm([equivalence_p(found) or 0.0 for found in known]))
    told = []
    for pair, found in zip(pairs, headlined, strict=True):
        each = pair
        if found and found.p_value is not None:
            each = _with_p(each, found, next(differ), next(equal))
        if found and each.verdict is not None:
            among_all = among(found, len(known), each.verdict)
            each = replace(each, burst=among_all) if by_burst else replace(each, settled=among_all)
        told.append(each)
    return told


def headline_of(pair: Pair, *, by_burst: bool) -> Comparison | None:
    """Return the comparison of the rate that decides."""
    return pair.burst if by_burst else pair.settled


def blocks_of(pairs: Iterable[Pair], *, by_burst: bool) -> list[int]:
    """Return the blocks that count of each pair that was compared."""
    found = []
    for pair in pairs:
        compared = headline_of(pair, by_burst=by_burst)
        if compared:
            found.append(compared.blocks)
    return found


def _with_p(pair: Pair, found: Comparison, differ: float, equal: float) -> Pair:
    """Return a pair with its adjusted p-values, and the verdict that they bear."""
    verdict = pair.verdict
    if verdict == "equivalent" and equal > ALPHA / 2:
        verdict = "faster" if found.ratio > 1 else "slower"
    if verdict in ("faster", "slower") and differ > ALPHA:
        verdict = "undecided"
    return replace(pair, adjusted_p=differ, adjusted_equivalence_p=equal, verdict=verdict)
