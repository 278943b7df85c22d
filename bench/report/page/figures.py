"""From what ``analysis`` found to the rows of a chart: only named, rounded and put in order here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

from bench.analysis.counted import good
from bench.analysis.explanation import RungExplained
from bench.analysis.ladder import Ladder, rung_names, trials_of
from bench.analysis.published import PUBLISHED, WHO
from bench.analysis.pulled import PulledRun, latest
from bench.analysis.rung import Rung
from bench.analysis.timeline import Waiting, course, steps_each, waiting
from bench.analysis.utilisation import client_time, cores
from bench.model.fingerprint import Processors, processors
from bench.model.language import later, tr
from bench.model.record import Record
from bench.report.numbers import rate
from bench.report.terminal import in_doubt
from bench.stats.histogram import merge, shape

Row = dict[str, Any]
BETWEEN = " | "
"""Between an arm and where it was: on a chart's axis each has a line of its own, as a phone has no room for both."""


WAITED = {
    "running": later("working"),
    "wal_flush": later("WAL flush"),
    "wal_write": later("writing WAL"),
    "lock": later("locks"),
    "extend": later("the table's end"),
    "lwlock": later("locks in memory"),
    "data_io": later("data files"),
    "client_write": later("network"),
    "other": later("other"),
}
"""By state of a session, what it is in; one that is idle waits for its client, and is not drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart by its name, what it shows in words, and its rows."""

    chart: str
    label: str
    rows: Sequence[Row]
    title: str = ""


def climb(climbers: Sequence[tuple[str, Ladder]]) -> Figure:
    """Return every ladder in one chart, beside what was published of the same phases."""
    ours: list[Row] = []
    for who, ladder in climbers:
        ours += _reached(who, ladder)
    first_of: dict[str, str] = {}
    for row in ours:
        first_of.setdefault(row["phase"], row["rung"])
    rows = [*ours, *_published(first_of)]
    places: dict[str, int] = {}
    for row in sorted(ours, key=itemgetter("phase")):
        places.setdefault(row["rung"], len(places))
    rows.sort(key=lambda row: places[row["rung"]])
    return Figure(chart="climb", label=tr("rows a second of each rung, beside the published ones"), rows=rows)


def _reached(who: str, ladder: Ladder) -> Iterable[Row]:
    for name, rung in zip(rung_names(ladder), ladder.rungs, strict=True):
        if not rung.rows_per_s:
            continue
        yield {
            "rung": name,
            "phase": rung.phase,
            "who": who,
            "rate": _short(rung.rows_per_s),
            "label": _labelled(rate(rung.rows_per_s), rung),
            "low": _short(rung.rows_per_s_min or rung.rows_per_s),
            "high": _short(rung.rows_per_s_max),
            "published": False,
        }


def _labelled(text: str, rung: Rung) -> str:
    """Return a text with how many trials of its rung are doubtful behind it."""
    doubts = in_doubt(rung)
    return f"{text} ({doubts})" if doubts else text


def _published(first_of: Mapping[str, str]) -> Iterable[Row]:
    """Return what was published of these phases, each beside the phase's first rung."""
    for each in PUBLISHED:
        if each.phase in first_of:
            yield {
                "rung": first_of[each.phase],
                "who": WHO,
                "rate": each.rows_per_s,
                "label": rate(each.rows_per_s),
                "published": True,
            }


def of_ladder(run: PulledRun, ladder: Ladder) -> list[Figure]:
    """Return the charts of one ladder: latency, cores, the clients' time."""
    cpus = processors(run.host)
    latencies: list[Row] = []
    busy: list[Row] = []
    times: list[Row] = []
    for name, rung in zip(rung_names(ladder), ladder.rungs, strict=True):
        trials = trials_of(ladder, rung, run.records)
        latencies += _latencies(run, name, rung, trials)
        busy += _cores(name, trials, cpus)
        for order, (part, share) in enumerate(client_time(trials).items()):
            times.append({"rung": name, "part": tr(part), "share": _short(share), "order": order})
    return [
        Figure(chart="latency", label=tr("how long commits took, by rung"), rows=latencies),
        Figure(chart="cores", label=tr("cores busy, by rung: client, server, everything else"), rows=busy),
        Figure(chart="time", label=tr("where the clients' workers spent their time, by rung"), rows=times),
    ]


