"""Comparisons adjusted for how fast the machine was in each trial: by which covariates, and whether they decide.

The plan names the covariates before any outcome is seen (``bench.plan.adjustment``), the arithmetic is
``bench.stats.adjusted``'s. The slopes of a rung come from all candidates of all its cells: its client does the same
work in each. Never between runs or hosts: there the machine's speed is part of the question.

The adjusted comparison decides only where the covariates are shown to be the same under both candidates: what adjusting
takes away by each, and by all together, lies, with its interval, within half the margin. That is the plan's margin: one
that is asked for when the outcome is known would choose what decides. A configuration may slow the client down on cores
that both share; then the covariate is an outcome, and part of what is asked would be taken away. As the unadjusted
effect is the adjusted one and what was taken, no other look at the same trials can spare that proof. Where they can't
give it the unadjusted decides, and the adjusted tells what holds if the candidates leave the covariates alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import exp, log, log1p
from operator import add, sub
from typing import TypeVar, cast

from bench.analysis.comparison import AdjustedFor
from bench.analysis.listing import listed
from bench.model.language import later, tr, tr_many
from bench.model.outcome import AnyRecord
from bench.model.plan import Plan
from bench.model.record import cores_of_ours
from bench.plan.adjustment import COVARIATES, applicable, bearable
from bench.plan.contrast import Cell
from bench.plan.rates import Block, ByBlock
from bench.plan.rule import usual_margin
from bench.stats.adjusted import (
    Gap,
    Shift,
    Slopes,
    Table,
    compare_adjusted,
    freedom_of,
    shifts,
    slopes_of,
    taken_together,
)
from bench.stats.compare import ALPHA, Comparison, log_ratios, ratios
from bench.stats.intervals import Interval

OfBlocks = Mapping[Block, float]
Levels = Mapping[str, Sequence[float]]
"""By covariate, or arm, what trials met of it, in the order of the blocks that have a rate."""
T = TypeVar("T")
Rung = tuple[object, ...]
"""Phase, driver and parameters: of one rung the client does one kind of work."""

NO_RULE = later("its plan names no covariate: it was made before adjusting was")
UNTIL_DECIDED = later(
    "a run until decided spends its alpha by the share of its blocks, which with a slope that each look estimates anew"
    " is not the share of information"
)
OF_RUNS = later("between runs and hosts the machine's speed is part of what is asked")
TOO_FEW = later("so few blocks leave nothing to tell the slope's error by")
WORDS = {
    "client-cpu": later("the client's CPU time a row"),
    "metronome": later("the CPU time of the metronome's fixed work"),
    "steal": later("the CPU time that the hypervisor gave to others"),
    "others": later("the number of cores that other programs used"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A comparison by adjusted rates."""

    comparison: Comparison | None = None
    covariates: tuple[AdjustedFor, ...] = ()
    taken: Interval | None = None
    """Of unadjusted ÷ adjusted."""
    alike: bool | None = None
    """Whether the covariates are shown to be the same under both; None: these blocks can't tell."""
    hinges_on: tuple[str, ...] = ()
    """Covariates that would have to be the same for it to decide."""
    left_out: tuple[str, ...] = ()
    """Of covariates that the rule would have taken, why they are none."""
    why_not: str | None
    """Why it does not decide; None: it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """The covariates of a rung."""

    names: Sequence[str] = ()
    slopes: Slopes | None = None
    left_out: tuple[str, ...] = ()
    why_none: str | None = None


@dataclass(frozen=True, slots=True)
class _Arm:
    """An arm in a cell, or over several: its rates and, by rung, what its trials met there."""

    rates: OfBlocks
    levels: Mapping[Rung, Levels]
    cells: int


@dataclass(frozen=True, slots=True)
class _Member:
    """A cell of a rung: by arm its records, and the rates that decide."""

    arms: Mapping[str, ByBlock]
    rates: Mapping[str, OfBlocks]

    def met(self, name: str, cpus: int | None) -> dict[str, list[float | None]]:
        """Return a covariate of each arm's trials that have a rate."""
        return {arm: levels(name, among(self.arms[arm], of), cpus) for arm, of in self.rates.items()}

    def table(self, known: Mapping[str, Levels]) -> Table | None:
        """Return the blocks in which every arm that was measured has a rate; ``known`` is by covariate and arm."""
        rates = {name: of_blocks for name, of_blocks in self.rates.items() if of_blocks}
        first, *others = rates.values() or [{}]
        blocks = list(first)
        for other in others:
            blocks = in_both(blocks, other)
        if len(rates) < 2 or len(blocks) < 2:
            return None
        logs = [list(map(log, among(of_blocks, blocks))) for of_blocks in rates.values()]
        covariates = {}
        for name, of_arms in known.items():
            covariates[name] = [aligned(of_arms[arm], of_blocks, blocks) for arm, of_blocks in rates.items()]
        return Table(logs, covariates)


