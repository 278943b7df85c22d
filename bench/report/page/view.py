"""What the template shows, as text: of each run its doubts, its ladders, its trials; of all, the hosts' facts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

from bench.analysis.comparison import of_version
from bench.analysis.host_notes import host_notes
from bench.analysis.ladder import Ladder, LadderReport, rung_names, side_by_side
from bench.analysis.pulled import PulledRun, latest
from bench.analysis.rung import Rung
from bench.analysis.sides import UNKNOWN, major
from bench.analysis.slo import promise_words
from bench.model.fingerprint import Fact, Fingerprint, Unreadable, is_reason
from bench.model.language import Given, tr
from bench.model.record import Record
from bench.report.bound import COLUMNS as BOUND_COLUMNS
from bench.report.bound import bound_cells, how_to_know, is_plain, legend, unknown
from bench.report.mixed import beside_writers
from bench.report.numbers import DASH, count, figure, rate
from bench.report.open_loop import open_loops
from bench.report.page.figures import Figure, climb, courses, of_ladder
from bench.report.page.top import TopView
from bench.report.published import page_rows
from bench.report.terminal import caption, cells, describe_host, doubts_of, heading, in_common, in_doubt, more_cells
from bench.report.words import MARKS, figure_words, limit_words
from bench.stats.missing import not_none

COLUMNS = (
    "phase", "method", "rows a commit", "rows/s", "sustained rows/s", "median ms", "99 % ms", "step", "doubts",
    "connections", "commits/s", "µs a row", "client cores", "server cores", "times phase 1", "lowest", "highest",
    "stopped by, suspected",
)  # fmt: skip
WORDS = {"phase", "method", "doubts", "stopped by, suspected"}
"""Columns that are no numbers."""
TRIAL_COLUMNS = (
    "trial", "block", "phase", "driver", "variant", "layout", "transport", "rows/s", "sustained", "attempted",
    "acknowledged", "found", "in doubt", "steadiness", "state", "reasons",
)  # fmt: skip


@dataclass(frozen=True)
class LadderView:
    """One ladder: its table, its charts."""

    run: PulledRun
    ladder: Ladder

    @property
    def heading(self) -> str:
        """What all rungs have in common."""
        return heading(self.ladder)

    @property
    def caption(self) -> str:
        """How the numbers came about."""
        return caption(self.ladder)

    @property
    def rows(self) -> list[dict[str, str]]:
        """Of each rung, column and text: on a narrow screen a row is a card."""
        return [_row(rung) for rung in self.ladder.rungs]

    @property
    def published(self) -> list[dict[str, str]]:
        """Of each published figure, column and text; empty: too few of its rungs were climbed."""
        return page_rows(self.ladder.published)

    @property
    def open_loops(self) -> list[str]:
        """A sentence for each rung that was measured at a rate."""
        return list(open_loops(self.ladder))

    @property
    def beside_writers(self) -> list[str]:
        """A sentence for each rung that had readers, or whose table kept so many rows."""
        return list(beside_writers(self.ladder))

    @property
    def bounds(self) -> list[dict[str, str]]:
        """Of each rung, column and text of what binds it; empty: nothing was measured that tells."""
        if is_plain(self.ladder):
            return []
        return [dict(zip(BOUND_COLUMNS, bound_cells(rung), strict=True)) for rung in self.ladder.rungs]

    @property
    def about_bounds(self) -> str:
        """How that is known, and why of some rungs it is not."""
        if is_plain(self.ladder):
            return how_to_know()
        return " ".join([legend(), *unknown(self.ladder)])

    @property
    def figures(self) -> list[Figure]:
        """Latency, cores, the clients' time."""
        return of_ladder(self.run, self.ladder)

    @cached_property
    def courses(self) -> list[Figure]:
        """Of each rung, its trials from second to second."""
        return courses(self.run, self.ladder)

    @cached_property
    def observed(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Of each rung its name, and by column what the probes observed; empty: nothing."""
        columns: dict[tuple[str, str], None] = {}
        for rung in self.ladder.rungs:
            columns |= dict.fromkeys(_figures(rung))
        rows = []
        for name, rung in zip(rung_names(self.ladder), self.ladder.rungs, strict=True):
            figures = _figures(rung)
            texts = [(_column(*each), figure(figures.get(each))) for each in columns]
            if texts:
                rows.append((name, texts))
        return rows

    @property
    def checkpoints(self) -> str:
        """What is known of the checkpoints in the trials' courses."""
        rows = [row for figure in self.courses for row in figure.rows]
        if not rows:
            return ""
        blind, begun = [], []
        for row in rows:
            begun += not_none(row["seen"])
            if not row["watched"]:
                blind.append(str(row["trial"]))
        if len(blind) == len(rows):
            return tr("Checkpoints are not known: the server's counters could not be read.")
        sentences = [tr("No checkpoint was seen to begin.")]
        if begun:
            sentences = [tr("A triangle marks where a checkpoint was seen to begin.")]
        if blind:
            sentences.append(tr("Nothing is known of them in trial {trials}.", trials=", ".join(blind)))
        return " ".join(sentences)


def _row(rung: Rung) -> dict[str, str]:
    _, *more = more_cells(rung)
    return dict(zip(COLUMNS, [*cells(rung), *more, limit_words(rung.stopped_by)], strict=True))


@dataclass(frozen=True)
class HostView:
    """One host's run, under the name it has on the page."""

    name: str
    run: PulledRun
    report: LadderReport

    @property
    def how(self) -> str:
        """How the run was made."""
        plan = self.run.plan
        extent = tr("{count} blocks", count=max(plan.blocks, default=0))
        if plan.promise:
            what = promise_words(plan.promise.percentile, plan.promise.ms)
            extent = tr("a search of the highest rate that keeps {promise}", promise=what)
        text = tr(
            "profile {profile}: {warm_up:g} s warm-up, {window:g} s window, {extent}",
            profile=plan.profile,
            warm_up=plan.warm_up_s,
            window=plan.window_s,
            extent=extent,
        )
        if plan.preload_rows:
            return f"{text}; {tr('{rows:,} rows preloaded', rows=plan.preload_rows)}"
        return text

    @property
    def host(self) -> str:
        """What the host is."""
        if self.run.host is None:
            return tr("No fingerprint: the run ended before it was taken.")
        return describe_host(self.run.host).plain

    @property
    def first(self) -> list[str]:
        """What must be known of the host before anything else."""
        if self.run.host is None:
            return []
        return host_notes(self.run.host)

    @property
    def doubts(self) -> Iterable[tuple[str, str]]:
        """What must be known beyond that, each with its state."""
        for note in self.report.notes:
            if note not in self.first:
                yield "note", note
        for state, sentence in doubts_of(self.report.ladders):
            # What is slight looks as a note does: the page has colours for two states.
            yield state if state in MARKS else "note", sentence

    @property
    def top(self) -> TopView:
        """What is seen first."""
        return TopView(self.name, self.run, self.report)

    @property
    def ladders(self) -> list[LadderView]:
        """Each with its table and its charts."""
        return [LadderView(self.run, ladder) for ladder in self.report.ladders]

    @property
    def trials(self) -> list[list[str]]:
        """The texts of each trial, in the order of ``TRIAL_COLUMNS``."""
        return list(map(trial_texts, latest(self.run.records)))


def _figures(rung: Rung) -> dict[tuple[str, str], float | None]:
    found = {}
    for probe, figures in rung.observed.items():
        for name, value in figures.items():
            found[probe, name] = value
    return found


def _column(probe: str, name: str) -> str:
    return Given(" ".join((probe, *figure_words(name))).rstrip())


def trial_texts(record: Record) -> list[str]:
    """Return a trial's texts, in the order of ``TRIAL_COLUMNS``."""
    trial, found = record.trial, record.verified
    return [
        str(trial.number),
        str(trial.block),
        trial.phase,
        trial.driver,
        " ".join(filter(None, (trial.variant, of_version(trial.version)))),
        trial.layout,
        trial.transport,
        rate(record.rows_per_s),
        rate(record.settled_rows_per_s),
        count(found.attempted),
        count(found.acknowledged),
        count(found.found),
        count(found.in_doubt),
        record.steadiness,
        record.validity.state,
        record.validity.why,
    ]


# --- all hosts -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    """A fact of every host, in their order."""

    group: str
    name: str
    values: list[Fact | None]
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """A variant, layout and transport: by rung, each host's rows a second."""

    heading: str
    rows: dict[str, list[str]]


def server_of(runs: Sequence[PulledRun]) -> str:
    """Return PostgreSQL with the major versions that were measured, as far as they are known."""
    majors = {major(run.host) for run in runs}.union(*(run.plan.versions for run in runs)) - {UNKNOWN}
    in_order = sorted(majors, key=lambda each: (len(each), each))  # 9 before 17
    return f"PostgreSQL {tr(' and ').join(in_order)}".strip()


def names_of(runs: Sequence[PulledRun]) -> list[str]:
    """Return a name for each run: its host's, or its directory's where hosts are unnamed or namesakes, or its own."""
    for name in ("box", "directory", "plan.run"):
        names = list(map(attrgetter(name), runs))
        if len(set(names)) == len(names):
            return names
    return [f"{run.plan.run} {run.box}" for run in runs]


def climbers(names: Sequence[str], reports: Sequence[LadderReport]) -> Figure:
    """Return the chart of every ladder of every host, each named by what tells it from the others."""
    found: list[tuple[list[str], Ladder]] = []
    for name, report in zip(names, reports, strict=True):
        found += [([name, *in_common(ladder)], ladder) for ladder in report.ladders]
    having: Counter[str] = Counter()
    for parts, _ in found:
        having.update(set(parts))
    named = []
    for parts, ladder in found:
        own = [part for part in parts if having[part] < len(found)]
        named.append((" · ".join(own or parts[:1]), ladder))
    return climb(named)


def together(reports: Sequence[LadderReport]) -> list[Outcomes]:
    """Return the hosts' ladders side by side."""
    found = []
    for (variant, layout, transport, version), rungs in side_by_side(reports).items():
        words = filter(None, (variant, layout, transport, of_version(version)))
        rows = {name: list(map(_reached, of_hosts)) for name, of_hosts in rungs.items()}
        found.append(Outcomes(heading=" · ".join(words), rows=rows))
    return found


def _reached(rung: Rung | None) -> str:
    if rung is None:
        return DASH
    if rung.rows_per_s is None:
        return tr("void")
    return " ".join(filter(None, (rate(rung.rows_per_s), in_doubt(rung))))


def facts(runs: Sequence[PulledRun]) -> list[FactView]:
    """Return every fact that some host has, with all hosts' values."""
    by_host = [dict(_flat(run.host)) for run in runs]
    names: dict[tuple[str, str], None] = {}
    for known in by_host:
        names |= dict.fromkeys(known)
    views = []
    for group, name in names:
        values = [known.get((group, name)) for known in by_host]
        differs = any(value != values[0] for value in values)
        views.append(FactView(group=group, name=name, values=values, differs=differs))
    return views


def _flat(host: Fingerprint | None) -> Iterable[tuple[tuple[str, str], Fact]]:
    """Return the facts by group and name; of one with several values, each by its own name."""
    if host is None:
        return
    for group, known in host.facts.items():
        for name, fact in known.items():
            for path, value in _parts(name, fact):
                yield (group, path), value


def _parts(name: str, fact: Any) -> Iterable[tuple[str, Fact]]:
    if not isinstance(fact, dict) or is_reason(fact):
        yield name, fact
        return
    for key, value in fact.items():
        yield from _parts(f"{name}: {key}", value)


def fact_text(fact: Fact | None) -> str:
    """Return a fact for people."""
    match fact:
        case None:
            return DASH
        case Unreadable(unreadable=why) | {"unreadable": why}:
            return tr("unknown: {why}", why=why)
        case bool():
            return tr("yes") if fact else tr("no")
        case list():
            return ", ".join(map(str, fact)) or tr("none")
        case int() if abs(fact) >= 10_000:
            return f"{fact:,}"
    return str(fact)
