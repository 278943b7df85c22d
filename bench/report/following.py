"""Runs on several boxes while they go on: one live table on a terminal, plain lines elsewhere."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bench.analysis.progress import Progress, sparkline, trial_s
from bench.model.language import later, tr
from bench.model.plan import Trial
from bench.model.record import Record
from bench.plan.estimate import TRIAL_OVERHEAD_S
from bench.report.metrics import MetricsFile
from bench.report.numbers import DASH, degrees, duration, rate
from bench.report.progress import SILENT_S
from bench.report.tables import fitting
from bench.report.words import STATE_STYLES, doubt_words, kept_words, of_trial, under_way

SPARKS = 16
WAITS = later("waits at its gate")
NOT_FOLLOWED = later("not followed")
STARTING, RUNNING, FINISHED = later("starting"), later("running"), later("finished")
REFRESH_PER_S = 2
COLUMNS = ("box", "trial", "block", "under way", "measured last,\nrows/s", "so far", "°C", "left")
LEFT = set(COLUMNS) - {"trial", "°C", "left"}
SPARE = ("so far", "block", "°C")
"""Left out, the first first, where 80 columns do not take all."""


@dataclass(slots=True)
class Row:
    """One box as it is shown."""

    so_far: Progress
    state: str = STARTING
    since: float = field(default_factory=time.monotonic)
    """When the last news came."""

    @property
    def going(self) -> bool:
        """It has not ended."""
        return self.state in {STARTING, RUNNING, WAITS}


def left_s(rows: Sequence[Row], now: float) -> float:
    """Estimate what is left to do, of several boxes where only one of them measures at any time.

    It goes by what a trial takes there, from the start of one to that of the next; one that takes longer lets the
    estimate stand.
    """
    plan = rows[0].so_far.plan
    records: list[Record] = []
    trials = 0
    for row in rows:
        records += row.so_far.records
        if row.going:
            trials += row.so_far.left + row.so_far.to_expect
    each_s = trial_s(records) or plan.warm_up_s + plan.window_s + TRIAL_OVERHEAD_S
    under_way_s = now - max(row.since for row in rows)
    return max((trials - 1) * each_s, trials * each_s - under_way_s)


class Following:
    """Shows the boxes; ``bench.targets`` reports all to it. Where they are interleaved, one measures at any time."""

    def __init__(self, out: Console, *, gated: bool = False) -> None:
        self._out, self._gated = out, gated
        self._rows: dict[str, Row] = {}
        self.metrics: MetricsFile | None = None
        """What is kept for Prometheus, too."""
        self._said = time.monotonic()
        """When the last line was printed."""
        self._live = Live(console=out, refresh_per_second=REFRESH_PER_S, get_renderable=self._table)

    def begins(self, host: str, so_far: Progress) -> None:
        """Show a box."""
        self._rows[host] = Row(so_far)
        self._keep(host, so_far)
        # In a file each refresh of a live table would stand below the one before.
        if self._out.is_terminal and not self._live.is_started:
            self._live.start()

    def recorded(self, host: str, so_far: Progress, record: Record) -> None:
        """Show that a trial is recorded."""
        row = self._rows[host]
        row.so_far, row.state, row.since = so_far, RUNNING, time.monotonic()
        self._keep(host, so_far)
        state = record.validity.state
        if state == "valid" and self._out.is_terminal:
            return
        place = _place(so_far, record.trial.number, so_far.done)
        line = f"{host}: {place}, {of_trial(record.trial, so_far.plan)}, {rate(record.rows_per_s)} rows/s"
        if kept := kept_words(record, so_far.plan):
            line += f" {kept}"
        if state != "valid":
            line += f" {tr(state)}{doubt_words(record)}"
        self._print(Text(line, style=STATE_STYLES[state]))

    def measures(self, host: str) -> None:
        """Show which box measures; the others that have not ended wait."""
        for name, row in self._rows.items():
            if row.going:
                row.state = RUNNING if name == host else WAITS

    def report(self, sentence: str, *, whole: bool = False) -> None:
        """Print a sentence that names its box; ``whole`` in one line, as it holds a command to be copied."""
        self._print(Text(sentence), whole=whole)

    def tick(self) -> None:
        """Say what is under way, where nothing else was printed for a while; asked for again and again."""
        if self._out.is_terminal or time.monotonic() - self._said < SILENT_S:
            return
        rows = list(self._rows.values())
        for host, row in self._rows.items():
            current = row.so_far.next if row.state in {STARTING, RUNNING} else None
            if current is None:
                continue
            left = left_s(rows if self._gated else [row], time.monotonic())
            so_far = row.so_far
            what = f"{_place(so_far, current.number, so_far.done + 1)}, {of_trial(current, so_far.plan)}"
            self._print(Text(f"{host}: {under_way(what, left)}"))

    def _print(self, text: Text, *, whole: bool = False) -> None:
        self._said = time.monotonic()
        self._out.print(text, soft_wrap=whole)

    def ended(self, host: str, state: str) -> None:
        """Show how a box's run ended, or why it is not followed any more."""
        self._rows[host].state = state
        # Who is not followed any more goes on: nothing is known of its end.
        if self.metrics and state != NOT_FOLLOWED:
            self.metrics.ended(host, complete=state == FINISHED)

    def _keep(self, host: str, so_far: Progress) -> None:
        if self.metrics:
            self.metrics.so_far(host, so_far)

    def close(self) -> None:
        """Leave the table as it is."""
        if self._live.is_started:
            self._live.stop()

    def _table(self) -> Table:
        now = time.monotonic()
        rows = list(self._rows.values())
        texts = []
        for host, row in self._rows.items():
            interleaved_rows = rows if self._gated else [row]
            texts.append(cells(host, row, left_s(interleaved_rows, now)))
        return fitting(COLUMNS, texts, LEFT, SPARE)