class Adjusting:
    """What the arms of one comparison are adjusted by; an arm is known by the object that holds its rates."""

    def __init__(self, plan: Plan, factor: str, cpus: int | None, margin: float) -> None:
        """Take the rule of a plan; ``cpus`` are the processors of its box, None: not known.

        ``margin`` is what the answer counts as equal; what decides hangs on the plan's alone.
        """
        self._names = applicable(plan.adjusted_for or COVARIATES, factor)
        self._cpus, self._margin = cpus, margin
        self._half = log1p(usual_margin(plan)) / 2
        self._chosen: dict[Rung, _Chosen] = {}
        self._arms: dict[int, _Arm] = {}
        self._rule: str | None = None
        if plan.until_decided:
            self._rule = UNTIL_DECIDED
        elif not plan.adjusted_for:
            self._rule = NO_RULE

    @property
    def decides(self) -> bool:
        """Whether any adjusted comparison may decide."""
        return self._rule is None

    # --- what is known of the arms -----------------------------------------------------------------------------------

    def add_cells(self, cells: Mapping[Cell, Mapping[str, ByBlock]], rates: Sequence[Mapping[str, OfBlocks]]) -> None:
        """Estimate the slopes of each rung; ``rates`` are those of the cells' arms that decide."""
        rungs: dict[Rung, list[_Member]] = {}
        for (cell, arms), of_arms in zip(cells.items(), rates, strict=True):
            rungs.setdefault((cell.phase, cell.driver, cell.parameters), []).append(_Member(arms, of_arms))
        for rung, members in rungs.items():
            self._add_rung(rung, members)

    def _add_rung(self, rung: Rung, members: Sequence[_Member]) -> None:
        """Estimate the slopes of those covariates that the trials bear, and keep what the arms met of them."""
        known: dict[str, Sequence[Levels]] = {}
        useless: dict[str, str | None] = {}
        for name in self._names:
            found = []
            rows: list[list[float | None]] = []
            for member in members:
                met = member.met(name, self._cpus)
                found.append(met)
                rows += met.values()
            useless[name] = _useless(name, rows)
            if useless[name] is None:
                known[name] = cast(Sequence[Levels], found)
        tables = []
        for at, member in enumerate(members):
            table = member.table({name: found[at] for name, found in known.items()})
            if table:
                tables.append(table)
        chosen = self._chosen[rung] = _choose(tables, useless)
        for at, member in enumerate(members):
            for arm, of_blocks in member.rates.items():
                of_arm = {name: known[name][at][arm] for name in chosen.names}
                self._arms[id(of_blocks)] = _Arm(of_blocks, {rung: of_arm}, 1)

    def add_over(self, over: Mapping[str, OfBlocks], cells: Sequence[Mapping[str, OfBlocks]]) -> None:
        """Add arms over several cells: as their rates are means over these, so is what their trials met."""
        for name, of_blocks in over.items():
            means: dict[Rung, dict[str, list[float]]] = {}
            for cell in cells:
                arm = self._arms[id(cell[name])]
                for rung, met in arm.levels.items():
                    into = means.setdefault(rung, {})
                    for covariate, values in met.items():
                        share = [value / len(cells) for value in aligned(values, arm.rates, list(of_blocks))]
                        before = into.get(covariate, [0.0] * len(share))
                        into[covariate] = list(map(add, before, share))
            self._arms[id(of_blocks)] = _Arm(of_blocks, means, len(cells))

    # --- two of them -------------------------------------------------------------------------------------------------

    def compare(self, one: OfBlocks, other: OfBlocks, alpha: float) -> Found | None:
        """Compare two arms; None where they have no block in common, or are none of these."""
        baseline, candidate = self._arms.get(id(one)), self._arms.get(id(other))
        both = in_both(list(one), other)
        if baseline is None or candidate is None or not both:
            return None
        gaps = self._gaps(baseline, candidate, both)
        if not gaps:
            return Found(why_not=self._chosen[next(iter(baseline.levels))].why_none)
        logs = log_ratios(among(one, both), among(other, both))
        found = None
        if len(both) > 1:
            found = compare_adjusted(logs, gaps, cells=baseline.cells, margin=self._margin, alpha=alpha)
        if found is None:
            return Found(why_not=TOO_FEW)
        left_out: dict[str, None] = {}
        for rung in baseline.levels:
            left_out |= dict.fromkeys(self._chosen[rung].left_out)
        return self._judged(found, gaps, tuple(left_out))

    def _judged(self, found: Comparison, gaps: Sequence[Gap], left_out: tuple[str, ...]) -> Found:
        """Return an adjusted comparison with whether it decides."""
        covariates = tuple(_adjusted_for(shift, self._half) for shift in shifts(gaps, ALPHA))
        taken = taken_together(gaps, ALPHA)
        together = _differs(taken, self._half)
        alike = _alike(covariates, together)
        hinges_on: tuple[str, ...] = ()
        if self._rule is None and alike is None:
            # Where each is shown to be the same by itself, but not together, on all of them.
            hinges_on = _shown(covariates, None) or _names(covariates)
        return Found(
            comparison=found,
            covariates=covariates,
            taken=ratios(taken),
            alike=alike,
            hinges_on=hinges_on,
            left_out=left_out,
            why_not=self._rule or _doubt(covariates, together),
        )

    def _gaps(self, one: _Arm, other: _Arm, blocks: Sequence[Block]) -> list[Gap]:
        gaps = []
        for rung, met in one.levels.items():
            slopes = self._chosen[rung].slopes
            if slopes is None:
                continue
            between: dict[str, list[float]] = {}
            for name, values in met.items():
                beside = aligned(other.levels[rung][name], other.rates, blocks)
                between[name] = list(map(sub, beside, aligned(values, one.rates, blocks)))
            gaps.append(Gap(slopes=slopes, between=between))
        return gaps


