"""The ladder: its rungs (``rung``) under one variant, layout and transport, in order; several hosts' side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import Literal

from hdrh.histogram import HdrHistogram

from bench.analysis.cliffs import Fall, falls
from bench.analysis.counted import Key, known_grades
from bench.analysis.host_notes import host_notes
from bench.analysis.ladder_answer import LadderAnswer, answer_of
from bench.analysis.promises import promise_notes
from bench.analysis.published import PublishedFigure, beside_published
from bench.analysis.pulled import PulledRun, extent_notes, finished, latest, repetition_notes
from bench.analysis.rung import Rung, rung_of
from bench.analysis.slo import slo
from bench.analysis.ways import method_words
from bench.model.fingerprint import Fingerprint, Processors, processors
from bench.model.language import later, tr
from bench.model.record import Record
from bench.model.values import Layout, Transport
from bench.plan.contrast import distinguishing, driven_by_several, names_of_variants
from bench.plan.rule import nothing_left

NO_SAMPLES = later("The samples of this run are not kept here: no percentiles over its trials, and no timeline of any.")

PLAIN = "plain"
Conditions = tuple[str, Layout, Transport, str | None]
"""Variant, layout, transport and version: what all rungs of a ladder have in common."""
conditions_of = attrgetter("variant", "layout", "transport", "version")
"""Of a trial or a ladder."""
way_of = attrgetter("phase", "driver", "parameters")
"""Of a trial or a rung: how rows were written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """All rungs under one variant, layout, transport and version; those of other engines in layouts of their own."""

    variant: str
    layout: Layout
    transport: Transport
    version: str | None
    """Of the database, where a run has several."""
    durability: tuple[str, ...]
    """More than one where trials differ in it: then they should not have been pooled."""
    preload_rows: int
    seconds: float
    """Of each window."""
    rungs: tuple[Rung, ...]
    published: tuple[PublishedFigure, ...]
    """Every figure of the published ladder beside that of these rungs; empty: they are fewer than two of its rungs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderReport:
    """All ladders of one run on one host, and what a reader must know before reading them."""

    run: str
    host: Fingerprint | None
    complete: bool
    notes: tuple[str, ...]
    ladders: tuple[Ladder, ...]
    falls: tuple[Fall, ...] = ()
    """Trials whose rate fell to a lower level and stayed there; the notes tell them in words."""
    answer: LadderAnswer | None = None
    """What it all comes to; None: rows came at a rate, or the rate that keeps a promise was searched for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladders:
    """What ``--json`` gives, of one host as of many."""

    schema: Literal["pgladder/ladders/3"] = "pgladder/ladders/3"
    hosts: tuple[LadderReport, ...]


def ladder_report(run: PulledRun) -> LadderReport:
    """Return what a run's records say; its ladders in the order of the plan's variants, the baseline first."""
    found_falls = falls(run)
    order = names_of_variants(run.plan)
    found = sorted(
        ladders(run.records, run.histograms, processors(run.host), latest(run.experiments)),
        # An engine's own variant may be none of those that were asked for.
        key=lambda ladder: order.index(ladder.variant) if ladder.variant in order else len(order),
    )
    return LadderReport(
        run=run.plan.run,
        host=run.host,
        complete=run.complete and run.sealed,
        notes=tuple(_notes(run, found_falls)),
        ladders=tuple(found),
        falls=found_falls,
        # Its one closed loop only bounds a search: it is no answer.
        answer=None if run.plan.promise else answer_of(found),
    )


def _notes(run: PulledRun, found_falls: Sequence[Fall]) -> list[str]:
    """Return what a reader has to know of the run as a whole."""
    notes = [*extent_notes(run), *_ended_early(run), *repetition_notes(run)]
    if not run.with_samples:
        notes.append(tr(NO_SAMPLES))
    notes += [fall.sentence for fall in found_falls]
    notes += promise_notes(latest(run.records))
    if run.host:
        notes += host_notes(run.host)
    else:
        notes.append(tr("This run has no fingerprint: it ended before it was taken."))
    return notes


def _ended_early(run: PulledRun) -> list[str]:
    """Say that a run ended by its own rule, before the last trial of its plan; of a search what it has come to."""
    if run.plan.promise:
        return [f"{tr('Each rate that a search tried is a rung here.')} {slo(run).sentence}"]
    done, planned = len(finished(run.records)), len(run.plan.trials)
    if done == planned or not run.complete:
        return []
    why = nothing_left(run.plan, latest(run.records)) or tr("its comparison was decided")
    return [tr("This run ended after {done} of at most {planned} trials: {why}.", done=done, planned=planned, why=why)]


def ladders(
    records: Sequence[Record],
    histograms: Mapping[Key, HdrHistogram],
    cpus: Processors | None = None,
    experiments: Sequence[Record] = (),
) -> list[Ladder]:
    """Return a ladder for each variant × layout × transport × version, in the order of their names.

    ``cpus`` are the box's processors, None where they are not known; ``experiments`` explain rungs, and are none.
    """
    by_conditions = _by_conditions(latest(records))
    found = []
    in_order = sorted(by_conditions, key=lambda conditions: tuple(word or "" for word in conditions))
    for conditions in in_order:
        variant, layout, transport, version = conditions
        trials = by_conditions[conditions]
        own = [record for record in trials if record.trial.layout == layout]
        rungs = _climb(layout, trials, histograms, cpus, experiments)
        ladder = Ladder(
            variant=variant,
            layout=layout,
            transport=transport,
            version=version,
            durability=known_grades(own),
            preload_rows=trials[0].preload_rows,
            # The longest: a window that was never completed has length 0.
            seconds=max(record.seconds for record in trials),
            rungs=tuple(rungs),
            # The published ladder is of closed loops.
            published=beside_published([each for each in trials if each.trial.parameters.rate is None]),
        )
        found.append(ladder)
    return found


