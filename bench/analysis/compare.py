"""The arms of a run against each other, paired by block, cell by cell; runs of one plan on one box count together.

The plan's first variant is the baseline. A void trial takes its block out of its pair, and that is said; a refused
variant is an arm of its own. Statistics are ``bench.stats``', the words ``bench.report``'s.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from bench.analysis.comparison import (
    CellComparison,
    CellNoise,
    ComparisonReport,
    Differing,
    Pair,
)
from bench.analysis.notes import durability_notes, run_notes
from bench.analysis.pooling import pooled
from bench.analysis.pulled import PulledRun
from bench.analysis.ranking import ranking
from bench.analysis.summary import summary
from bench.arms import Block, ByBlock, Cell, Rate, burst, headline, rates, settled, shared, usual_margin
from bench.conf import read_conf
from bench.model import Plan, Record, Variant, WrongUseError
from bench.stats.compare import ALPHA, Comparison, Verdict, compare
from bench.stats.multiplicity import holm
from bench.stats.sequential import FIRST_LOOK, nominal_alpha
from bench.tuning.parameters import Value, differences, effect, values

Noise = Callable[[Cell, int], CellNoise | None]
"""What is known of the box's noise in a cell, and of what so many blocks detect there."""
Arms = Mapping[str, ByBlock]


def compare_arms(runs: Sequence[PulledRun], noise: Noise, *, margin: float | None = None) -> ComparisonReport:
    """Compare the variants of one box's runs of one plan.

    Args:
        runs: of one box; several count as one with more blocks.
        noise: of the box.
        margin: that does not matter; None for the plan's, or the usual one.

    Raises:
        WrongUseError: there are not two variants, or runs that do not belong together.

    """
    plan, cells = pooled(runs)
    if len(plan.variants) < 2:
        raise WrongUseError(
            f"Run {plan.run} has one variant, {plan.variants[0].name}: nothing to compare in it;"
            " compare it with another run: pgladder compare A B."
        )
    rule = plan.until_decided
    margin = margin or usual_margin(plan)
    records = [record for run in runs for record in run.records]
    rate = headline(records)
    levels, effects = Levels(plan, margin), _effects(plan, runs[0])
    compared = [_cell(cell, arms, rate, levels, noise, effects) for cell, arms in cells.items()]
    cells_told = adjusted(compared, by_burst=rate is burst) if rule is None else compared
    return ComparisonReport(
        kind="variants",
        runs=tuple(run.plan.run for run in runs),
        hosts=tuple(dict.fromkeys(run.host.host for run in runs if run.host)),
        complete=all(run.complete for run in runs),
        notes=(*durability_notes(cells_told), *run_notes(runs, cells_told, rate is burst)),
        headline="burst" if rate is burst else "settled",
        margin=margin,
        alpha=rule.alpha if rule else ALPHA,
        decided_after=runs[0].decided_after if rule else None,
        max_blocks=levels.most if rule else None,
        cells=tuple(cells_told),
        explanations=(),
    )


class Levels:
    """At which level two arms are compared: the usual one, or that of this look of a run until decided."""

    def __init__(self, plan: Plan, margin: float) -> None:
        self._rule, self._margin = plan.until_decided, margin
        self.most = len({trial.block for trial in plan.trials})

    def compare(self, pair: tuple[list[float], list[float]]) -> Comparison | None:
        """Compare the rates of two arms; None where they have no block in common."""
        if not pair[0]:
            return None
        alpha = self._rule.alpha if self._rule else ALPHA
        return compare(*pair, margin=self._margin, alpha=alpha, look_alpha=self.look(len(pair[0])))

    def look(self, blocks: int) -> float:
        """Return 1 − coverage of an interval from so many blocks; before the first look, that of the first."""
        if self._rule is None:
            return ALPHA
        if self.most < FIRST_LOOK:
            return self._rule.alpha
        return nominal_alpha(max(blocks, FIRST_LOOK), self.most, self._rule.alpha)