def _place(so_far: Progress, number: int, count: int) -> str:
    """Return which trial of how many one is; of a plan that chooses as it goes numbers are left out, and counted."""
    if so_far.plan.promise:
        return tr("trial {number} of about {of}", number=count, of=so_far.of)
    if so_far.plan.refines:
        return tr("trial {number} of at most {of}", number=count, of=so_far.of)
    return tr("trial {number} of {of}", number=number, of=so_far.of)


def cells(host: str, row: Row, left: float) -> list[str]:
    """Return the texts of one box; ``left`` is in seconds."""
    so_far = row.so_far
    last = so_far.plan.trials[-1]
    trial, block, under_way, remaining = str(so_far.done), "", tr(row.state), ""
    if row.going and (current := so_far.next):
        trial, block, remaining = str(current.number), f"{current.block}/{last.block}", duration(left)
        if so_far.plan.refines or so_far.plan.promise:
            # Of a plan that chooses as it goes numbers are left out.
            trial = str(so_far.done + 1)
        if so_far.plan.promise:
            # It goes by rates, and takes of each block some trials.
            block, remaining = "", tr("about {time}", time=remaining)
        if row.state != WAITS:
            under_way = _words_of(current, searched=so_far.plan.promise is not None)
    return [
        host,
        f"{trial}/{so_far.of}",
        block,
        under_way,
        _last(so_far.records),
        sparkline(so_far.rates, SPARKS),
        degrees(so_far.temperature_c),
        remaining,
    ]


def _words_of(trial: Trial, *, searched: bool) -> str:
    """Return what is under way; of a search the rate is what tells its trials apart."""
    if searched and trial.parameters.rate is not None:
        way, at = f"{trial.phase} {trial.variant}", rate(trial.parameters.rate)
        return tr("{way} at {rate}/s", way=way, rate=at)
    return f"{trial.phase} {trial.variant} {trial.layout}"


def _last(records: Sequence[Record]) -> str:
    """Return the last rate under its own trial's name: beside it in the table stands the next one's."""
    if not records:
        return DASH
    last = records[-1]
    return f"{last.trial.phase} {last.trial.variant} {rate(last.rows_per_s)}"
