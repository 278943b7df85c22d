"""The first arm against each other one, by both rates; p-values adjusted over many such pairs.

What an arm's rates are rates of (one cell, or all of them) is the caller's.
"""

from collections.abc import Mapping, Sequence
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
        self.most = len({trial.block for trial in plan.trials}) if plan else 0

    def compare(self, one: OfBlocks, other: OfBlocks) -> Comparison | None:
        """Compare the rates of two arms; None where there is nothing to compare."""
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
    return {each: {name: rates(blocks, each) for name, blocks in arms.items()} for each in (settled, burst)}


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
    headlined = [pair.burst if by_burst else pair.settled for pair in pairs]
    known = [(n, each) for n, each in enumerate(headlined) if each and each.p_value is not None]
    numbers = [n for n, _ in known]
    differ = dict(zip(numbers, holm([each.p_value or 0.0 for _, each in known]), strict=True))
    equal = dict(zip(numbers, holm([equivalence_p(each) or 0.0 for _, each in known]), strict=True))
    told = [_with_p(pair, headlined[n], differ.get(n), equal.get(n)) for n, pair in enumerate(pairs)]
    return [_among(pair, each, len(known), by_burst=by_burst) for pair, each in zip(told, headlined, strict=True)]


def _with_p(pair: Pair, found: Comparison | None, differ: float | None, equal: float | None) -> Pair:
    """Return a pair with its adjusted p-values, and the verdict that they bear."""
    if found is None or differ is None or equal is None:
        return pair
    verdict = pair.verdict
    if verdict == "equivalent" and equal > ALPHA / 2:
        verdict = "faster" if found.ratio > 1 else "slower"
    if verdict in ("faster", "slower") and differ > ALPHA:
        verdict = "undecided"
    return replace(pair, adjusted_p=differ, adjusted_equivalence_p=equal, verdict=verdict)


def _among(pair: Pair, headlined: Comparison | None, pairs: int, *, by_burst: bool) -> Pair:
    """Return a pair with its headline told as that of one of so many."""
    if headlined is None or pair.verdict is None:
        return pair
    told = among(headlined, pairs, pair.verdict)
    return replace(pair, burst=told) if by_burst else replace(pair, settled=told)