def _cell(
    cell: Cell, arms: Arms, rate: Rate, levels: Levels, noise: Noise, effects: Mapping[str, Mapping[str, Value]]
) -> CellComparison:
    baseline, *candidates = arms
    known: dict[Rate, dict[str, dict[Block, float]]] = {
        each: {name: rates(blocks, each) for name, blocks in arms.items()} for each in (settled, burst)
    }
    pairs = tuple(
        _pair(
            {name: arms[name] for name in (baseline, each)},
            [levels.compare(shared(of[baseline], of[each])) for of in known.values()],
            _differing(effects[baseline], effects[each]),
            by_burst=rate is burst,
        )
        for each in candidates
    )
    blocks = max((pair.settled.blocks for pair in pairs if pair.settled), default=0)
    return CellComparison(
        phase=cell.phase,
        method=cell.method,
        layout=cell.layout,
        transport=cell.transport,
        parameters=cell.parameters,
        variant=None,
        arms=tuple(summary(name, blocks.values()) for name, blocks in arms.items()),
        pairs=pairs,
        ranking=ranking(known[rate], levels.look),
        noise=noise(cell, blocks),
    )


def _pair(arms: Arms, found: Sequence[Comparison | None], differs: tuple[Differing, ...], *, by_burst: bool) -> Pair:
    (baseline, candidate), (of_settled, of_burst) = arms, found
    headlined = of_burst if by_burst else of_settled
    return Pair(
        baseline=baseline,
        candidate=candidate,
        settled=of_settled,
        burst=of_burst,
        adjusted_p=None,
        verdict=headlined.verdict if headlined else None,
        left_out=tuple(left_out(arms)),
        differs=differs,
    )


def left_out(arms: Arms) -> Iterable[str]:
    """Say which blocks do not count, and why; those of a refused arm are told by that."""
    every = {block for blocks in arms.values() for block in blocks}
    found = [
        (block, name, why) for name, blocks in arms.items() for block in every if (why := _missing(blocks.get(block)))
    ]
    return [f"{_named(block, arms)} of {name}: {why}" for block, name, why in sorted(found)]


def _missing(record: Record | None) -> str | None:
    if record is None:
        return "there is no record"
    if record.validity.state != "void" or any(reason.code == "refused" for reason in record.validity.reasons):
        return None
    return f"trial {record.trial} is void, {record.validity.reasons[0].detail}"


def _named(block: Block, arms: Arms) -> str:
    several = len({run for blocks in arms.values() for run, _, _ in blocks}) > 1
    return f"block {block[1]}" + (f" of run {block[0]}" if several else "")


def adjusted(cells: Sequence[CellComparison], *, by_burst: bool) -> list[CellComparison]:
    """Adjust the p-values over all pairs of all cells, and take back verdicts that they do not bear."""
    pairs = [pair for cell in cells for pair in cell.pairs]
    known = [(n, p) for n, pair in enumerate(pairs) if (p := _p_value(pair, by_burst=by_burst)) is not None]
    found = dict(zip([n for n, _ in known], holm([p for _, p in known]), strict=True))
    told = iter([_with_p(pair, found.get(n)) for n, pair in enumerate(pairs)])
    return [replace(cell, pairs=tuple(next(told) for _ in cell.pairs)) for cell in cells]


def _p_value(pair: Pair, *, by_burst: bool) -> float | None:
    headlined = pair.burst if by_burst else pair.settled
    return headlined.p_value if headlined else None


def _with_p(pair: Pair, p_value: float | None) -> Pair:
    verdict: Verdict | None = pair.verdict
    if verdict in ("faster", "slower") and p_value is not None and p_value > ALPHA:
        verdict = "undecided"
    return replace(pair, adjusted_p=p_value, verdict=verdict)


def _differing(baseline: Mapping[str, Value], candidate: Mapping[str, Value]) -> tuple[Differing, ...]:
    found = differences(baseline, candidate)
    return tuple(Differing(name=each.name, baseline=each.a, candidate=each.b) for each in found)


def _effects(plan: Plan, run: PulledRun) -> dict[str, Mapping[str, Value]]:
    """Return what is in force under each variant on this box."""
    pages = run.host.facts.get("memory", {}).get("nr_hugepages") if run.host else None
    return {variant.name: _effect(variant, huge_pages=pages != 0) for variant in plan.variants}


def _effect(variant: Variant, *, huge_pages: bool) -> Mapping[str, Value]:
    where = f"Variant {variant.name}"
    texts = {name: given.text for name, given in read_conf(variant.text, where).items()}
    return effect(values(texts, where), huge_pages=huge_pages)
