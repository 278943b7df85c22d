"""What a comparison tells, in its JSON form: arms, pairs of them with verdicts, ranks. How they come about is others'.

``compare`` sets the arms of a run against each other, ``ranking`` does over all cells, ``sides`` whole runs and hosts.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

from bench.analysis.worth import Worth
from bench.model.language import tr
from bench.model.values import Layout, Transport
from bench.plan.contrast import distinguishing
from bench.plan.rates import RateName
from bench.stats.compare import Comparison, Verdict
from bench.stats.intervals import Interval

Across = Literal["run", "host", "version", "engine"]
"""By what whole runs differ."""
OF_RUNS = get_args(Across)
"""Every other factor is one of a run's trials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellNoise:
    """What the box says when an arm is compared with itself in this cell.

    Attributes:
        variant: the arm; it need not be one of those compared here.
        measured: when, and with how many blocks.
        spread: standard deviation of the log ratio of two trials of one arm in one block.
        drift: relative change of the rate from the first block to the last.
        detectable: the smallest relative difference that as many blocks as compared here find in 8 of 10 cases.
        blocks_for_margin: blocks in which equal arms are called equivalent in 8 of 10 cases; None if beyond reason.

    """

    variant: str
    measured: str
    blocks: int
    spread: float
    drift: float
    detectable: float | None
    blocks_for_margin: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSummary:
    """One arm in one cell: geometric means over its trials that are not void, None where there are none.

    The ratio of two arms is that of these figures, where no block of either is left out.

    Attributes:
        name: the value of the factor: a variant, a layout, ``batch=500``, a run, a host.
        durability: more than one where its trials differ in it.
        refused: why it never ran.
        wal_files_created: the most WAL files that one of its trials had to create on the way; None where not known.
        p50_ms: of a commit, from the merged histograms; None where those were not read, as between arms of one run.
        p99_ms: likewise.
        latency_intervals: of those that are reported, by name (``p50``, ``p99``), as in ``Latency``.
        rows_per_s_per_cpu: settled where that is the headline, over the processors that may be used there.
        joules_per_1000_rows: of the processor packages over the window (RAPL); not wall power.
        server_us_per_row: CPU time of the server's processes; None where it was not observed.
        noise: of its box, where that of the arms is not the same; else the cell has it.

    """

    name: str
    durability: tuple[str, ...]
    trials: int
    void: int
    suspect: int
    refused: str | None
    rows_per_s: float | None
    settled_rows_per_s: float | None
    wal_files_created: int | None
    p50_ms: float | None = None
    p99_ms: float | None = None
    latency_intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    rows_per_s_per_cpu: float | None = None
    joules_per_1000_rows: float | None = None
    server_us_per_row: float | None = None
    noise: CellNoise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """A setting that differs in effect; None where an extension's is not set."""

    name: str
    baseline: str | None
    candidate: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuRatio:
    """What a row costs the candidate's server of CPU time, over what it costs the baseline's: below 1 is less.

    Attributes:
        blocks: with both.
        ratio: geometric mean of candidate ÷ baseline.
        interval: of the ratio; None where one block alone has both.

    """

    blocks: int
    ratio: float
    interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRatio:
    """What a row costs the candidate of one thing, beside what it costs the baseline: a ratio below 1 is less.

    Attributes:
        name: of the cost (``bench.model.record.COSTS``).
        baseline: a row, on average over the blocks that have both.
        candidate: likewise.
        blocks: that have both.
        ratio: geometric mean of candidate ÷ baseline, that of the means where a block cost either nothing; None where
            no block cost one of them anything.
        interval: of the ratio, marginal; None also where one block alone has both.
        error: standard error of the ratio's logarithm; None likewise.
        freedom: degrees of freedom of its t distribution; None likewise.

    """

    name: str
    baseline: float
    candidate: float
    blocks: int
    ratio: float | None
    interval: Interval | None
    error: float | None = None
    freedom: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a comparison says, by its pair alone or by its run's rule; its ends are None where it has no interval.

    ``error`` is the standard error of the ratio's logarithm, with so many degrees of freedom.
    """

    ratio: float
    low: float | None
    high: float | None
    verdict: Verdict
    error: float | None = None
    freedom: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedFor:
    """A covariate: what tells how fast the machine was.

    Attributes:
        name: of the covariate.
        slope: of the log rate, by the covariate: by the logarithm of a time, by percent of ``steal``, by a core of
            ``others``.
        taken: the unadjusted ratio is the adjusted one times this, of each covariate.
        taken_low: lower end of its interval.
        taken_high: upper end.
        differs_between_candidates: False: ``taken`` lies, with its interval, within half the plan's margin; True: its
            interval excludes 1; None: these blocks can't tell.

    """

    name: str
    slope: float
    taken: float
    taken_low: float
    taken_high: float
    differs_between_candidates: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two arms of one cell, or over all of them.

    Attributes:
        settled: of the settled rates; None where there is no block with both. Where p-values are adjusted, what the
            headline's detects, and how many more blocks would decide, are reported as one of all those pairs.
        burst: of the burst rates.
        adjusted_p: of the headline, by Holm over all pairs of the report; None in a run until decided.
        adjusted_equivalence_p: of a difference of the margin or more, likewise; up to half of alpha it is equivalence.
        verdict: of the headline, as far as the adjusted p-values bear it. None where nothing could be compared.
        left_out: blocks that do not count, each with the reason.
        differs: settings that differ in effect on this box.
        server_cpu: of versions of the database; None of every other factor, or where it was not observed.
        costs: of each thing that was observed of both.
        unadjusted: the headline's, as its rates are.
        adjusted: for the covariates; None where that can't be, as ``why_unadjusted`` says.
        covariates: that it is adjusted for.
        adjusted_decides: the adjusted comparison, where the verdict is its; None: that of the headline's rates.
        why_unadjusted: why the adjusted one does not decide; None: it does, or nothing could be compared.
        taken: interval of unadjusted ÷ adjusted, of all covariates together.
        machine_alike: True: what tells the machine's speed is shown to be the same under both, each covariate and all
            together; False: it is shown to differ; None: these blocks can't tell, or nothing is adjusted.
        hinges_on: covariates that would have to be the same under both for the adjusted comparison to decide; empty
            where it decides, or where something else keeps it from that.
        not_adjusted_for: of covariates that the rule would have taken, why they were left out.

    """

    baseline: str
    candidate: str
    settled: Comparison | None
    burst: Comparison | None
    adjusted_p: float | None
    verdict: Verdict | None
    left_out: tuple[str, ...]
    differs: tuple[Differing, ...]
    server_cpu: CpuRatio | None = None
    adjusted_equivalence_p: float | None = None
    costs: tuple[CostRatio, ...] = ()
    unadjusted: Stated | None = None
    adjusted: Stated | None = None
    covariates: tuple[AdjustedFor, ...] = ()
    adjusted_decides: Comparison | None = None
    why_unadjusted: str | None = None
    taken: Interval | None = None
    machine_alike: bool | None = None
    hinges_on: tuple[str, ...] = ()
    not_adjusted_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """Where an arm stands among others: from ``best`` to ``worst``, as far as the blocks tell.

    No rank separates two arms whose verdict is undecided.
    """

    arm: str
    best: int
    worst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The arms of one durability among each other: speed bought with durability is no answer to which is faster."""

    durability: tuple[str, ...]
    ranking: tuple[Rank, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overall:
    """All cells as one: of each arm, block by block, the geometric mean of its rates over them.

    Attributes:
        cells: that went in, each with the same weight.
        pairs: each other arm against the first, in the blocks in which both have a rate in every cell; their p-values
            are adjusted over these pairs alone (Holm).
        standings: by durability, that of the first arm first.

    """

    cells: int
    pairs: tuple[Pair, ...]
    standings: tuple[Standing, ...]


def of_version(version: str | None) -> str | None:
    """Return a version of the database in words; None of none."""
    return tr("version {name}", name=version) if version else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """A variant of the plan without trials: on this box it comes to the same as another one (None: as no other)."""

    name: str
    same_as: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellComparison:
    """What its arms have in common; null, or no such parameter, is the factor by which they differ."""

    phase: str | None
    method: str | None
    driver: str | None
    """Null too where one driver alone carried the phase out."""
    layout: Layout | None
    transport: Transport | None
    version: str | None
    """Of the database; null too where a run has one."""
    parameters: dict[str, int | float | str | None]
    variant: str | None
    arms: tuple[ArmSummary, ...]
    pairs: tuple[Pair, ...]
    """Each other arm against the first."""
    ranking: tuple[Rank, ...]
    noise: CellNoise | None

    def differing(self, cells: Iterable["CellComparison"]) -> list[str]:
        """Return the parameters, with their values, by which this cell differs from other ones of its phase."""
        # Between phases they differ too: that goes with the phase, which is named.
        same_phase = [cell.parameters for cell in cells if cell.phase == self.phase]
        return distinguishing(self.parameters, same_phase)

    @property
    def server(self) -> str | None:
        """Its version of the database in words, where a run has several."""
        return of_version(self.version)

    def briefly(self, cells: Iterable["CellComparison"]) -> list[str]:
        """Return its phase, and what tells it from the other cells."""
        cells = list(cells)
        words = [self.phase] if self.phase else []
        for name in ("driver", "layout", "transport", "variant", "server"):
            values = {getattr(cell, name) for cell in cells}
            if len(values) > 1:
                words.append(getattr(self, name) or "–")
        return words + self.differing(cells)

    def where(self, cells: Iterable["CellComparison"]) -> str:
        """Return phase, driver, layout and transport, and what tells it from the other cells."""
        words = (self.phase, self.driver, *self.differing(cells), self.layout, self.transport, self.server)
        return " ".join(filter(None, words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What differs between runs or hosts and could explain a difference: a value each, in the order of the arms."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Longer:
    """What a new run of the same would tell, by the plan's own estimate and the spread that was seen.

    Attributes:
        blocks: of the new run.
        seconds: that it takes; of a run until decided, at most.
        tells: half the width of the interval then, relative; None where one block shows no spread.

    """

    blocks: int
    seconds: float
    tells: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonReport:
    """A comparison, and what a reader must know before reading it."""

    schema: Literal["pgladder/comparison/3"] = "pgladder/comparison/3"
    across: str
    """The factor by which the arms differ: one of a trial's, or run, host, version, engine."""
    runs: tuple[str, ...]
    hosts: tuple[str, ...]
    complete: bool
    notes: tuple[str, ...]
    headline: RateName
    margin: float
    alpha: float
    decided_after: int | None
    """The block after which a run until decided ended; None where it has no such rule, or came to its last block."""
    max_blocks: int | None
    """Of a run until decided: its intervals are the spending rule's."""
    cells: tuple[CellComparison, ...]
    explanations: tuple[Explanation, ...]
    overall: Overall | None = None
    """Of variants over two cells or more."""
    alike: tuple[Alike, ...] = ()
    paired: bool = True
    """Rates are compared block by block, as the blocks were interleaved; of runs that never holds."""
    of_runs: bool = False
    """Its arms are whole runs, not arms of one."""
    sentence: str = ""
    """What follows from it, in one or two sentences."""
    worth: tuple[Worth, ...] = ()
    """Of hosts: what each gives for a core, a watt and its price, as far as these are known."""
    longer: Longer | None = None
    """What would tell more where the sentence leaves something open; None also where nothing within reason would."""