def _latencies(run: PulledRun, name: str, rung: Rung, trials: Iterable[Record]) -> Iterable[Row]:
    if not run.with_samples:
        return
    bins = shape(merge(run.histograms[record.key] for record in good(trials)))
    # Shades are against the fullest bin: of a wide distribution each holds little.
    most = max((each.share for each in bins), default=1)
    for each in bins:
        yield {
            "rung": name,
            "kind": "commits",
            "share": _short(each.share),
            "density": _short(each.share / most),
            "from": each.from_ms,
            "to": each.to_ms,
        }
    for kind in ("p50", "p99", "max"):
        if value := getattr(rung.latency_ms, kind):
            yield {"rung": name, "kind": tr(kind), "from": _short(value)}


def _cores(name: str, trials: Iterable[Record], cpus: Processors | None) -> Iterable[Row]:
    spent, usable = cores(trials, cpus.there if cpus else None), cpus.usable if cpus else None
    shares = (("client", spent.client), ("server", spent.server), (later("everything else"), spent.elsewhere))
    for order, (who, value) in enumerate(shares):
        if value is not None:
            yield {"rung": name, "who": tr(who), "cores": _short(value), "order": order, "cpus": usable}


def courses(run: PulledRun, ladder: Ladder) -> list[Figure]:
    """Return a chart a rung with the way of each of its trials; none where their samples are not kept."""
    if not run.with_samples:
        return []
    most = steps_each(len(run.records))
    figures = []
    for name, rung in zip(rung_names(ladder), ladder.rungs, strict=True):
        rows = []
        for trial in trials_of(ladder, rung, run.records):
            row = _course(run, trial, most)
            if row["rate"]:
                rows.append(row)
        label = tr("rows a second over the window, each trial of {rung}", rung=name)
        figures.append(Figure(chart="course", label=label, title=_labelled(name, rung), rows=rows))
    return figures


def _course(run: PulledRun, record: Record, most: int) -> Row:
    way = course(run.samples[record.key], run.plan.window_s, most)
    row: Row = {"trial": record.trial.number, "state": tr(record.validity.state), "watched": way.watched}
    # A list a column, which the chart takes apart: so a page of a hundred long trials stays small.
    row |= {"from": [], "to": [], "rate": [], "seen": []}
    for step in way.steps:
        row["from"].append(_short(step.from_s))
        row["to"].append(_short(step.to_s))
        row["rate"].append(_short(step.rows_per_s))
        row["seen"].append(_short(step.checkpoint_s))
    return row


def waits(run: PulledRun, rung: RungExplained) -> Figure:
    """Return what the sessions of a rung's middle trial waited for, from second to second."""
    rows: list[Row] = []
    trials = sorted(good(records_of(run, rung)), key=lambda record: record.rows_per_s or 0.0)
    if trials and run.with_samples:
        for moment in waiting(run.samples[trials[len(trials) // 2].key]):
            rows += _stacked(moment)
    label = tr("what the server's sessions of {phase} waited for over the window", phase=rung.phase)
    return Figure(chart="waits", label=label, rows=rows)


def _stacked(moment: Waiting) -> Iterable[Row]:
    low = 0.0
    for state, words in WAITED.items():
        sessions = moment.sessions[state]
        if sessions:
            yield {
                "state": tr(words),
                "from": _short(moment.from_s),
                "to": _short(moment.to_s),
                "sessions": _short(sessions),
                "low": _short(low),
                "high": _short(low + sessions),
            }
        low += sessions


def records_of(run: PulledRun, rung: RungExplained) -> list[Record]:
    """Return the trials of a rung that was explained."""
    names = ("phase", "driver", "variant", "layout", "transport", "parameters")
    like = attrgetter(*names)(rung)
    return [record for record in latest(run.records) if attrgetter(*names)(record.trial) == like]


def _short(value: float | None) -> float | None:
    """Four figures are more than a chart shows."""
    if value is None:
        return None
    return float(f"{value:.4g}")
