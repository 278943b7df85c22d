"""Whole runs side by side: of one box at two times, of several boxes, of two versions of PostgreSQL.

Only boxes that share a machine have interleaved blocks: these are paired by block, all others unpaired.
What must be the same for that stops it by name; what differs else is listed, as it could explain a difference.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from operator import attrgetter

from bench.analysis.answer import sentence_of, undecided
from bench.analysis.compare import adjusted, compare_cell, compared_pairs, with_noises
from bench.analysis.comparison import Across, ArmSummary, CellComparison, ComparisonReport, Explanation
from bench.analysis.counted import good, latency
from bench.analysis.effects import Effects, effect_notes, effects_of
from bench.analysis.listing import first_few
from bench.analysis.longer import longer
from bench.analysis.noise import BoxNoise, cell_noise, floor_of
from bench.analysis.notes import arm_notes, block_notes, durability_notes, no_settled, side_notes
from bench.analysis.pairing import interleaved, share_kernel
from bench.analysis.pairs import Basis, known_rates
from bench.analysis.pooling import differing, windows
from bench.analysis.pulled import PulledRun, extent_notes, repetition_notes
from bench.analysis.ways import method_words
from bench.analysis.worth import worths
from bench.model.errors import UsageError
from bench.model.fingerprint import Fingerprint, processors
from bench.model.fingerprint_diff import comparable, in_words
from bench.model.language import later, tr
from bench.model.plan import Trial
from bench.model.record import Record
from bench.plan.contrast import (
    WHOLE,
    Cell,
    by_cell,
    check_compared,
    driven_by_several,
    examples,
    texts_of_variants,
)
from bench.plan.rates import Block, Rate, burst, headline, rate_name, settled
from bench.stats.compare import ALPHA, MARGIN

INTERLEAVED = later(
    "These boxes share a machine and were interleaved block by block: rates are paired by block, so what drifted slowly"
    " on that machine cancels."
)
RUNS_NOT_INTERLEAVED = later(
    "These runs' blocks were not interleaved: what drifted between them (heat, neighbours, the disk's state) is in the"
    " ratio too."
)
HOSTS_NOT_INTERLEAVED = later(
    "These are different boxes, each measured on its own: blocks were not interleaved, so what drifted on one is in the"
    " ratio too."
)
TOGETHER = later(
    "These boxes share a machine and were not interleaved: what drifted between them is in the ratio too, and where"
    " they measured at the same time, what each took from the other. make compare-hosts interleaves them."
)
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Side:
    """One run, under the name it has in the comparison."""

    name: str
    run: PulledRun
    noise: BoxNoise | None

    @cached_property
    def trials(self) -> Mapping[Cell, Mapping[Block, Record]]:
        """Its trials by cell and block."""
        cells = by_cell(self.run.plan, self.run.records, WHOLE)
        return {cell: arms[WHOLE] for cell, arms in cells.items()}

    @cached_property
    def examples(self) -> Mapping[Cell, Mapping[str, Trial]]:
        """A trial of each cell."""
        return examples(self.run.plan, WHOLE)

    @cached_property
    def effects(self) -> Effects:
        """What is in force under its variants."""
        return effects_of(self.run.plan, self.run.host)


def compare_runs(
    runs: Sequence[PulledRun], across: Across, noise: Sequence[BoxNoise | None] = (), *, margin: float = MARGIN
) -> ComparisonReport:
    """Compare runs with the first of them.

    Args:
        runs: two or more.
        across: by what they differ.
        noise: of each run's box, as far as that is known.
        margin: that does not matter.

    Raises:
        UsageError: they can't be compared at all; names what differs.

    """
    for run in runs:
        check_compared(run.plan)
    sides = list(map(Side, names_of(runs, across), runs, noise or [None] * len(runs)))
    places = _in_all(sides, across)
    unsettled, plans, hosts, effects = [], [], [], []
    by_name: dict[str, PulledRun] = {}
    for side in sides:
        if headline(side.run.records) is burst:
            unsettled.append(side.name)
        by_name[side.name] = side.run
        plans.append(side.run.plan)
        if side.run.host:
            hosts.append(side.run.host.host)
        effects += effect_notes(side.run.plan)
    # One rate for all: the settled rate of one over the burst rate of another is the ratio of nothing.
    rate = burst if unsettled else settled
    basis = Basis(None, rate, margin, paired=across == "host" and interleaved(runs))
    driven = driven_by_several(chain.from_iterable(plan.trials for plan in plans))
    cells = adjusted([_cell(place, sides, basis, driven) for place in places], rate)
    drift = _drift_note(runs, across, paired=basis.paired)
    notes = (
        *durability_notes(cells),
        *_run_notes(sides, across, unsettled, drift),
        *block_notes(plans, cells, rate),
        *arm_notes(cells),
        *side_notes(by_name),
        *effects,
    )
    report = ComparisonReport(
        across=across,
        runs=tuple(plan.run for plan in plans),
        hosts=tuple(hosts),
        complete=all(run.complete and run.sealed for run in runs),
        notes=tuple(dict.fromkeys(notes)),
        headline=rate_name(rate),
        margin=margin,
        alpha=ALPHA,
        decided_after=None,
        max_blocks=None,
        cells=tuple(cells),
        explanations=tuple(explanations(runs)),
        paired=basis.paired,
        of_runs=True,
    )
    more = None
    # What drifts between runs that are not interleaved does not go away by longer ones.
    if basis.paired and (more := longer(plans[0], undecided(report), margin, ALPHA)):
        more = replace(more, seconds=more.seconds * len(runs))
    worth = tuple(worths(runs, report)) if across == "host" else ()
    return replace(report, sentence=sentence_of(report), longer=more, worth=worth)


def names_of(runs: Sequence[PulledRun], across: Across) -> list[str]:
    """Return a name for each: its run's, its host's, PostgreSQL's version; of namesakes both run and host."""
    names = [_name_of(run, across) for run in runs]
    namesakes = [name for name in names if names.count(name) > 1]
    if not namesakes:
        return names
    namesake = namesakes[0]
    if across == "host":
        raise UsageError(
            tr(
                "Several of these runs are of one box, {name}: as runs they are compared by pgladder compare A B.",
                name=namesake,
            )
        )
    if across != "run":
        raise UsageError(
            tr("Several of these runs are of {name}: give one run of each {kind}.", name=namesake, kind=tr(across))
        )
    names = [f"{run.plan.run} {run.box}" for run in runs]
    if len(set(names)) < len(names):
        raise UsageError(tr("Run {run} is there twice: nothing to compare.", run=names[0]))
    return names


