"""A run under way for Prometheus: a file in its text format, written anew at each trial (node_exporter's textfile).

Names and units by Prometheus' conventions (prometheus.io/docs/practices/naming): base units, one meaning a name,
``_total`` for what only grows. The text format is 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from rich.console import Console

from bench.analysis.progress import Progress
from bench.model.language import tr
from bench.model.plain import harmless
from bench.model.record import Record
from bench.model.values import State
from bench.plan.rates import counting
from bench.store.files import write_whole

Labels = Mapping[str, str]
MS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One name, what it means, and its samples."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    samples: Sequence[tuple[Labels, float]]


def exposition(by_host: Mapping[str, Progress], ended: Mapping[str, bool] | None = None) -> str:
    """Return what is known of a run on each host; ``ended`` tells of those that ended whether it was its plan's end."""
    metrics: list[Metric] = [*_of_runs(by_host, ended or {}), *_of_trials(by_host)]
    lines = []
    for metric in metrics:
        if metric.samples:
            lines += [f"# HELP {metric.name} {_escaped(metric.help)}", f"# TYPE {metric.name} {metric.kind}"]
            lines += [f"{metric.name}{_labels(labels)} {value!r}" for labels, value in metric.samples]
    return "\n".join(lines) + "\n"


def _of_runs(by_host: Mapping[str, Progress], ended: Mapping[str, bool]) -> Iterable[Metric]:
    def gauge(name: str, words: str, samples: Sequence[tuple[Labels, float]]) -> Metric:
        return Metric(name=f"pgladder_{name}", kind="gauge", help=words, samples=samples)

    running, planned, done, counted = [], [], [], []
    for host, so_far in by_host.items():
        of_run = {"host": host, "run": so_far.plan.run}
        running.append((of_run, float(host not in ended)))
        planned.append((of_run, float(so_far.of)))
        done.append((of_run, float(so_far.done)))
        states = Counter(record.validity.state for record in so_far.records)
        for state in get_args(State):
            of_state = {**of_run, "state": state}
            counted.append((of_state, float(states[state])))
    whole = [({"host": host, "run": by_host[host].plan.run}, float(how)) for host, how in ended.items()]
    yield gauge("run_running", "1 while the run goes on, 0 once it has ended.", running)
    yield gauge("run_complete", "1 if the run came to the end of its plan, 0 if it was cut short.", whole)
    yield gauge("run_trials", "Trials that the run takes in all.", planned)
    yield gauge("run_trials_done", "Trials that need not be run again.", done)
    yield Metric(
        name="pgladder_trials_recorded_total",
        kind="counter",
        help="Records of trials by state, repetitions among them.",
        samples=counted,
    )


def _of_trials(by_host: Mapping[str, Progress]) -> Iterable[Metric]:
    """Return what the last trial of each kind gave; what is not known has no sample."""
    last: dict[tuple[tuple[str, str], ...], Record] = {}
    for host, so_far in by_host.items():
        for record in counting(so_far.records).values():
            if not record.void and not record.trial.experiment:
                last[tuple(_of_trial(host, record).items())] = record
    for name, words, read in FIGURES:
        samples = []
        for labels, record in last.items():
            value = read(record)
            if value is not None:
                samples.append((dict(labels), float(value)))
        yield Metric(name=f"pgladder_trial_{name}", kind="gauge", help=f"{words} Of the last trial.", samples=samples)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / MS


def _started(record: Record) -> float:
    return datetime.fromisoformat(record.started).timestamp()


FIGURES: Sequence[tuple[str, str, Callable[[Record], float | None]]] = (
    ("rows_per_second", "Rows acknowledged a second in the window.", lambda each: each.rows_per_s),
    (
        "sustained_rows_per_second",
        "Rows a second with the closing checkpoint in the time.",
        lambda each: each.settled_rows_per_s,
    ),
    ("commits_per_second", "Commits acknowledged a second in the window.", lambda each: each.commits_per_s),
    ("latency_p50_seconds", "Median latency of a commit.", lambda each: _seconds(each.latency_ms.p50)),
    ("latency_p99_seconds", "99th percentile of the latency of a commit.", lambda each: _seconds(each.latency_ms.p99)),
    ("server_cores", "Processors that the server kept busy.", lambda each: each.cpu.server_cores),
    ("client_cores", "Processors that the clients kept busy.", lambda each: each.cpu.client_cores),
    ("started_timestamp_seconds", "When the trial began, in seconds since 1970.", _started),
)
"""Of a trial: a metric's name without what all have in common, what it is, how it is read of a record."""


def _of_trial(host: str, record: Record) -> dict[str, str]:
    trial = record.trial
    labels = {"host": host, "phase": trial.phase, "driver": trial.driver, "variant": trial.variant}
    labels |= {"layout": trial.layout, "transport": trial.transport, "batch": str(trial.parameters.batch)}
    return labels | ({"version": trial.version} if trial.version else {})


def _labels(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{_quoted(text)}"' for name, text in labels.items()) + "}"


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')


def _escaped(text: str) -> str:
    return harmless(text).replace("\\", "\\\\").replace("\n", "\\n")


class MetricsFile:
    """The file, kept up to date; where it can't be written that is told once, and the run goes on."""

    def __init__(self, path: Path, out: Console) -> None:
        self._path, self._out = path, out
        self._by_host: dict[str, Progress] = {}
        self._ended: dict[str, bool] = {}
        self._told = False

    def so_far(self, host: str, so_far: Progress) -> None:
        """Write how far a host is."""
        self._by_host[host] = so_far
        self._write()

    def ended(self, host: str, *, complete: bool) -> None:
        """Write that a host's run ended; of one that never began nothing is known."""
        if host in self._by_host:
            self._ended[host] = complete
            self._write()

    def _write(self) -> None:
        try:
            write_whole(self._path, exposition(self._by_host, self._ended).encode())
        except OSError as error:
            if not self._told:
                self._told = True
                why = error.strerror or error
                self._out.print(
                    tr("{path} can't be written ({why}): the run goes on without metrics.", path=self._path, why=why),
                    soft_wrap=True,
                )
