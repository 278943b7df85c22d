"""Arms against each other, cell by cell: the values of one factor (``bench.plan.contrast``), paired by block or not.

The first arm is the baseline. A void trial takes its block out of its pair, and that is said; what was refused is an
arm of its own. Here the arms of one run, or of runs that count as one; ``sides`` compares whole runs by the same cells.
Statistics are ``bench.stats``', the words ``bench.report``'s.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from operator import itemgetter

from bench.analysis.adjusting import Adjusting
from bench.analysis.answer import sentence_of, undecided
from bench.analysis.comparison import Alike, CellComparison, CellNoise, ComparisonReport, Pair
from bench.analysis.costs import cost_ratios, costs_of
from bench.analysis.effects import Effects, alike_variants, effect_notes, effects_of
from bench.analysis.longer import longer
from bench.analysis.notes import (
    alike_notes,
    durability_notes,
    overall_notes,
    rate_notes,
    run_notes,
    version_notes,
)
from bench.analysis.pairs import (
    Basis,
    Known,
    adjusted_pairs,
    blocks_of,
    compared_blocks,
    cpu_ratio,
    known_rates,
    make_pairs,
    summary,
)
from bench.analysis.pooling import pooled
from bench.analysis.pulled import RunOutcomes
from bench.analysis.ranking import overall, rankings
from bench.model.errors import UsageError
from bench.model.fingerprint import processors_there
from bench.model.language import tr
from bench.model.plan import Plan, Trial
from bench.plan.contrast import VARIANT, VERSION, Cell, driven_by_several, examples, factor_of
from bench.plan.rates import Block, ByBlock, Rate, headline, rate_name, refused, why_not
from bench.plan.rule import usual_margin
from bench.stats.compare import ALPHA

Noise = Callable[[Trial, int], CellNoise | None]
"""What is known of the box's noise where a trial is, and of what so many blocks detect there."""
Arms = Mapping[str, ByBlock]


def compare_arms(
    runs: Sequence[RunOutcomes],
    noise: Noise,
    *,
    across: str | None = None,
    baseline: str | None = None,
    margin: float | None = None,
) -> ComparisonReport:
    """Compare the arms of one box's runs of one plan.

    Args:
        runs: of one box; several count as one with more blocks.
        noise: of the box.
        across: the factor by which the arms differ; None for the variants, or the only one that varies.
        baseline: the arm that the others are compared with; None for the usual one of the factor.
        margin: that does not matter; None for the plan's, or the usual one.

    Raises:
        UsageError: there are not two arms, or runs that do not belong together.

    """
    factor = factor_of(runs[0].plan, across)
    plan, cells = pooled(runs, factor, baseline)
    _check_decided_across(plan, factor)
    margin = margin or usual_margin(plan)
    rate = headline(chain.from_iterable(run.records for run in runs))
    adjusting = Adjusting(plan, factor, processors_there(runs[0].host), margin)
    basis = Basis(plan, rate, margin, adjusting=adjusting)
    effects: Effects = {}
    alike: tuple[Alike, ...] = ()
    if factor == VARIANT:
        effects = effects_of(plan, runs[0].host)
        alike = alike_variants(plan, effects)
    known = list(map(known_rates, cells.values()))
    adjusting.add_cells(cells, list(map(itemgetter(rate), known)))
    ranked = rankings(list(map(itemgetter(rate), known)), basis)
    where, driven = examples(plan, factor), driven_by_several(plan.trials)
    compared = []
    for (cell, arms), of_cell, ranks in zip(cells.items(), known, ranked, strict=True):
        found = compare_cell(cell, arms, of_cell, basis, effects, driven)
        if factor == VERSION:
            found = _with_cpu(found, arms, basis)
        noises = noises_of(found, where[cell], noise, rate)
        compared.append(replace(with_noises(found, noises), ranking=ranks))
    if basis.adjusts:
        compared = adjusted(compared, rate)
    over = overall(compared, known, basis, effects)
    notes = (
        *durability_notes(compared),
        *rate_notes(plan),
        *(version_notes(runs[0].host) if factor == VERSION else ()),
        *run_notes(runs, compared, rate),
        *overall_notes(over, compared),
        *alike_notes(alike),
        *effect_notes(plan),
    )
    report = ComparisonReport(
        across=factor,
        runs=tuple(run.plan.run for run in runs),
        hosts=tuple(dict.fromkeys(run.host.host for run in runs if run.host)),
        complete=all(run.complete and run.sealed for run in runs),
        notes=tuple(dict.fromkeys(notes)),
        headline=rate_name(rate),
        margin=margin,
        alpha=plan.until_decided.alpha if plan.until_decided else ALPHA,
        decided_after=runs[0].decided_after,
        max_blocks=basis.most,
        cells=tuple(compared),
        explanations=(),
        overall=over,
        alike=alike,
    )
    more = longer(plan, undecided(report), margin, basis.look(len(plan.blocks)))
    return replace(report, sentence=sentence_of(report), longer=more)


def _check_decided_across(plan: Plan, factor: str) -> None:
    """Refuse another factor than the one that a run was ended by."""
    rule = plan.until_decided
    if rule and rule.across != factor:
        raise UsageError(
            tr(
                "Run {run} was decided across {across}, not across {factor}: it answers that alone.",
                run=plan.run,
                across=rule.across,
                factor=factor,
            )
        )


