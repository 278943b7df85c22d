"""The arms of a cell: what each reached and at what cost, and the first against each other one, by both rates.

P-values are adjusted over many such pairs. What an arm's rates are rates of (one cell, or all of them) is the caller's.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from math import exp, log
from typing import TypeVar

from bench.analysis.adjusting import OF_RUNS, Adjusting, Found
from bench.analysis.comparison import ArmSummary, ComparisonReport, CpuRatio, Pair, Stated
from bench.analysis.counted import good, grades_of
from bench.analysis.effects import Effects, settings_differing
from bench.model.outcome import AnyRecord
from bench.model.plan import Plan
from bench.plan.rates import Block, ByBlock, Rate, burst, rates, refused, settled, shared
from bench.plan.rule import alpha_each
from bench.stats.compare import ALPHA, Comparison, among, compare, equivalence_p
from bench.stats.intervals import mean
from bench.stats.missing import not_none
from bench.stats.multiplicity import holm
from bench.stats.sequential import FIRST_LOOK, compare_so_far, nominal_alpha
from bench.stats.unpaired import compare_unpaired

T = TypeVar("T")
OfBlocks = Mapping[Block, float]
Known = Mapping[Rate, Mapping[str, OfBlocks]]
"""By kind of rate and arm, that of each block that counts."""


class Basis:
    """How two arms are compared: by which rate, block by block or not, at the usual level or that of this look.

    ``plan`` is that of a run whose arms these are; None: they are whole runs. ``rate`` is the one that decides.
    ``most`` is how many blocks a run until decided may have; None for any other. ``adjusting`` is what adjusts arms of
    one run; None: whole runs are not adjusted.
    """

    def __init__(
        self, plan: Plan | None, rate: Rate, margin: float, *, paired: bool = True, adjusting: Adjusting | None = None
    ) -> None:
        self.rate, self.margin, self.paired, self.adjusting = rate, margin, paired, adjusting
        self.refines = plan is not None and plan.refines is not None
        """Not every arm was to be measured in every block."""
        self.most: int | None = None
        self._alpha = ALPHA
        if plan and plan.until_decided:
            self.most, self._alpha = len(plan.blocks), alpha_each(plan)
        self.adjusted = _once(self._adjusted)
        """By their adjusted rates; None where they are none of one run's."""
        self.unadjusted = _once(self._unadjusted)
        """By their rates as they are; None where there is nothing to compare."""

    @property
    def adjusts(self) -> bool:
        """Whether p-values are adjusted; a run until decided has shared its alpha among its comparisons beforehand."""
        return self.most is None

    def compare(self, one: OfBlocks, other: OfBlocks) -> Comparison | None:
        """Compare the rates of two arms by what decides; None where there is nothing to compare."""
        if self.adjusting and self.adjusting.decides:
            found = self.adjusted(one, other)
            if found and found.why_not is None:
                return found.comparison
        return self.unadjusted(one, other)

    def _adjusted(self, one: OfBlocks, other: OfBlocks) -> Found | None:
        if self.adjusting is None:
            return None
        return self.adjusting.compare(one, other, self.look(len(one)))

    def _unadjusted(self, one: OfBlocks, other: OfBlocks) -> Comparison | None:
        if not self.paired:
            if one and other:
                return compare_unpaired(list(one.values()), list(other.values()), margin=self.margin)
            return None
        both = shared(one, other)
        if not both[0]:
            return None
        if self.most is None:
            return compare(*both, margin=self.margin)
        return compare_so_far(*both, self.most, margin=self.margin, alpha=self._alpha)

    def look(self, blocks: int) -> float:
        """Return 1 − coverage of an interval from so many blocks; before the first look, that of the first."""
        if self.most is None:
            return ALPHA
        return nominal_alpha(max(blocks, FIRST_LOOK), self.most, self._alpha)


def _once(compare: Callable[[OfBlocks, OfBlocks], T]) -> Callable[[OfBlocks, OfBlocks], T]:
    """Return what compares each two arms once: pairs that have a verdict are ranked too."""
    known: dict[tuple[int, int], tuple[OfBlocks, OfBlocks, T]] = {}

    def compared(one: OfBlocks, other: OfBlocks) -> T:
        # By identity, as rates by block have no hash; both are kept, so that no id is used twice.
        ids = id(one), id(other)
        if ids not in known:
            known[ids] = one, other, compare(one, other)
        return known[ids][-1]

    return compared


