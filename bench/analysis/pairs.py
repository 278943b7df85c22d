"""The first arm against each other one, by both rates; p-values adjusted over many such pairs.

What an arm's rates are rates of (one cell, or all of them) is the caller's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.analysis.comparison import Pair
from bench.analysis.effects import Effects, settings_differing
from bench.arms import Block, ByBlock, Rate, alpha_each, burst, rates, settled, shared
from bench.model import Plan
from bench.stats.compare import ALPHA, Comparison, Verdict, among, compare
from bench.stats.multiplicity import holm
from bench.stats.sequential import FIRST_LOOK, compare_so_far, nominal_alpha

Known = Mapping[Rate, Mapping[str, Mapping[Block, float]]]
"""By kind of rate and arm, that of each block that counts."""


class Levels:
    """At which level two arms are compared: the usual one, or that of this look of a run until decided."""

    def __init__(self, plan: Plan, margin: float) -> None:
        self._margin = margin
        self._alpha = alpha_each(plan) if plan.until_decided else None
        self.adjusts = plan.until_decided is None
        self.most = len({trial.block for trial in plan.trials})

    def compare(self, pair: tuple[list[float], list[float]]) -> Comparison | None:
        """Compare the rates of two arms; None where they have no block in common."""
        if not pair[0]:
            return None
        if self._alpha is None:
            return compare(*pair, margin=self._margin)
        return compare_so_far(*pair, self.most, margin=self._margin, alpha=self._alpha)

    def look(self, blocks: int) -> float:
        """Return 1 − coverage of an interval from so many blocks; before the first look, that of the first."""
        if self._alpha is None:
            return ALPHA
        return nominal_alpha(max(blocks, FIRST_LOOK), self.most, self._alpha)


def known_rates(arms: Mapping[str, ByBlock]) -> Known:
    """Return both rates of each arm."""
    return {each: {name: rates(blocks, each) for name, blocks in arms.items()} for each in (settled, burst)}


def make_pairs(known: Known, rate: Rate, levels: Levels, effects: Effects) -> list[Pair]:
    """Compare each other arm with the first; ``rate`` is the headline."""
    baseline, *candidates = known[rate]
    found = []
    for each in candidates:
        both = {kind: levels.compare(shared(of[baseline], of[each])) for kind, of in known.items()}
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
                differs=settings_differing(effects[baseline], effects[each]),
            )
        )
    return found


def adjusted_pairs(pairs: Sequence[Pair], *, by_burst: bool) -> list[Pair]:
    """Adjust the p-values over all these pairs, and take back verdicts that they do not bear."""
    known = [(n, p) for n, pair in enumerate(pairs) if (p := _p_value(pair, by_burst=by_burst)) is not None]
    found = dict(zip([n for n, _ in known], holm([p for _, p in known]), strict=True))
    told = [_with_p(pair, found.get(n)) for n, pair in enumerate(pairs)]
    return [_among(pair, len(known), by_burst=by_burst) for pair in told]


def _p_value(pair: Pair, *, by_burst: bool) -> float | None:
    headlined = pair.burst if by_burst else pair.settled
    return headlined.p_value if headlined else None


def _with_p(pair: Pair, p_value: float | None) -> Pair:
    verdict: Verdict | None = pair.verdict
    if verdict in ("faster", "slower") and p_value is not None and p_value > ALPHA:
        verdict = "undecided"
    return replace(pair, adjusted_p=p_value, verdict=verdict)


def _among(pair: Pair, pairs: int, *, by_burst: bool) -> Pair:
    """Return a pair with its headline told as that of one of so many."""
    headlined = pair.burst if by_burst else pair.settled
    if headlined is None or pair.verdict is None:
        return pair
    told = among(headlined, pairs, pair.verdict)
    return replace(pair, burst=told) if by_burst else replace(pair, settled=told)
