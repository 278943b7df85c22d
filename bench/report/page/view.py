"""What the template shows, as text: of each run its doubts, its ladders, its trials; of all, the hosts' facts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.analysis.beside import beside
from bench.analysis.ladder import Ladder, LadderReport, Rung, host_notes
from bench.analysis.pulled import PulledRun, latest
from bench.analysis.rungs import rung_names
from bench.analysis.sides import UNKNOWN, major
from bench.model.fingerprint import Fact, Unreadable
from bench.model.record import Record
from bench.report.page.figures import Figure, Row, climb, courses, mark, of_ladder
from bench.report.terminal import (
    DASH,
    caption,
    cells,
    describe_host,
    doubt_lines,
    figure,
    figure_words,
    heading,
    rate,
)

COLUMNS = (
    "phase", "method", "pool", "batch", "rows/s", "settled rows/s", "commits/s", "p50 ms", "p99 ms", "µs a row",
    "client cores", "server cores", "step", "vs phase 1",
)  # fmt: skip
STYLES = {"red": "void", "yellow": "suspect"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A sentence, and how grave it is."""

    state: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderView:
    """One ladder: its table, its charts."""

    heading: str
    caption: str
    rows: list[list[tuple[str, str]]]
    """Of each rung, column and text."""
    figures: list[Figure]
    courses: list[Figure]
    checkpoints: str
    observed: list[tuple[str, list[tuple[str, str]]]]
    """Of each rung its name, and by column what the probes observed; empty: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """One host's run."""

    name: str
    run: str
    when: str
    how: str
    host: str
    first: list[str]
    """What must be known of the host before anything else."""
    doubts: list[Doubt]
    best: str
    ladders: list[LadderView]
    trials: list[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    """A fact of every host, in their order."""

    group: str
    name: str
    values: list[Fact | None]
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """A variant, layout and transport: by rung, each host's rows a second."""

    heading: str
    rows: list[tuple[str, list[str]]]


def server_of(runs: Sequence[PulledRun]) -> str:
    """Return PostgreSQL with the major versions that were measured, as far as they are known."""
    majors = sorted({major(run.host) for run in runs} - {UNKNOWN}, key=lambda each: (len(each), each))
    return " ".join(["PostgreSQL", " and ".join(majors)]).strip()


def names_of(runs: Sequence[PulledRun]) -> list[str]:
    """Return a name for each run: its host's, or its directory's where hosts are unnamed or namesakes, or its own."""
    boxes, directories, own = zip(*((run.box, run.directory, run.plan.run) for run in runs), strict=True)
    alone = (list(names) for names in (boxes, directories, own) if len(set(names)) == len(names))
    return next(alone, [f"{name} {box}" for name, box in zip(own, boxes, strict=True)])


def host_view(name: str, run: PulledRun, report: LadderReport) -> HostView:
    """Return one run as the page shows it."""
    first = host_notes(run.host) if run.host else []
    rest = [note for note in report.notes if note not in first]
    plan = run.plan
    blocks = max((trial.block for trial in plan.trials), default=0)
    return HostView(
        name=name,
        run=plan.run,
        when=plan.created,
        how=f"profile {plan.profile}: {plan.warm_up_s:g} s warm-up, {plan.window_s:g} s window, {blocks} blocks"
        + (f"; {plan.preload_rows:,} rows preloaded" if plan.preload_rows else ""),
        host=describe_host(run.host).plain if run.host else "No fingerprint: the run ended before it was taken.",
        first=first,
        doubts=[Doubt(state="note", sentence=note) for note in rest]
        + [
            Doubt(state=STYLES.get(str(line.style), "note"), sentence=line.plain)
            for ladder in report.ladders
            for line in doubt_lines(ladder)
        ],
        best=_best(report),
        ladders=[_ladder(run, ladder) for ladder in report.ladders],
        trials=[_trial(record) for record in latest(run.records)],
    )


def _best(report: LadderReport) -> str:
    rungs = [(rung, ladder) for ladder in report.ladders for rung in ladder.rungs if rung.rows_per_s]
    if not rungs:
        return "No trial of this run gave a number."
    rung, ladder = max(rungs, key=lambda each: each[0].rows_per_s or 0)
    settled = f" ({rate(rung.settled_rows_per_s)} with the closing checkpoint)" if rung.settled_rows_per_s else ""
    most = f"{rate(rung.rows_per_s)}{mark(rung)} rows/s{settled}"
    return f"Most: {most}, phase {rung.phase}, {rung.method}; {heading(ladder)}."


def _ladder(run: PulledRun, ladder: Ladder) -> LadderView:
    ways = courses(run, ladder)
    return LadderView(
        heading=heading(ladder),
        caption=caption(ladder, "µs a row: that by its rows"),
        rows=[list(zip(COLUMNS, cells(rung), strict=True)) for rung in ladder.rungs],
        figures=of_ladder(run, ladder),
        courses=ways,
        checkpoints=_checkpoints([row for way in ways for row in way.rows]),
        observed=_observed(ladder),
    )


def _observed(ladder: Ladder) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each rung's figures, of every figure that some rung has."""
    columns = list(dict.fromkeys(each for rung in ladder.rungs for each in _figures(rung)))
    if not columns:
        return []
    rows = []
    for name, rung in zip(rung_names(ladder), ladder.rungs, strict=True):
        figures = _figures(rung)
        rows.append((name, [(_column(*each), figure(figures.get(each))) for each in columns]))
    return rows


def _figures(rung: Rung) -> dict[tuple[str, str], float | None]:
    found = {}
    for probe, figures in rung.observed.items():
        for name, value in figures.items():
            found[probe, name] = value
    return found


def _column(probe: str, name: str) -> str:
    return " ".join((probe, *figure_words(name))).rstrip()


def _checkpoints(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    blind = [str(row["trial"]) for row in rows if not row["watched"]]
    if len(blind) == len(rows):
        return "Checkpoints are not known: the server's counters could not be read."
    seen = any(at is not None for row in rows for at in row["seen"])
    text = "A triangle marks where a checkpoint was seen to begin." if seen else "No checkpoint was seen to begin."
    return text + (f" Nothing is known of them in trial {', '.join(blind)}." if blind else "")


TRIAL_COLUMNS = ("trial", "block", "phase", "driver", "variant", "layout", "transport", "rows/s", "settled",
                 "attempted", "acknowledged", "found", "in doubt", "steadiness", "state", "reasons")  # fmt: skip


def _trial(record: Record) -> list[str]:
    seen = record.verified
    counts = [seen.attempted, seen.acknowledged, seen.found, seen.in_doubt]
    return [
        str(record.trial.number),
        str(record.trial.block),
        record.trial.phase,
        record.trial.driver,
        record.trial.variant,
        record.trial.layout,
        record.trial.transport,
        rate(record.rows_per_s),
        rate(record.settled_rows_per_s),
        *(DASH if count is None else f"{count:,}" for count in counts),
        record.steadiness,
        record.validity.state,
        "; ".join(reason.detail for reason in record.validity.reasons),
    ]


# --- all hosts -------------------------------------------------------------------------------------------------------


def climbers(names: Sequence[str], reports: Sequence[LadderReport]) -> Figure:
    """Return the chart of every ladder of every host, each named by what tells it from the others."""
    found = [(name, ladder) for name, report in zip(names, reports, strict=True) for ladder in report.ladders]
    parts = [[name, *heading(ladder).split(" · ")] for name, ladder in found]
    told = [[part for part in each if any(part not in other for other in parts)] or each[:1] for each in parts]
    return climb([(" · ".join(who), ladder) for who, (_, ladder) in zip(told, found, strict=True)])


def together(reports: Sequence[LadderReport]) -> list[Together]:
    """Return the hosts' ladders side by side."""
    return [
        Together(
            heading=" · ".join(each.arm),
            rows=[(name, [_reached(rung) for rung in rungs]) for name, rungs in each.rungs.items()],
        )
        for each in beside(reports)
    ]


def _reached(rung: Rung | None) -> str:
    if rung is None:
        return DASH
    return "void !" if rung.rows_per_s is None else rate(rung.rows_per_s) + mark(rung)


def facts(runs: Sequence[PulledRun]) -> list[FactView]:
    """Return every fact that some host has, with all hosts' values."""
    flat = [dict(_flat(run)) for run in runs]
    names = list(dict.fromkeys(name for facts in flat for name in facts))
    return [
        FactView(
            group=group,
            name=name,
            values=[facts.get((group, name)) for facts in flat],
            differs=any(facts.get((group, name)) != flat[0].get((group, name)) for facts in flat),
        )
        for group, name in names
    ]


def _flat(run: PulledRun) -> Iterable[tuple[tuple[str, str], Fact]]:
    for group, known in (run.host.facts if run.host else {}).items():
        for name, fact in known.items():
            if isinstance(fact, dict):
                yield from (((group, f"{name}: {key}"), value) for key, value in fact.items())
            else:
                yield (group, name), fact


def fact_text(fact: Fact | None) -> str:
    """Return a fact for people."""
    match fact:
        case None:
            return DASH
        case Unreadable(unreadable=why) | {"unreadable": why}:
            return f"unknown: {why}"
        case bool():
            return "yes" if fact else "no"
        case list():
            return ", ".join(map(str, fact)) or "none"
        case int() if abs(fact) >= 10_000:
            return f"{fact:,}"
    return str(fact)
