"""Whole runs set beside each other, of one box at two times or of several.

Their blocks were not interleaved, but those of boxes that share a machine and took turns: these are paired by block.
What must be the same for that stops it by name; what differs else is listed, as it could explain a difference.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bench.analysis.compare import adjusted
from bench.analysis.comparison import ArmSummary, CellComparison, ComparisonReport, Explanation, Pair
from bench.analysis.counted import good, latency
from bench.analysis.effects import Effects, effect_notes, effects_of, settings_differing
from bench.analysis.noise import BoxNoise, cell_noise, floor_of
from bench.analysis.notes import arm_notes, block_notes, durability_notes, no_settled, side_notes
from bench.analysis.pairing import interleaved, share_kernel
from bench.analysis.pooling import differing, windows
from bench.analysis.pulled import PulledRun, extent_notes
from bench.analysis.summary import compared_blocks, summary, typical
from bench.analysis.utilisation import processors
from bench.model.errors import UsageError
from bench.model.fingerprint import Fact, Fingerprint
from bench.model.fingerprint_diff import comparable, in_words
from bench.model.record import Record
from bench.plan.contrast import (
    Block,
    ByBlock,
    Cell,
    Rate,
    burst,
    by_cell,
    headline,
    rate_name,
    rates,
    refused,
    settled,
    shared,
    why_void,
)
from bench.stats.compare import ALPHA, MARGIN, Comparison, compare
from bench.stats.unpaired import compare_apart

INTERLEAVED = (
    "These boxes share a machine and took turns block by block: rates are paired by block, so what drifted slowly on"
    " that machine cancels."
)
NOT_INTERLEAVED = {
    "runs": "These runs' blocks were not interleaved: what drifted between them (heat, neighbours, the disk's state) is"
    " in the ratio too.",
    "hosts": "These are different boxes, each measured on its own: blocks were not interleaved, so what drifted on one"
    " is in the ratio too.",
}
TOGETHER = (
    "These boxes share a machine and did not take turns: what drifted between them is in the ratio too, and where they"
    " measured at the same time, what each took from the other. make compare-hosts has them take turns."
)
MOST_NAMED = 3
UNKNOWN = "unknown"
Kind = Literal["runs", "hosts"]
OfBlocks = Mapping[Block, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """By which rate the sides are compared, whether block by block, and what difference does not matter."""

    rate: Rate
    paired: bool
    margin: float

    def compare(self, one: OfBlocks, other: OfBlocks) -> Comparison | None:
        """Compare the rates of two sides; None where there is nothing to compare."""
        both = shared(one, other) if self.paired else (list(one.values()), list(other.values()))
        if not all(both):
            return None
        return compare(*both, margin=self.margin) if self.paired else compare_apart(*both, margin=self.margin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One run, under the name it has in the comparison; its trials by cell and variant."""

    name: str
    run: PulledRun
    noise: BoxNoise | None
    trials: Mapping[tuple[Cell, str], ByBlock]
    effects: Effects


def compare_runs(
    runs: Sequence[PulledRun], kind: Kind, noise: Sequence[BoxNoise | None] = (), *, margin: float = MARGIN
) -> ComparisonReport:
    """Compare runs with the first of them.

    Args:
        runs: two or more.
        kind: whether they are of one box, or of several.
        noise: of each run's box, as far as that is known.
        margin: that does not matter.

    Raises:
        UsageError: they can't be compared at all; names what differs.

    """
    names = names_of(runs, kind)
    sides = [_side(*each) for each in zip(names, runs, noise or [None] * len(runs), strict=True)]
    places = _in_all(sides)
    unsettled = [side.name for side in sides if headline(side.run.records) is burst]
    rate = burst if unsettled else settled
    paired = kind == "hosts" and interleaved(runs)
    how = How(rate=rate, paired=paired, margin=margin)
    cells = adjusted(
        [_with_noise(_cell(*place, sides, how), place, sides, how) for place in places],
        by_burst=rate is burst,
    )
    return ComparisonReport(
        kind=kind,
        runs=tuple(run.plan.run for run in runs),
        hosts=tuple(run.host.host for run in runs if run.host),
        complete=all(run.complete and run.sealed for run in runs),
        notes=(
            *durability_notes(cells),
            *(note for run in runs for note in extent_notes(run, several=True)),
            *_boxes(sides, kind),
            INTERLEAVED if paired else TOGETHER if kind == "hosts" and share_kernel(runs) else NOT_INTERLEAVED[kind],
            *_unknown(sides),
            *_left_apart(sides),
            *([no_settled(unsettled if len(unsettled) < len(sides) else [])] if unsettled else []),
            *block_notes([run.plan for run in runs], cells, by_burst=rate is burst),
            *arm_notes(cells),
            *side_notes({side.name: side.run for side in sides}),
            *dict.fromkeys(note for run in runs for note in effect_notes(run.plan)),
        ),
        headline=rate_name(rate),
        margin=margin,
        alpha=ALPHA,
        decided_after=None,
        max_blocks=None,
        cells=tuple(cells),
        explanations=tuple(explanations(runs)),
        paired=paired,
    )