def summary(name: str, blocks: ByBlock, compared: Collection[Block]) -> ArmSummary:
    """Return what an arm's trials say; void ones count for nothing but are counted.

    Rates are geometric means over the blocks that are compared: their ratio is the one that a comparison reports.

    Args:
        name: the arm's.
        blocks: all of them.
        compared: those whose rates are compared (``compared_blocks``).

    """
    records = list(blocks.values())
    states = [record.validity.state for record in records]
    # Nearly always all trials count: lists of very many records are filtered only where one does not.
    counted = rated = records
    if "void" in states:
        counted = rated = good(records)
    if len(compared) != len(blocks):
        rated = good(blocks[block] for block in compared)
    created = not_none(record.wal_files_created for record in counted)
    return ArmSummary(
        name=name,
        durability=grades_of(counted),
        trials=len(records),
        void=states.count("void"),
        suspect=states.count("suspect"),
        refused=refused(records),
        rows_per_s=typical([record.rows_per_s for record in rated]),
        settled_rows_per_s=typical([record.settled_rows_per_s for record in rated]),
        wal_files_created=max(created, default=None),
        server_us_per_row=typical([record.server_us_per_row for record in rated if record.server_us_per_row]),
        joules_per_1000_rows=typical([joules_per_1000_rows(record) for record in rated if record.energy_j is not None]),
    )


def compared_blocks(arms: Mapping[str, OfBlocks]) -> Mapping[str, Collection[Block]]:
    """Return the blocks of each arm that are paired with another's by the rates that decide; the first is the baseline.

    Of the baseline those that some other has too, of each other those that the baseline has; of an arm that shares
    none, all of its own.
    """
    (first, baseline), *others = arms.items()
    if all(list(each) == list(baseline) for _, each in others):
        return arms
    paired: dict[str, Collection[Block]] = {}
    of_baseline: set[Block] = set()
    for name, each in others:
        common = each.keys() & baseline.keys()
        of_baseline |= common
        paired[name] = common or each
    paired[first] = of_baseline or baseline
    return paired


def joules_per_1000_rows(record: AnyRecord) -> float | None:
    """Return the energy of the window over its rows; None where the counters could not be read."""
    if record.energy_j is None or not record.rows:
        return None
    return 1000 * record.energy_j / record.rows


def typical(figures: Iterable[float | None]) -> float | None:
    """Return the geometric mean of what trials know, None where none does; of anything that is 0 it is 0."""
    known = not_none(figures)
    if not known:
        return None
    if not all(known):
        return 0.0
    return exp(mean(list(map(log, known))))


def known_rates(arms: Mapping[str, ByBlock]) -> Known:
    """Return both rates of each arm."""
    known: dict[Rate, dict[str, OfBlocks]] = {settled: {}, burst: {}}
    for name, blocks in arms.items():
        for rate, of_arms in known.items():
            of_arms[name] = rates(blocks, rate)
    return known


def cpu_ratio(baseline: ByBlock, candidate: ByBlock, basis: Basis) -> CpuRatio | None:
    """Compare what a row costs of the server's CPU time; None where no block has both."""
    found = basis.compare(_cpu(baseline), _cpu(candidate))
    if found is None:
        return None
    return CpuRatio(blocks=found.blocks, ratio=found.ratio, interval=found.interval)


def _cpu(blocks: ByBlock) -> OfBlocks:
    spent = {}
    for block, record in blocks.items():
        if not record.void and record.server_us_per_row:
            spent[block] = record.server_us_per_row
    return spent