# --- blocks in the order in which they are compared; mostly all have the same, which is quick to see -----------------


def in_both(blocks: list[Block], other: OfBlocks) -> list[Block]:
    """Return the blocks that the other has too."""
    if blocks == list(other):
        return blocks
    return [block for block in blocks if block in other]


def among(of_blocks: Mapping[Block, T], blocks: Collection[Block]) -> list[T]:
    """Return what there is of these blocks, in their order."""
    if list(of_blocks) == list(blocks):
        return list(of_blocks.values())
    return [of_blocks[block] for block in blocks]


def aligned(values: Sequence[float], blocks: Collection[Block], wanted: Sequence[Block]) -> Sequence[float]:
    """Return those of values, one of each of ``blocks``, that are of the wanted ones, in their order."""
    if list(blocks) == wanted:
        return values
    by_block = dict(zip(blocks, values, strict=True))
    return [by_block[block] for block in wanted]


# --- what a trial met ------------------------------------------------------------------------------------------------


def levels(name: str, records: Sequence[AnyRecord], cpus: int | None) -> list[float | None]:
    """Return a covariate of trials, of a time its logarithm; None where it is not known."""
    match name:
        case "client-cpu":
            # That of client boxes tells nothing of the server's.
            return _logs([_client_us(record) for record in records])
        case "metronome":
            return _logs([record.metronome_ms for record in records])
        case "steal":
            return [record.cpu.steal_pct for record in records]
    return [_others(record, cpus) for record in records]


def _client_us(record: AnyRecord) -> float | None:
    return None if record.trial.parameters.client_boxes else record.costs.get("client_us")