def names_of(runs: Sequence[PulledRun], kind: Kind) -> list[str]:
    """Return a name for each: its run's or its host's, where those are namesakes both."""
    hosts = [run.box for run in runs]
    if kind == "hosts" and (twice := [host for host in dict.fromkeys(hosts) if hosts.count(host) > 1]):
        raise UsageError(
            f"Several of these runs are of one box, {twice[0]}: as runs they are compared by pgladder compare A B."
        )
    names = hosts if kind == "hosts" else [run.plan.run for run in runs]
    if len(set(names)) < len(names):
        names = [f"{run.plan.run} {host}" for run, host in zip(runs, hosts, strict=True)]
    if len(set(names)) < len(names):
        raise UsageError(f"Run {names[0]} is there twice: nothing to compare.")
    return names


def _side(name: str, run: PulledRun, noise: BoxNoise | None) -> Side:
    found = by_cell(run.plan, run.records)
    trials = {(cell, variant): blocks for cell, arms in found.items() for variant, blocks in arms.items()}
    return Side(name=name, run=run, noise=noise, trials=trials, effects=effects_of(run.plan, run.host))


def _boxes(sides: Sequence[Side], kind: Kind) -> list[str]:
    """Say that runs are of boxes of different names, which between hosts is the question."""
    names = list(dict.fromkeys(side.run.box for side in sides))
    if kind == "hosts" or len(names) < 2:
        return []
    return [f"These runs are of different boxes, {' and '.join(names)}: what differs between those is in the ratio."]


def _unknown(sides: Sequence[Side]) -> list[str]:
    """Say that nobody knows PostgreSQL's version: where one is known, the want of it stops the comparison."""
    names = [side.name for side in sides if major(side.run.host) == UNKNOWN]
    return [f"The version of PostgreSQL is not known of {' and '.join(names)}: it may be another."] if names else []


# --- what must be the same -------------------------------------------------------------------------------------------


def _in_all(sides: Sequence[Side]) -> list[tuple[Cell, str]]:
    """Return where all sides have trials, in the order of the first.

    Raises:
        UsageError: what must be the same is not, or there is no such place.

    """
    first, *others = sides
    places = list(first.trials)
    for other in others:
        places = [place for place in places if place in other.trials]
        differs = must_match(first.run, other.run) or ([] if places else _only_in_one(first, other))
        if differs:
            more = f"; and {len(differs) - MOST_NAMED} more" if differs[MOST_NAMED:] else ""
            raise UsageError(
                f"{first.name} and {other.name} can't be compared: {'; '.join(differs[:MOST_NAMED])}{more}."
                " Measure both by one plan: pgladder reproduce."
            )
    return places


def _left_apart(sides: Sequence[Side]) -> list[str]:
    """Say what not all sides have: it is compared with nothing."""
    first, *others = sides
    found = dict.fromkeys(each for other in others for each in _only_in_one(first, other))
    return [f"Not compared: {'; '.join(found)}."] if found else []


def must_match(one: PulledRun, other: PulledRun) -> list[str]:
    """Return what of two runs is not the same and makes their numbers no pair; their cells apart."""
    return differing(*(windows(run.plan) | {"PostgreSQL": major(run.host)} for run in (one, other)))


def major(host: Fingerprint | None) -> str:
    """Return PostgreSQL's major version; a fork or a fingerprint that is missing is not guessed at."""
    version = host.facts.get("postgresql", {}).get("version") if host else None
    words = version.split() if isinstance(version, str) else []
    return words[1].split(".")[0] if len(words) > 1 else UNKNOWN


def _only_in_one(one: Side, other: Side) -> list[str]:
    return [*_missing(one, other), *_missing(other, one)]


def _missing(one: Side, other: Side) -> Iterable[str]:
    """Name what only one has, by the word that says most: a phase, layout, transport, variant, else parameters."""
    told = set()
    for cell, variant in one.trials.keys() - other.trials.keys():
        theirs = [where for where, _ in other.trials]
        told.add(f"{_first_lacking(cell, variant, theirs, other)} is only in {one.name}")
    return sorted(told)


