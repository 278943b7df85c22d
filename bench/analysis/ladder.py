"""The ladder: one rung a phase, from all its trials under one variant, layout and transport.

Every figure is of all its trials that count as one (``counted``). A void trial counts for nothing but is named; what
makes a number doubtful is carried along for the report to say first.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from statistics import median
from typing import Literal

from hdrh.histogram import HdrHistogram

from bench.analysis.counted import Key, good, latency, pooled, row_latency, settled_s
from bench.analysis.doubts import worst
from bench.analysis.promises import promise_notes
from bench.analysis.pulled import PulledRun, extent_notes, finished, latest
from bench.model.fingerprint import Fact, Fingerprint, Unreadable
from bench.model.plan import Parameters
from bench.model.record import Latency, Reason, Record
from bench.model.values import Layout, Transport
from bench.plan.contrast import driven_by_several
from bench.plan.rule import nothing_left
from bench.stats.laws import in_flight

ROUNDING = 0.002
"""Of a latency in its histogram: three digits."""
NO_SAMPLES = "The samples of this run are not kept here: percentiles over its trials, and their course, are not known."


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why some trials of a rung are suspect, void or slightly doubtful.

    ``reason`` is the gravest one's, that of the trial ``worst``.
    """

    state: str
    trials: tuple[int, ...]
    reason: Reason
    worst: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One phase: its trials that are not void as one; None where there are none."""

    phase: str
    method: str
    """In a word or two, with the driver where several carried the phase out."""
    driver: str
    parameters: Parameters
    trials: int
    void: int
    suspect: int
    rows_per_s: float | None
    rows_per_s_min: float | None
    rows_per_s_max: float | None
    settled_rows_per_s: float | None
    commits_per_s: float | None
    latency_ms: Latency
    row_latency_ms: float | None
    client_cores: float | None
    server_cores: float | None
    host_pct: float | None
    observed: dict[str, dict[str, float | None]]
    """By probe and figure, the median of the trials that know it."""
    step: float | None
    """Against the rung below; None where that has no number or wrote other payloads."""
    vs_phase_1: float | None
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """All rungs under one variant, layout and transport."""

    variant: str
    layout: Layout
    transport: Transport
    durability: tuple[str, ...]
    """More than one where trials differ in it: then they should not have been pooled."""
    preload_rows: int
    seconds: float
    """Of each window."""
    rungs: tuple[Rung, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderReport:
    """All ladders of one run on one host, and what a reader must know before reading them."""

    run: str
    host: Fingerprint | None
    complete: bool
    notes: tuple[str, ...]
    ladders: tuple[Ladder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladders:
    """What ``--json`` gives, of one host as of many."""

    schema: Literal["pgladder/ladders/3"] = "pgladder/ladders/3"
    hosts: tuple[LadderReport, ...]


def ladder_report(run: PulledRun) -> LadderReport:
    """Return what a run's records say; its ladders in the order of the plan's variants, the baseline first."""
    order = [variant.name for variant in run.plan.variants]
    of_host = host_notes(run.host) if run.host else ["This run has no fingerprint: it ended before it was taken."]
    kept = [] if run.with_samples else [NO_SAMPLES]
    return LadderReport(
        run=run.plan.run,
        host=run.host,
        complete=run.complete and run.sealed,
        notes=(
            *extent_notes(run),
            *_ended_early(run),
            *kept,
            *promise_notes(latest(run.records)),
            *of_host,
        ),
        ladders=tuple(sorted(ladders(run.records, run.histograms), key=lambda each: order.index(each.variant))),
    )


def _ended_early(run: PulledRun) -> list[str]:
    """Say that a run ended by its own rule, before the last trial of its plan."""
    done, planned = len(finished(run.records)), len(run.plan.trials)
    if done == planned or not run.complete:
        return []
    why = nothing_left(run.plan, latest(run.records)) or "its comparison was decided"
    return [f"This run ended after {done} of at most {planned} trials: {why}."]


def host_notes(host: Fingerprint) -> list[str]:
    """Return what of the host must be known before its numbers are read."""
    facts: defaultdict[str, dict[str, Fact]] = defaultdict(dict, host.facts)
    system, cpu, limits = facts["system"], facts["cpu"], facts["pgladder"].get("limits")
    container = system.get("container", "none")
    notes = []
    if system.get("hypervisor") is True or (isinstance(container, str) and container != "none"):
        notes.append("This is a virtual machine or container: its numbers describe the machine it ran on.")
    elif isinstance(cpu.get("throttle_counters"), Unreadable):
        notes.append("No trial tells whether the processor was slowed for heat: this kernel does not count it.")
    if facts["disk"].get("kind") == "memory":
        notes.append("The data is in memory: flushing costs nothing here, and a power cut takes everything.")
    if isinstance(limits, list):
        notes.append(f"The server was brought by the user: {'; '.join(limits)}.")
    return notes


def ladders(records: Sequence[Record], histograms: Mapping[Key, HdrHistogram]) -> list[Ladder]:
    """Return a ladder for each variant × layout × transport, in the order of their names."""
    ordered = sorted(latest(records), key=_arm)
    return [_ladder(list(group), histograms) for _, group in groupby(ordered, _arm)]


def _arm(record: Record) -> tuple[str, str, str]:
    trial = record.trial
    return trial.variant, trial.layout, trial.transport


def _way(record: Record) -> tuple[str | int, ...]:
    """Return what trials of one rung have in common: the phase, its driver and all its parameters."""
    numbers = [value or 0 for value in astuple(record.trial.parameters)]
    return record.trial.phase, record.trial.driver, *numbers


def _ladder(records: list[Record], histograms: Mapping[Key, HdrHistogram]) -> Ladder:
    rungs: list[Rung] = []
    first = below = payload = None
    driven = driven_by_several(record.trial for record in records)
    for (phase, *_), group in groupby(sorted(records, key=_way), _way):
        trials = list(group)
        if trials[0].trial.parameters.payload_bytes != payload:
            below = None
        rung = _rung(trials, histograms, below, first)
        if phase in driven:
            rung = replace(rung, method=f"{rung.method}, {rung.driver}")
        rungs.append(rung)
        below, payload = rung.rows_per_s, rung.parameters.payload_bytes
        if phase == "1":
            first = rung.rows_per_s
    trial, grades = records[0].trial, {record.durability for record in records}
    return Ladder(
        variant=trial.variant,
        layout=trial.layout,
        transport=trial.transport,
        durability=tuple(sorted(grades - {"unknown"})),
        preload_rows=records[0].preload_rows,
        seconds=max(record.seconds for record in records),
        rungs=tuple(rungs),
    )


def _rung(
    trials: list[Record], histograms: Mapping[Key, HdrHistogram], below: float | None, first: float | None
) -> Rung:
    counted, one = good(trials), trials[0]
    rates = [trial.rows_per_s for trial in counted if trial.rows_per_s is not None]
    rate, commits_per_s = pooled(counted, attrgetter("rows_per_s")), pooled(counted, attrgetter("commits_per_s"))
    took = latency(counted, histograms)
    broken = list(_broken_law(counted, commits_per_s, took))
    return Rung(
        phase=one.trial.phase,
        method=one.trial.method,
        driver=one.trial.driver,
        parameters=one.trial.parameters,
        trials=len(trials),
        void=len(trials) - len(counted),
        suspect=len(counted) if broken else sum(trial.validity.state == "suspect" for trial in counted),
        rows_per_s=rate,
        rows_per_s_min=min(rates, default=None),
        rows_per_s_max=max(rates, default=None),
        settled_rows_per_s=pooled(counted, attrgetter("settled_rows_per_s"), settled_s),
        commits_per_s=commits_per_s,
        latency_ms=took,
        row_latency_ms=row_latency(counted, histograms),
        client_cores=pooled(counted, attrgetter("cpu.client_cores")),
        server_cores=pooled(counted, attrgetter("cpu.server_cores")),
        host_pct=pooled(counted, attrgetter("cpu.host_pct")),
        observed=_observed(counted),
        step=_ratio(rate, below),
        vs_phase_1=_ratio(rate, rate if one.trial.phase == "1" and not first else first),
        doubts=(*_doubts(trials), *broken),
    )


def _ratio(rate: float | None, other: float | None) -> float | None:
    return rate / other if rate and other else None


def _observed(trials: Iterable[Record]) -> dict[str, dict[str, float | None]]:
    """Return what the probes observed of these trials."""
    known: dict[str, dict[str, list[float]]] = {}
    for probe, name, value in _figures(trials):
        values = known.setdefault(probe, {}).setdefault(name, [])
        if value is not None:
            values.append(value)
    return {
        probe: {name: median(values) if values else None for name, values in figures.items()}
        for probe, figures in known.items()
    }


def _figures(trials: Iterable[Record]) -> Iterable[tuple[str, str, float | None]]:
    for trial in trials:
        for probe, figures in trial.observed.items():
            yield from ((probe, name, value) for name, value in figures.items())


def _broken_law(counted: Sequence[Record], commits_per_s: float | None, took: Latency) -> Iterable[Doubt]:
    """Doubt a rung of which rate × latency is more than it can have had under way: N = X·R (Little's law).

    What was under way when a window opened counts with the whole of its time: so much more is allowed.
    """
    if commits_per_s is None or took.mean is None or took.max is None:
        return
    one, under_way = counted[0], in_flight(commits_per_s, took.mean / 1000)
    possible = one.trial.parameters.processes * one.trial.parameters.in_flight
    if under_way > possible * (1 + took.max / 1000 / one.seconds) * (1 + ROUNDING):
        detail = f"rate × mean latency is {under_way:.2f} commits under way where {possible} are possible"
        reason = Reason(code="in-flight", detail=f"{detail}: the one or the other is wrong")
        numbers = tuple(record.trial.number for record in counted)
        yield Doubt(state="suspect", trials=numbers, reason=reason, worst=one.trial.number)


def _weight(trial: Record, reason: Reason) -> str:
    """Return what a reason makes of a trial: void, suspect, or no less than valid."""
    state = trial.validity.state
    return "slight" if state == "valid" or (reason.slight and state != "void") else state


def _doubts(trials: Iterable[Record]) -> Iterable[Doubt]:
    """Gather reasons by what they make of a trial and by code; the gravest one's wording stands for all."""
    found: dict[tuple[str, str], list[tuple[Record, Reason]]] = {}
    for trial in trials:
        for reason in trial.validity.reasons:
            state = _weight(trial, reason)
            found.setdefault((state, reason.code), []).append((trial, reason))
    for (state, _), same in found.items():
        gravest, reason = worst(same)
        numbers = tuple(record.trial.number for record, _ in same)
        yield Doubt(state=state, trials=numbers, reason=reason, worst=gravest.trial.number)