def compare_cell(
    cell: Cell, arms: Arms, known: Known, basis: Basis, effects: Effects, driven: Collection[str]
) -> CellComparison:
    """Compare the arms of one cell with the first.

    ``effects`` is what is in force by arm; of the phases in ``driven`` the driver is named.
    """
    driver = None
    if cell.phase in driven:
        driver = cell.driver
    compared: Mapping[str, Collection[Block]] = known[basis.rate]
    if basis.paired:
        compared = compared_blocks(known[basis.rate])
    return CellComparison(
        phase=cell.phase,
        method=cell.method,
        driver=driver,
        layout=cell.layout,
        transport=cell.transport,
        version=cell.version,
        parameters=dict(cell.parameters),
        variant=cell.variant,
        arms=tuple(summary(name, of, compared[name]) for name, of in arms.items()),
        pairs=tuple(_pairs(arms, known, basis, effects)),
        ranking=(),
        noise=None,
    )


def _pairs(arms: Arms, known: Known, basis: Basis, effects: Effects) -> Iterator[Pair]:
    """Compare each arm with the first, with what is left out of either and what a row costs."""
    baseline = next(iter(arms))
    costs = {name: costs_of(blocks) for name, blocks in arms.items()}
    for pair in make_pairs(known, basis, effects):
        two = {baseline: arms[baseline], pair.candidate: arms[pair.candidate]}
        lost = left_out(two, known, basis) if basis.paired else voids(two)
        cost = cost_ratios(costs[baseline], costs[pair.candidate], paired=basis.paired)
        yield replace(pair, left_out=tuple(lost), costs=cost)


def _with_cpu(found: CellComparison, arms: Arms, basis: Basis) -> CellComparison:
    """Return a cell of versions with what a row costs: where all wait for one disk, that is what tells them apart."""
    pairs = tuple(
        replace(pair, server_cpu=cpu_ratio(arms[pair.baseline], arms[pair.candidate], basis)) for pair in found.pairs
    )
    return replace(found, pairs=pairs)


def noises_of(found: CellComparison, trials: Mapping[str, Trial], noise: Noise, rate: Rate) -> list[CellNoise | None]:
    """Return what is known of the noise of each arm of a cell; ``trials`` are one of each that has any there."""
    blocks = compared_pairs(found, rate)
    any_trial = next(iter(trials.values()))
    noises = []
    for arm in found.arms:
        # An arm without a trial here borrows a neighbour's: noise is known by place, not by arm.
        trial = trials.get(arm.name, any_trial)
        noises.append(noise(trial, blocks))
    return noises


def with_noises(found: CellComparison, noises: Sequence[CellNoise | None], *, of_one: bool = True) -> CellComparison:
    """Return a cell with the noise known of each arm, or of all where that is one and the same."""
    if of_one and noises.count(noises[0]) == len(noises):
        return replace(found, noise=noises[0])
    arms = []
    for arm, noise in zip(found.arms, noises, strict=True):
        arms.append(replace(arm, noise=noise))
    return replace(found, arms=tuple(arms))


def compared_pairs(found: CellComparison, rate: Rate) -> int:
    """Return the blocks of the pair that has the most."""
    return max(blocks_of(found.pairs, rate), default=0)


def voids(arms: Arms) -> Iterable[str]:
    """Return a sentence on each void trial; an arm that was refused in all of its trials has one of its own."""
    for name, blocks in arms.items():
        void = [record for record in blocks.values() if record.void]
        if void and not refused(blocks.values()):
            trials = ", ".join(str(record.trial.number) for record in void)
            yield f"trial {trials} of {name}: void, {void[0].validity.why}"


def left_out(arms: Arms, known: Known, basis: Basis) -> Iterable[str]:
    """Return a sentence on each block that does not count; an arm that was refused in all has one of its own."""
    rate = basis.rate
    first, *_ = arms.values()
    # Mostly every block counts: to compare lists is quicker than to look each block up.
    if all(list(first) == list(blocks) == list(known[rate][name]) for name, blocks in arms.items()):
        return []
    every: set[Block] = set().union(*arms.values())
    found: list[tuple[Block, str, str]] = []
    for name, blocks in arms.items():
        if refused(blocks.values()):
            continue
        for block in every - known[rate][name].keys():
            why = tr("there is no record")
            if block in blocks:
                why = why_not(blocks[block], rate)
            elif basis.refines:
                continue  # nor was there to be one; whether the run is complete is told by itself
            found.append((block, name, why))
    several_runs = len({run for run, _, _ in every}) > 1
    notes = []
    for (run, number, _), name, why in sorted(found):
        where = tr("block {number} of {name}: {why}")
        if several_runs:
            where = tr("block {number} of run {run} of {name}: {why}")
        notes.append(where.format(number=number, run=run, name=name, why=why))
    return notes


def adjusted(cells: Sequence[CellComparison], rate: Rate) -> list[CellComparison]:
    """Adjust the p-values over all pairs of all cells, and take back verdicts that they do not bear."""
    pairs: list[Pair] = []
    for cell in cells:
        pairs += cell.pairs
    # One family: who reads a report of many cells takes the best of all of them.
    left = iter(adjusted_pairs(pairs, rate))
    with_pairs = []
    for cell in cells:
        own = tuple(islice(left, len(cell.pairs)))
        with_pairs.append(replace(cell, pairs=own))
    return with_pairs
