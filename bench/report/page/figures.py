"""From what ``analysis`` found to the rows of a chart: only named, rounded and put in order here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.analysis.counted import good
from bench.analysis.ladder import Ladder, Rung
from bench.analysis.published import PUBLISHED, WHO
from bench.analysis.pulled import PulledRun
from bench.analysis.rungs import rung_names, trials_of
from bench.analysis.shape import shape
from bench.analysis.timeline import course, steps_each
from bench.analysis.utilisation import client_time, cores, processors
from bench.model.record import Record
from bench.report.terminal import rate
from bench.stats.histogram import merge

Row = dict[str, Any]
BETWEEN = " | "
"""Between an arm and where it was: on a chart's axis each has a line of its own, as a phone has no room for both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart by its name, what it shows in words, and its rows."""

    chart: str
    label: str
    rows: Sequence[Row]
    title: str = ""


def climb(climbers: Sequence[tuple[str, Ladder]]) -> Figure:
    """Return every ladder in one chart, beside what was published of the same phases."""
    ours = [row for who, ladder in climbers for row in _reached(who, ladder)]
    phases: dict[str, str] = {}
    for row in ours:
        phases.setdefault(row["phase"], row["rung"])
    theirs = [
        {"rung": phases[each.phase], "who": WHO, "rate": each.rows_per_s, "label": rate(each.rows_per_s)}
        | {"published": True}
        for each in PUBLISHED
        if each.phase in phases
    ]
    order = list(dict.fromkeys(row["rung"] for row in sorted(ours, key=lambda row: row["phase"])))
    rows = sorted([*ours, *theirs], key=lambda row: order.index(row["rung"]))
    return Figure(chart="climb", label="rows a second of each rung, beside the published ones", rows=rows)


def _reached(who: str, ladder: Ladder) -> Iterable[Row]:
    for name, rung in zip(rung_names(ladder), ladder.rungs, strict=True):
        if rung.rows_per_s:
            limits = {"low": _short(rung.rows_per_s_min or rung.rows_per_s), "high": _short(rung.rows_per_s_max)}
            label = rate(rung.rows_per_s) + mark(rung)
            yield {"rung": name, "phase": rung.phase, "who": who, "rate": _short(rung.rows_per_s), "label": label} | {
                **limits,
                "published": False,
            }


def mark(rung: Rung) -> str:
    """Return the sign of a rung whose trials are not all valid."""
    return "!" if rung.void else "?" if rung.suspect else ""


def of_ladder(run: PulledRun, ladder: Ladder) -> list[Figure]:
    """Return the charts of one ladder: latency, cores, the clients' time."""
    rungs = [
        (name, rung, trials_of(ladder, rung, run.records))
        for name, rung in zip(rung_names(ladder), ladder.rungs, strict=True)
    ]
    cpus = processors(run.host)
    latencies = [row for name, rung, trials in rungs for row in _latencies(run, name, rung, trials)]
    busy = [row for name, _, trials in rungs for row in _cores(name, trials, cpus)]
    times = [row for name, _, trials in rungs for row in _time(name, trials)]
    return [
        Figure(chart="latency", label="how long commits took, by rung", rows=latencies),
        Figure(chart="cores", label="cores busy, by rung: client, server, everything else", rows=busy),
        Figure(chart="time", label="where the clients' workers spent their time, by rung", rows=times),
    ]


def _latencies(run: PulledRun, name: str, rung: Rung, trials: Iterable[Record]) -> Iterable[Row]:
    if not run.with_samples:
        return
    bins = shape(merge(run.histograms[record.key] for record in good(trials)))
    most = max((each.share for each in bins), default=1)
    for each in bins:
        limits = {"from": each.from_ms, "to": each.to_ms}
        yield {
            "rung": name,
            "kind": "commits",
            "share": _short(each.share),
            "density": _short(each.share / most),
        } | limits
    for kind in ("p50", "p99", "max"):
        if value := getattr(rung.latency_ms, kind):
            yield {"rung": name, "kind": kind, "from": _short(value)}


def _cores(name: str, trials: Iterable[Record], cpus: int | None) -> Iterable[Row]:
    spent = cores(trials, cpus)
    for order, (who, value) in enumerate(
        [("client", spent.client), ("server", spent.server), ("everything else", spent.elsewhere)]
    ):
        if value is not None:
            yield {"rung": name, "who": who, "cores": _short(value), "order": order, "cpus": cpus}


def _time(name: str, trials: Iterable[Record]) -> Iterable[Row]:
    for order, (part, share) in enumerate(client_time(trials).items()):
        yield {"rung": name, "part": part, "share": _short(share), "order": order}


def courses(run: PulledRun, ladder: Ladder) -> list[Figure]:
    """Return a chart a rung with the way of each of its trials; none where their samples are not kept."""
    if not run.with_samples:
        return []
    most = steps_each(len(run.records))
    return [
        Figure(
            chart="course",
            label=f"rows a second over the window, each trial of {name}",
            title=name + mark(rung),
            rows=[row for trial in trials_of(ladder, rung, run.records) if (row := _course(run, trial, most))["rate"]],
        )
        for name, rung in zip(rung_names(ladder), ladder.rungs, strict=True)
    ]


def _course(run: PulledRun, record: Record, most: int) -> Row:
    way = course(run.samples[record.key], run.plan.window_s, most)
    return {
        "trial": record.trial.number,
        "state": record.validity.state,
        "watched": way.watched,
        "from": [_short(step.from_s) for step in way.steps],
        "to": [_short(step.to_s) for step in way.steps],
        "rate": [_short(step.rows_per_s) for step in way.steps],
        "seen": [_short(step.checkpoint_s) for step in way.steps],
    }


def _short(value: float | None) -> float | None:
    """Four figures are more than a chart shows."""
    return None if value is None else float(f"{value:.4g}")