def _name_of(run: PulledRun, across: Across) -> str:
    match across:
        case "host":
            return run.box
        case "version":
            return f"PostgreSQL {major(run.host)}"
        case "engine":
            return tr(" and ").join(dict.fromkeys(record.engine for record in run.records))
    return run.plan.run


# --- what is known of the runs ---------------------------------------------------------------------------------------


def _run_notes(sides: Sequence[Side], across: Across, unsettled: Sequence[str], drift: str) -> Iterable[str]:
    """Say how far the runs came, what drifted between them, and what of them is not compared."""
    boxes: dict[str, None] = {}
    unknown = []
    for side in sides:
        yield from (*extent_notes(side.run, several=True), *repetition_notes(side.run))
        boxes[side.run.box] = None
        if major(side.run.host) == UNKNOWN:
            unknown.append(side.name)
    if across != "host" and len(boxes) > 1:
        named = tr(" and ").join(boxes)
        yield tr("These runs are of different boxes, {names}: what differs between those is in the ratio.", names=named)
    yield tr(drift)
    # Of all or none: where one is known, the want of another's stops the comparison.
    if unknown:
        named = tr(" and ").join(unknown)
        yield tr("The version of PostgreSQL is not known of {names}: it may be another.", names=named)
    first, *others = sides
    differing: dict[str, None] = {}
    for other in others:
        differing |= dict.fromkeys(_only_in_one(first, other))
    if differing:
        yield tr("Not compared: {what}.", what="; ".join(differing))
    if unsettled:
        yield no_settled(unsettled if len(unsettled) < len(sides) else [])


def _drift_note(runs: Sequence[PulledRun], across: Across, *, paired: bool) -> str:
    """Say whether what drifted between the runs is in the ratio."""
    if paired:
        return INTERLEAVED
    if across != "host":
        return RUNS_NOT_INTERLEAVED
    return TOGETHER if share_kernel(runs) else HOSTS_NOT_INTERLEAVED


# --- what must be the same -------------------------------------------------------------------------------------------


def _in_all(sides: Sequence[Side], across: Across) -> list[Cell]:
    """Return where all sides have trials, in the order of the first.

    Raises:
        UsageError: what must be the same is not, or there is no such place.

    """
    first, *others = sides
    places = list(first.trials)
    for other in others:
        places = [place for place in places if place in other.trials]
        differs = must_match(first.run, other.run, across)
        if not places and not differs:
            differs = _only_in_one(first, other)
        if differs:
            raise UsageError(
                tr(
                    "{first} and {other} can't be compared: {differing}. Measure both by one plan: pgladder reproduce.",
                    first=first.name,
                    other=other.name,
                    differing=first_few(differs),
                )
            )
    return places