def _first_lacking(cell: Cell, variant: str, theirs: Sequence[Cell], other: Side) -> str:
    for name in ("phase", "layout", "transport"):
        if getattr(cell, name) not in {getattr(each, name) for each in theirs}:
            return f"{name} {getattr(cell, name)}"
    if variant not in {each for _, each in other.trials}:
        return f"variant {variant}"
    return f"phase {cell.phase} ({cell.method}) with these parameters, {variant}, {cell.layout}, {cell.transport}"


# --- what is compared ------------------------------------------------------------------------------------------------


def _cell(cell: Cell, variant: str, sides: Sequence[Side], how: How) -> CellComparison:
    first, *others = sides
    rated = {side.name: rates(side.trials[cell, variant], how.rate) for side in sides}
    compared = compared_blocks(rated) if how.paired else rated
    arms = [_summary(side, (cell, variant), how.rate, compared[side.name]) for side in sides]
    return CellComparison(
        phase=cell.phase,
        method=cell.method,
        layout=cell.layout,
        transport=cell.transport,
        parameters=cell.parameters,
        variant=variant,
        arms=tuple(arms),
        pairs=tuple(_pair(first, side, (cell, variant), how) for side in others),
        ranking=(),
        noise=None,
    )


def _with_noise(found: CellComparison, where: tuple[Cell, str], sides: Sequence[Side], how: How) -> CellComparison:
    """Return a cell with the noise of the box all sides are of; of several boxes, or of one that changed, by arm."""
    cell, variant = where
    compared = [each for pair in found.pairs if (each := pair.burst if how.rate is burst else pair.settled)]
    blocks = max((each.blocks for each in compared), default=0)
    floors = [floor_of(side.noise, side.run.plan, cell, rate_name(how.rate), variant) for side in sides]
    noises = [cell_noise(floor, blocks, how.margin) for floor in floors]
    if len({side.run.box for side in sides}) == 1 and all(each == noises[0] for each in noises):
        return replace(found, noise=noises[0])
    return replace(found, arms=tuple(replace(arm, noise=noise) for arm, noise in zip(found.arms, noises, strict=True)))


def _pair(first: Side, other: Side, where: tuple[Cell, str], how: How) -> Pair:
    of_settled, of_burst = (
        how.compare(rates(first.trials[where], each), rates(other.trials[where], each)) for each in (settled, burst)
    )
    headlined = of_burst if how.rate is burst else of_settled
    return Pair(
        baseline=first.name,
        candidate=other.name,
        settled=of_settled,
        burst=of_burst,
        adjusted_p=None,
        verdict=headlined.verdict if headlined else None,
        left_out=tuple(_void(side, where) for side in (first, other) if _voids(side, where)),
        differs=settings_differing(first.effects[where[1]], other.effects[where[1]]),
    )


def _voids(side: Side, where: tuple[Cell, str]) -> list[Record]:
    """Return the void trials; those of an arm that was refused in all of them are told by that."""
    records = list(side.trials[where].values())
    return [] if refused(records) else [record for record in records if record.validity.state == "void"]


def _void(side: Side, where: tuple[Cell, str]) -> str:
    voids = _voids(side, where)
    trials = ", ".join(str(record.trial.number) for record in voids)
    return f"trial {trials} of {side.name}: void, {why_void(voids[0])}"


def _summary(side: Side, where: tuple[Cell, str], rate: Rate, compared: Collection[Block]) -> ArmSummary:
    blocks = side.trials[where]
    records = list(blocks.values())
    each, cpus = typical([blocks[block] for block in compared], rate), processors(side.run.host)
    took = latency(good(records), side.run.histograms)
    return replace(
        summary(side.name, blocks, compared),
        p50_ms=took.p50,
        p99_ms=took.p99,
        latency_intervals=took.intervals,
        rows_per_s_per_cpu=each / cpus if each is not None and cpus else None,
    )


def explanations(runs: Sequence[PulledRun]) -> Iterable[Explanation]:
    """Return what differs between runs: PostgreSQL's facts, the box's, the texts of variants."""
    known = [_known(run) for run in runs]
    for name in dict.fromkeys(name for facts in known for name in facts):
        values = tuple(facts.get(name, "–") for facts in known)
        if len(set(values)) > 1:
            yield Explanation(name=name, values=values)


def _known(run: PulledRun) -> dict[str, str]:
    facts = {name: _figure(fact) for name, fact in comparable(run.host).items()} if run.host else {}
    texts = {f"text of {variant.name}": variant.sha256[:8] for variant in (run.plan.harness, *run.plan.variants)}
    return {"host": run.box} | facts | texts


def _figure(fact: Fact) -> str:
    """Return a fact in words, of what was measured no more digits than mean something."""
    if not isinstance(fact, float):
        return in_words(fact)
    return f"{fact:,.0f}" if abs(fact) >= 100 else f"{fact:.3g}"
