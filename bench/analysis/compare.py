"""The arms of a run against each other, paired by block, cell by cell; runs of one plan on one box count together.

The plan's first variant is the baseline. A void trial takes its block out of its pair, and that is said; a refused
variant is an arm of its own. Statistics are ``bench.stats``', the words ``bench.report``'s.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from bench.analysis.comparison import Alike, CellComparison, CellNoise, ComparisonReport
from bench.analysis.effects import Effects, effect_notes, effects_of
from bench.analysis.notes import alike_notes, durability_notes, overall_notes, run_notes
from bench.analysis.overall import overall
from bench.analysis.pairs import Known, Levels, adjusted_pairs, known_rates, make_pairs
from bench.analysis.pooling import pooled
from bench.analysis.pulled import PulledRun
from bench.analysis.ranking import rankings
from bench.analysis.summary import compared_blocks, summary
from bench.model.errors import UsageError
from bench.model.plan import Plan
from bench.plan.contrast import Block, ByBlock, Cell, Rate, burst, headline, rate_name, refused, usual_margin, why_not
from bench.stats.compare import ALPHA

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
        UsageError: there are not two variants, or runs that do not belong together.

    """
    plan, cells = pooled(runs)
    if len(plan.variants) < 2:
        raise UsageError(
            f"Run {plan.run} has one variant, {plan.variants[0].name}: nothing to compare in it;"
            " compare it with another run: pgladder compare A B."
        )
    rule = plan.until_decided
    margin = margin or usual_margin(plan)
    records = [record for run in runs for record in run.records]
    rate = headline(records)
    levels, effects = Levels(plan, margin), effects_of(plan, runs[0].host)
    known, alike = [known_rates(arms) for arms in cells.values()], _alike(plan, effects)
    ranked = rankings([of[rate] for of in known], levels)
    compared = [
        replace(_cell(*cell, of, rate, levels, noise, effects), ranking=ranks)
        for cell, of, ranks in zip(cells.items(), known, ranked, strict=True)
    ]
    cells_told = adjusted(compared, by_burst=rate is burst) if levels.adjusts else compared
    over = overall(cells_told, known, rate, levels, effects)
    return ComparisonReport(
        kind="variants",
        runs=tuple(run.plan.run for run in runs),
        hosts=tuple(dict.fromkeys(run.host.host for run in runs if run.host)),
        complete=all(run.complete and run.sealed for run in runs),
        notes=(
            *durability_notes(cells_told),
            *run_notes(runs, cells_told, rate is burst),
            *overall_notes(over, cells_told),
            *alike_notes(alike),
            *effect_notes(plan),
        ),
        headline=rate_name(rate),
        margin=margin,
        alpha=rule.alpha if rule else ALPHA,
        decided_after=runs[0].decided_after if rule else None,
        max_blocks=levels.most if rule else None,
        cells=tuple(cells_told),
        explanations=(),
        overall=over,
        alike=alike,
    )


def _cell(
    cell: Cell, arms: Arms, known: Known, rate: Rate, levels: Levels, noise: Noise, effects: Effects
) -> CellComparison:
    baseline = next(iter(arms))
    pairs = tuple(
        replace(pair, left_out=tuple(left_out({name: arms[name] for name in (baseline, pair.candidate)}, known, rate)))
        for pair in make_pairs(known, rate, levels, effects)
    )
    blocks = max((pair.settled.blocks for pair in pairs if pair.settled), default=0)
    compared = compared_blocks(known[rate])
    return CellComparison(
        phase=cell.phase,
        method=cell.method,
        layout=cell.layout,
        transport=cell.transport,
        parameters=cell.parameters,
        variant=None,
        arms=tuple(summary(name, of, compared[name]) for name, of in arms.items()),
        pairs=pairs,
        ranking=(),
        noise=noise(cell, blocks),
    )


def left_out(arms: Arms, known: Known, rate: Rate) -> Iterable[str]:
    """Say which blocks do not count, and why; those of an arm that was refused in all of them are told by that."""
    every = {block for blocks in arms.values() for block in blocks}
    found = [
        (block, name, why_not(record, rate) if (record := blocks.get(block)) else "there is no record")
        for name, blocks in arms.items()
        if not refused(blocks.values())
        for block in every - known[rate][name].keys()
    ]
    return [f"{_named(block, arms)} of {name}: {why}" for block, name, why in sorted(found)]


def _named(block: Block, arms: Arms) -> str:
    several = len({run for blocks in arms.values() for run, _, _ in blocks}) > 1
    return f"block {block[1]}" + (f" of run {block[0]}" if several else "")


def adjusted(cells: Sequence[CellComparison], *, by_burst: bool) -> list[CellComparison]:
    """Adjust the p-values over all pairs of all cells, and take back verdicts that they do not bear."""
    told = iter(adjusted_pairs([pair for cell in cells for pair in cell.pairs], by_burst=by_burst))
    return [replace(cell, pairs=tuple(next(told) for _ in cell.pairs)) for cell in cells]


def _alike(plan: Plan, effects: Effects) -> tuple[Alike, ...]:
    """Return the variants without trials, and which of the others each comes to on this box."""
    tried = {trial.variant for trial in plan.trials}
    return tuple(
        Alike(
            name=name,
            same_as=next((each for each in effects if each in tried and effects[each] == effects[name] != {}), None),
        )
        for name in effects
        if name not in tried
    )