def _others(record: AnyRecord, cpus: int | None) -> float | None:
    used = record.cpu
    ours = cores_of_ours(used)
    if cpus is None or used.host_pct is None or ours is None:
        return None
    return used.host_pct / 100 * cpus - ours


def _logs(values: Sequence[float | None]) -> list[float | None]:
    return [log(value) if value else None for value in values]


def _useless(name: str, rows: Sequence[Sequence[float | None]]) -> str | None:
    """Say why trials can't be adjusted for a covariate; None: they can."""
    lacking, trials = sum(row.count(None) for row in rows), sum(map(len, rows))
    if lacking:
        return tr(
            "{what} is not known of {lacking} of {trials} trials", what=tr(WORDS[name]), lacking=lacking, trials=trials
        )
    if len(set(chain.from_iterable(rows))) < 2:
        return tr("{what} was the same in all trials", what=tr(WORDS[name]))
    return None


def _choose(tables: Sequence[Table], useless: Mapping[str, str | None]) -> _Chosen:
    """Return the first covariates that so many blocks bear and that tell something; ``useless`` says why one can't."""
    names: list[str] = []
    slopes: Slopes | None = None
    left_out: list[str] = []
    most = bearable(freedom_of(tables))
    for name, why in useless.items():
        if why and not names:
            # Without the first there is nothing for the others to stand beside.
            return _Chosen(why_none=why)
        if len(names) == most:
            break
        more = None if why else slopes_of(tables, [*names, name])
        if more:
            names.append(name)
            slopes = more
        elif not names:
            return _Chosen(why_none=tr("{what} did not vary within blocks", what=tr(WORDS[name])))
        else:
            left_out.append(
                why or tr("{what} tells no more than {others}", what=tr(WORDS[name]), others=in_words(names))
            )
    return _Chosen(names=names, slopes=slopes, left_out=tuple(left_out), why_none=None if slopes else TOO_FEW)


# --- whether it decides ----------------------------------------------------------------------------------------------


def _adjusted_for(shift: Shift, half: float) -> AdjustedFor:
    return AdjustedFor(
        name=shift.name,
        slope=shift.slope,
        taken=exp(shift.taken),
        taken_low=exp(shift.interval.low),
        taken_high=exp(shift.interval.high),
        differs_between_candidates=_differs(shift.interval, half),
    )


def _differs(taken: Interval, half: float) -> bool | None:
    """Say whether what adjusting takes is more than nothing; None: its interval can't tell."""
    if taken.inside(-half, half):
        return False
    if taken.low > 0 or taken.high < 0:
        return True
    return None


def _names(covariates: Iterable[AdjustedFor]) -> tuple[str, ...]:
    return tuple(each.name for each in covariates)


def _shown(covariates: Iterable[AdjustedFor], differ: bool | None) -> tuple[str, ...]:
    """Return those that are shown to differ, or to be the same; None: of which neither is shown."""
    return _names(each for each in covariates if each.differs_between_candidates is differ)


def _alike(covariates: Sequence[AdjustedFor], together: bool | None) -> bool | None:
    if together or _shown(covariates, True):
        return False
    if together is None or _shown(covariates, None):
        return None
    return True


def _doubt(covariates: Sequence[AdjustedFor], together: bool | None) -> str | None:
    """Say which covariates are not shown to be the same under both; None: all are."""
    if differing := _shown(covariates, True):
        return tr_many(
            "{what} differs between the candidates",
            "{what} differ between the candidates",
            len(differing),
            what=in_words(differing),
        )
    every = in_words(_names(covariates))
    if together:
        return tr("{what} together differ between the candidates", what=every)
    if unproved := _shown(covariates, None):
        return tr_many(
            "these blocks can't show that {what} is the same under both candidates",
            "these blocks can't show that {what} are the same under both candidates",
            len(unproved),
            what=in_words(unproved),
        )
    if together is None:
        return tr("these blocks can't show that {what} together are the same under both candidates", what=every)
    return None


def in_words(names: Sequence[str]) -> str:
    """Return covariates as a sentence lists them."""
    return listed([tr(WORDS[name]) for name in names])