def _by_conditions(records: Iterable[Record]) -> dict[Conditions, list[Record]]:
    """Return the trials of each ladder: what other engines have beside the plan's own stands in that one's."""
    found: dict[Conditions, list[Record]] = {}
    for record in records:
        found.setdefault(conditions_of(record.trial), []).append(record)
    for conditions in sorted(found, key=str):
        if home := _home(conditions, found):
            found[home] += found.pop(conditions)
    return found


def _home(conditions: Conditions, found: Mapping[Conditions, Sequence[Record]]) -> Conditions | None:
    """Return the ladder that the rungs of another engine are climbed in; None: they are compared with its rungs.

    That is the one of the plain table, where there are several of the plan's own engine.
    """
    trials = [record.trial for record in found[conditions]]
    if not all(trial.engine for trial in trials):
        return None
    phases = {trial.phase for trial in trials}
    variant, _, transport, version = conditions
    for other in sorted(found, key=lambda each: (each[1] != PLAIN, str(each))):
        there = [record.trial for record in found[other]]
        alike = (other[0], *other[2:]) == (variant, transport, version)
        own = any(trial.engine is None for trial in there)
        if alike and own and phases.isdisjoint(trial.phase for trial in there):
            return other
    return None


def _climb(
    layout: Layout,
    records: Sequence[Record],
    histograms: Mapping[Key, HdrHistogram],
    cpus: Processors | None,
    experiments: Sequence[Record],
) -> list[Rung]:
    """Return the rungs of a ladder of a layout, each with its step from the one below and its ratio to phase 1."""
    rungs: list[Rung] = []
    below = first = None
    driven = driven_by_several(record.trial for record in records)
    for _, group in groupby(sorted(records, key=_order), _order):
        trials = list(group)
        rung = rung_of(trials, histograms, cpus, experiments)
        if trials[0].trial.layout != layout:
            durability = " and ".join(known_grades(trials)) or "unknown"
            rung = replace(rung, layout=trials[0].trial.layout, durability=durability)
        method, rate, step = rung.method, rung.rows_per_s, None
        if rung.phase in driven:
            method = f"{method}, {rung.driver}"
        # Rows of another size are other work, and at a rate nobody climbs: no step leads from the one to the other.
        if below and _work(below) == _work(rung):
            step = _ratio(rate, below.rows_per_s)
        phase_1 = first
        if rung.phase == "1":
            phase_1, first = first or rate, rate
        rungs.append(replace(rung, method=method, step=step, vs_phase_1=_ratio(rate, phase_1)))
        below = rung
    return rungs


def _order(record: Record) -> tuple[object, ...]:
    """Return what sorts rungs: phases upwards, and of each the smaller parameters first."""
    trial = record.trial
    # None can't be compared with a number or a word: what has none comes first.
    values = tuple((value is not None, value) for value in astuple(trial.parameters))
    return trial.phase, trial.driver, values


def _work(rung: Rung) -> tuple[int, bool]:
    return rung.parameters.payload_bytes, rung.parameters.rate is not None


def _ratio(rate: float | None, other: float | None) -> float | None:
    if not rate or not other:
        return None
    return rate / other


def rung_names(ladder: Ladder) -> list[str]:
    """Return a name for each rung, in order, that no other rung of the ladder has."""
    names = []
    for rung in ladder.rungs:
        same_phase = [asdict(other.parameters) for other in ladder.rungs if other.phase == rung.phase]
        words = distinguishing(asdict(rung.parameters), same_phase)
        names.append(", ".join([f"{rung.phase} {method_words(rung.method, rung.driver)}", *words]))
    return names


def trials_of(ladder: Ladder, rung: Rung, records: Sequence[Record]) -> list[Record]:
    """Return the trials that a rung was made of, void ones included."""
    wanted = (ladder.variant, rung.layout or ladder.layout, ladder.transport, ladder.version), way_of(rung)
    return [record for record in latest(records) if (conditions_of(record.trial), way_of(record.trial)) == wanted]


def side_by_side(reports: Sequence[LadderReport]) -> dict[Conditions, dict[str, list[Rung | None]]]:
    """Return by conditions and name of a rung what each host has there; None where it has no such rung.

    Which host is faster is not said here: that takes a comparison.
    """
    found: dict[Conditions, dict[str, list[Rung | None]]] = {}
    for host, report in enumerate(reports):
        for ladder in report.ladders:
            rungs = found.setdefault(conditions_of(ladder), {})
            for name, rung in zip(rung_names(ladder), ladder.rungs, strict=True):
                rungs.setdefault(name, [None] * len(reports))[host] = rung
    return {conditions: dict(sorted(rungs.items())) for conditions, rungs in found.items()}