def make_pairs(known: Known, basis: Basis, effects: Effects) -> list[Pair]:
    """Compare each other arm with the first; ``effects`` is what is in force under each arm."""
    baseline, *candidates = known[basis.rate]
    pairs = []
    for candidate in candidates:
        found: dict[Rate, Comparison | None] = {}
        for rate, of_arms in known.items():
            found[rate] = basis.unadjusted(of_arms[baseline], of_arms[candidate])
        unadjusted = found[basis.rate]
        pair = Pair(
            baseline=baseline,
            candidate=candidate,
            settled=found[settled],
            burst=found[burst],
            adjusted_p=None,
            verdict=unadjusted.verdict if unadjusted else None,
            left_out=(),
            differs=settings_differing(effects.get(baseline, {}), effects.get(candidate, {})),
            unadjusted=_stated(unadjusted),
        )
        rates = known[basis.rate]
        pairs.append(_with_adjusted(pair, basis, rates[baseline], rates[candidate]))
    return pairs


def _with_adjusted(pair: Pair, basis: Basis, one: OfBlocks, other: OfBlocks) -> Pair:
    """Return a pair with what it is by adjusted rates, which decide where they may."""
    if pair.unadjusted is None:
        return pair
    found = basis.adjusted(one, other)
    if found is None:
        return replace(pair, why_unadjusted=OF_RUNS)
    decides = None
    if found.comparison and found.why_not is None:
        decides = found.comparison
    return replace(
        pair,
        adjusted=_stated(found.comparison),
        covariates=found.covariates,
        adjusted_decides=decides,
        why_unadjusted=found.why_not,
        taken=found.taken,
        machine_alike=found.alike,
        hinges_on=found.hinges_on,
        not_adjusted_for=found.left_out,
        verdict=decides.verdict if decides else pair.verdict,
    )


def _stated(found: Comparison | None) -> Stated | None:
    if found is None:
        return None
    low = high = None
    if found.interval:
        low, high = found.interval.low, found.interval.high
    return Stated(
        ratio=found.ratio,
        low=low,
        high=high,
        verdict=found.verdict,
        error=found.error,
        freedom=found.freedom,
    )


def adjusted_pairs(pairs: Sequence[Pair], rate: Rate) -> list[Pair]:
    """Adjust the p-values over all these pairs, and take back verdicts that they do not bear."""
    p_values, equivalence_ps = [], []
    for pair in pairs:
        found = decisive_of(pair, rate)
        if found and found.p_value is not None:
            p_values.append(found.p_value)
            equivalence_ps.append(equivalence_p(found) or 0.0)
    # Two families: that all differ and that all are equivalent are two claims, each with its own false alarms.
    differ, equal = iter(holm(p_values)), iter(holm(equivalence_ps))
    adjusted = []
    for pair in pairs:
        each, found = pair, decisive_of(pair, rate)
        if found and found.p_value is not None:
            each = _with_p(pair, found, next(differ), next(equal))
        if found and each.verdict is not None:
            among_all = among(found, len(p_values), each.verdict)
            if each.adjusted_decides:
                each = replace(each, adjusted_decides=among_all)
            else:
                each = replace(each, burst=among_all) if rate is burst else replace(each, settled=among_all)
        adjusted.append(each)
    return adjusted


def decisive_of(pair: Pair, rate: Rate) -> Comparison | None:
    """Return the comparison of a pair that decides: adjusted where it may, else by the rate that decides."""
    if pair.adjusted_decides:
        return pair.adjusted_decides
    return pair.burst if rate is burst else pair.settled


def decides(report: ComparisonReport, pair: Pair) -> Comparison | None:
    """Return the comparison that decides a pair of a report."""
    return decisive_of(pair, burst if report.headline == "burst" else settled)


def blocks_of(pairs: Iterable[Pair], rate: Rate) -> list[int]:
    """Return the blocks that count of each pair that was compared."""
    blocks = []
    for pair in pairs:
        found = decisive_of(pair, rate)
        if found:
            blocks.append(found.blocks)
    return blocks


def _with_p(pair: Pair, found: Comparison, differ: float, equal: float) -> Pair:
    """Return a pair with its adjusted p-values, and the verdict that they bear."""
    verdict = pair.verdict
    # Equivalence is two one-sided tests by an interval that leaves alpha / 2 out on either side.
    if verdict == "equivalent" and equal > ALPHA / 2:
        verdict = "faster" if found.ratio > 1 else "slower"
    if verdict in ("faster", "slower") and differ > ALPHA:
        verdict = "undecided"
    return replace(pair, adjusted_p=differ, adjusted_equivalence_p=equal, verdict=verdict)