def must_match(one: PulledRun, other: PulledRun, across: Across) -> list[str]:
    """Return what of two runs is not the same and makes their numbers no pair; their cells apart."""
    these, those = windows(one.plan), windows(other.plan)
    if across not in ("version", "engine"):
        these["PostgreSQL"], those["PostgreSQL"] = major(one.host), major(other.host)
    return differing(these, those)


def major(host: Fingerprint | None) -> str:
    """Return PostgreSQL's major version; a fork or a fingerprint that is missing is not guessed at."""
    if host:
        version = host.facts.get("postgresql", {}).get("version")
        words = version.split() if isinstance(version, str) else []
        if len(words) > 1:
            return words[1].split(".")[0]
    return UNKNOWN


def _only_in_one(one: Side, other: Side) -> list[str]:
    """Name what only one has, by the word that says most: a phase, layout, transport, variant, else parameters."""
    found = []
    for side, without in ((one, other), (other, one)):
        lacking = set()
        for cell in side.trials.keys() - without.trials.keys():
            lacking.add(tr("{what} is only in {name}", what=_first_lacking(cell, without), name=side.name))
        found += sorted(lacking)
    return found


def _first_lacking(cell: Cell, other: Side) -> str:
    for name in ("phase", "driver", "layout", "transport", "variant", "version"):
        value = getattr(cell, name)
        if value not in map(attrgetter(name), other.trials):
            return f"{tr(name)} {value}"
    return tr(
        "phase {phase} ({method}) with these parameters, {others}",
        phase=cell.phase,
        method=method_words(cell.method),
        others=f"{cell.variant}, {cell.layout}, {cell.transport}",
    )


# --- what is compared ------------------------------------------------------------------------------------------------


def _cell(cell: Cell, sides: Sequence[Side], basis: Basis, driven: Collection[str]) -> CellComparison:
    arms, effects = {}, {}
    for side in sides:
        arms[side.name] = side.trials[cell]
        effects[side.name] = side.effects[cell.variant or ""]
    found = compare_cell(cell, arms, known_rates(arms), basis, effects, driven)
    blocks = compared_pairs(found, basis.rate)
    costed, noises = [], []
    for arm, side in zip(found.arms, sides, strict=True):
        costed.append(_with_costs(arm, side, cell, basis.rate))
        trial = side.examples[cell][WHOLE]
        floor = floor_of(side.noise, side.run.plan, trial, rate_name(basis.rate), cell.variant)
        noises.append(cell_noise(floor, blocks, basis.margin))
    # Two boxes may be as noisy as each other by chance: the noise of each stays by its name.
    one_box = len({side.run.box for side in sides}) == 1
    return with_noises(replace(found, arms=tuple(costed)), noises, of_one=one_box)


def _with_costs(arm: ArmSummary, side: Side, cell: Cell, rate: Rate) -> ArmSummary:
    """Return a side with what its rows cost: time, from the merged histograms, and processors."""
    took = latency(good(side.trials[cell].values()), side.run.histograms)
    cpus = processors(side.run.host)
    each = arm.rows_per_s if rate is burst else arm.settled_rows_per_s
    per_cpu = None
    if each is not None and cpus:
        per_cpu = each / cpus.usable
    return replace(
        arm,
        p50_ms=took.p50,
        p99_ms=took.p99,
        latency_intervals=took.intervals,
        rows_per_s_per_cpu=per_cpu,
    )


def explanations(runs: Sequence[PulledRun]) -> Iterable[Explanation]:
    """Return what differs between runs: PostgreSQL's facts, the box's, the texts of variants."""
    known = list(map(_known, runs))
    for name in dict.fromkeys(chain.from_iterable(known)):
        values = tuple(facts.get(name, "–") for facts in known)
        if len(set(values)) > 1:
            yield Explanation(name=name, values=values)


def _known(run: PulledRun) -> dict[str, str]:
    known = {"host": run.box}
    if run.host:
        for name, fact in comparable(run.host).items():
            known[name] = in_words(fact)
            # What was measured has no more digits than mean something.
            if isinstance(fact, float):
                known[name] = f"{fact:,.0f}" if abs(fact) >= 100 else f"{fact:.3g}"
    known["text of harness"] = run.plan.harness.sha256[:8]
    for name, sha256 in texts_of_variants(run.plan).items():
        known[f"text of {name}"] = sha256
    for name, sha256 in run.plan.pieces.items():
        known[f"file {name}"] = sha256[:8]
    return known
