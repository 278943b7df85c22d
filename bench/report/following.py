"""Runs on several boxes while they go on: one live table on a terminal, plain lines elsewhere."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bench.analysis.progress import UnderWay, sparkline, trial_s
from bench.model.record import Record
from bench.plan.estimate import TRIAL_OVERHEAD_S
from bench.report.terminal import DASH, duration, rate

SPARKS = 16
WAITS = "waits for its turn"
STYLES = {"valid": "", "suspect": "yellow", "void": "red"}
REFRESH_PER_S = 2
COLUMNS = ("box", "trial", "block", "under way", "measured last, rows/s", "so far", "°C", "left")
NUMBERS = {"trial", "°C", "left"}


@dataclass(slots=True)
class Row:
    """One box as it is shown."""

    so_far: UnderWay
    state: str = "starting"
    since: float = field(default_factory=time.monotonic)
    """When the last news came."""

    @property
    def going(self) -> bool:
        """It has not ended."""
        return self.state in {"starting", "running", WAITS}


def left_s(rows: Sequence[Row], now: float) -> float:
    """Estimate what is left to do, of several boxes where only one of them measures at any time.

    It goes by what a trial takes there, from the start of one to that of the next; one that takes longer lets the
    estimate stand.
    """
    plan, going = rows[0].so_far.plan, [row for row in rows if row.going]
    known = trial_s([record for row in rows for record in row.so_far.records])
    each = known or plan.warm_up_s + plan.window_s + TRIAL_OVERHEAD_S
    after = sum(len(row.so_far.plan.trials) - row.so_far.done for row in going) - 1
    return max(after * each, (after + 1) * each - (now - max(row.since for row in rows)))


class Following:
    """Shows the boxes; told of everything by ``bench.targets``. Where they take turns, one measures at any time."""

    def __init__(self, out: Console, *, in_turns: bool = False) -> None:
        self._out, self._in_turns = out, in_turns
        self._rows: dict[str, Row] = {}
        self._live = Live(console=out, refresh_per_second=REFRESH_PER_S, get_renderable=self._table)

    def begins(self, host: str, so_far: UnderWay) -> None:
        """Show a box."""
        self._rows[host] = Row(so_far)
        if self._out.is_terminal and not self._live.is_started:
            self._live.start()

    def recorded(self, host: str, so_far: UnderWay, record: Record) -> None:
        """Show that a trial is recorded."""
        row = self._rows[host]
        row.so_far, row.state, row.since = so_far, "running", time.monotonic()
        doubt = "" if record.validity.state == "valid" else f" {record.validity.state}: {_reasons(record)}"
        if doubt or not self._out.is_terminal:
            number = DASH if record.rows_per_s is None else rate(record.rows_per_s)
            what = f"{record.trial.phase} {record.trial.variant} {record.trial.layout} {record.trial.transport}"
            line = f"{host}: trial {record.trial.number} of {len(so_far.plan.trials)}, {what}, {number} rows/s{doubt}"
            self._out.print(Text(line, style=STYLES[record.validity.state]), soft_wrap=True)

    def turn(self, host: str) -> None:
        """Show which box measures; the others that have not ended wait."""
        for name, row in self._rows.items():
            if row.going:
                row.state = "running" if name == host else WAITS

    def says(self, sentence: str) -> None:
        """Print a sentence that names its box."""
        self._out.print(Text(sentence), soft_wrap=True)

    def ended(self, host: str, state: str) -> None:
        """Show how a box's run ended, or why it is not followed any more."""
        self._rows[host].state = state

    def close(self) -> None:
        """Leave the table as it is."""
        if self._live.is_started:
            self._live.stop()

    def _table(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
        for name in COLUMNS:
            table.add_column(name, justify="right" if name in NUMBERS else "left", no_wrap=True)
        now = time.monotonic()
        rows = list(self._rows.values())
        for host, row in self._rows.items():
            table.add_row(*cells(host, row, left_s(rows if self._in_turns else [row], now)))
        return table


def cells(host: str, row: Row, left: float) -> list[str]:
    """Return the texts of one box; ``left`` is in seconds."""
    so_far, trial = row.so_far, row.so_far.next if row.going else None
    count, rates = len(so_far.plan.trials), so_far.rates
    heat = so_far.temperature_c
    return [
        host,
        f"{trial.number if trial else so_far.done}/{count}",
        f"{trial.block}/{so_far.plan.trials[-1].block}" if trial else "",
        f"{trial.phase} {trial.variant} {trial.layout}" if trial and row.state != WAITS else row.state,
        _last(so_far.records),
        sparkline(rates, SPARKS),
        DASH if heat is None else f"{heat:.0f}",
        duration(left) if trial else "",
    ]


def _last(records: Sequence[Record]) -> str:
    """Return the last rate under its own trial's name: beside it in the table stands the next one's."""
    return f"{records[-1].trial.phase} {records[-1].trial.variant} {rate(records[-1].rows_per_s)}" if records else DASH


def _reasons(record: Record) -> str:
    return "; ".join(reason.detail for reason in record.validity.reasons)
