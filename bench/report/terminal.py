"""The ladder as a table of at most 100 columns, doubts first; and the progress of a run."""

import sys
from collections.abc import Iterable
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from bench.analysis.ladder import Doubt, Ladder, LadderReport, Rung
from bench.model import Fingerprint, Record, Trial, Unreadable

WIDTH = 100
MARKS = {"suspect": "?", "void": "!"}
DASH = "–"


def console(*, stderr: bool = False) -> Console:
    """Return a console that honours NO_COLOR and keeps to 100 columns."""
    stream = sys.stderr if stderr else sys.stdout
    wide = None if stream.isatty() else WIDTH
    out = Console(stderr=stderr, width=wide, highlight=False, soft_wrap=False)
    out.width = min(out.width, WIDTH)
    return out


# --- the ladder ------------------------------------------------------------------------------------------------------


def show_ladders(out: Console, report: LadderReport) -> None:
    """Print what is doubtful, the host, then a table for each variant, layout and transport."""
    for note in report.notes:
        out.print(Text(f"Note: {note}", style="yellow"))
    for ladder in report.ladders:
        for line in doubt_lines(ladder):
            out.print(line)
    if report.host:
        out.print(describe_host(report.host))
    for ladder in report.ladders:
        out.print()
        out.print(Text(heading(ladder), style="bold"))
        out.print(ladder_table(ladder))
        out.print(Text(caption(ladder), style="dim"))


def heading(ladder: Ladder) -> str:
    """Return what all rungs have in common, durability included."""
    durability = " and ".join(ladder.durability) or "durability unknown"
    return f"{ladder.variant} · {ladder.layout} · {ladder.transport} · {durability}"


def caption(ladder: Ladder) -> str:
    """Return how the numbers came about, and how far blocks differ."""
    blocks = f"median of {ladder.blocks} blocks" if ladder.blocks > 1 else "one block: no spread known"
    text = (
        f"{blocks}, {ladder.seconds:g} s windows; latency of one commit in ms, row lat. in µs; cores of client, server"
    )
    spreads = [(spread, rung.phase) for rung in ladder.rungs if (spread := _spread(rung)) is not None]
    if ladder.blocks > 1 and spreads:
        worst, phase = max(spreads)
        text += f"; blocks differ by up to {worst:.0%} (phase {phase})"
    if ladder.seconds < 20:
        text += "; steadiness not assessed"
    return text + "."


def _spread(rung: Rung) -> float | None:
    if not rung.rows_per_s or rung.rows_per_s_max is None or rung.rows_per_s_min is None:
        return None
    return (rung.rows_per_s_max - rung.rows_per_s_min) / rung.rows_per_s


def ladder_table(ladder: Ladder) -> Table:
    """Return the table; every column of the contract fits 100 columns."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    left = {"phase", "method"}
    for name in (
        "phase", "method", "pool", "batch", "rows/s", "settled", "com-\nmits/s", "p50", "p99", "row\nlat.",
        "client", "server", "step", "vs 1",
    ):  # fmt: skip
        table.add_column(name, justify="left" if name in left else "right", no_wrap=True)
    for rung in ladder.rungs:
        table.add_row(*cells(rung))
    return table


def cells(rung: Rung) -> Iterable[str]:
    """Return one rung's texts, in the order of the columns."""
    mark = "!" if rung.void else "?" if rung.suspect else ""
    latency = rung.latency_ms
    return (
        rung.phase + mark,
        rung.method,
        _pool(rung),
        f"{rung.batch:,}",
        "void" if rung.rows_per_s is None else rate(rung.rows_per_s),
        rate(rung.settled_rows_per_s),
        rate(rung.commits_per_s),
        short(latency.p50),
        short(latency.p99),
        short(None if rung.row_latency_ms is None else rung.row_latency_ms * 1000),
        _two(rung.client_cores),
        _two(rung.server_cores),
        _times(rung.step),
        _times(rung.vs_phase_1),
    )


def rate(value: float | None) -> str:
    """Return a rate with at most four figures that count: 16.4, 17,500, 1.030M."""
    if value is None:
        return DASH
    if value >= 999_500:
        return f"{value / 1e6:.3f}M"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def short(value: float | None) -> str:
    """Return a duration with three figures: 0.26, 6.3, 133, 1,250."""
    if value is None:
        return DASH
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}".rstrip(".")


def _pool(rung: Rung) -> str:
    return DASH if rung.pool_max is None else f"{rung.pool_min}–{rung.pool_max}"


def _two(value: float | None) -> str:
    return DASH if value is None else f"{value:.2f}"


def _times(value: float | None) -> str:
    if value is None:
        return DASH
    return f"{value:,.0f}×" if value >= 9.95 else f"{value:.2g}×"


def doubt_lines(ladder: Ladder) -> Iterable[Text]:
    """Return a line for each doubt that the records carry."""
    for rung in ladder.rungs:
        for doubt in rung.doubts:
            yield Text(_doubt(ladder, rung, doubt), style="red" if doubt.state == "void" else "yellow")


def _doubt(ladder: Ladder, rung: Rung, doubt: Doubt) -> str:
    trials = f"trial{'s' if doubt.trials[1:] else ''} {', '.join(map(str, doubt.trials))}"
    where = f"{rung.phase} ({ladder.variant}, {ladder.layout}, {ladder.transport})"
    word = f"{doubt.state.capitalize()} {MARKS[doubt.state]}"
    return f"{word} {where}, {trials}: {doubt.reason.detail}"


def describe_host(host: Fingerprint) -> Text:
    """Return the host in a line or two."""
    facts = host.facts

    def known(group: str, name: str) -> str:
        fact = facts.get(group, {}).get(name)
        return f"unknown {name}" if fact is None or isinstance(fact, Unreadable) else str(fact)

    version = known("postgresql", "version").split(" on ")[0]
    ram = facts.get("memory", {}).get("ram_bytes")
    memory = f"{ram / (1 << 30):.0f} GiB" if isinstance(ram, int) else "unknown RAM"
    fsync = facts.get("disk", {}).get("fsync_per_s")
    flushes = f"{fsync:,.0f} fdatasync/s" if isinstance(fsync, int | float) else "fdatasync/s unknown"
    disk = f"{known('disk', 'kind')} disk, {known('disk', 'file_system')}, {flushes}"
    return Text(
        f"{host.host}: {known('cpu', 'model')}, {known('cpu', 'logical_cpus')} CPUs, {memory}, {disk}; {version};"
        f" {known('system', 'os')}, kernel {known('system', 'kernel')}"
    )


# --- the progress of a run -------------------------------------------------------------------------------------------


class RunProgress:
    """Tells how a run goes on: a bar with what is left on a terminal, plain lines elsewhere."""

    def __init__(self, out: Console, trial_s: float) -> None:
        self._out = out
        self._guess_s = trial_s
        """What a trial takes, until one was seen."""
        self._began = 0.0
        self._done = 0
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(20), TextColumn("{task.fields[left]}"), console=out
        )
        self._task: TaskID | None = None

    def begins(self, trial: Trial, number: int, of: int) -> None:
        """Show the trial that begins."""
        self._began = self._began or monotonic()
        what = f"trial {trial.trial} of {of}: {_what(trial)}"
        if not self._out.is_terminal:
            return
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task(what, total=of - trial.trial + number, left="")
        self._bar.update(self._task, description=what, completed=self._done, left=self._left(of - trial.trial + 1))

    def _left(self, trials: int) -> str:
        each = (monotonic() - self._began) / self._done if self._done else self._guess_s
        return f"{duration(each * trials)} left"

    def ended(self, record: Record) -> None:
        """Print the line of a trial."""
        self._done += 1
        number = DASH if record.rows_per_s is None else rate(record.rows_per_s)
        style = {"valid": "", "suspect": "yellow", "void": "red"}[record.validity.state]
        line = f"{record.trial:>4}  {_what(record):<36} {number:>9} rows/s  {record.validity.state}"
        reasons = "; ".join(reason.detail for reason in record.validity.reasons)
        self._bar.console.print(Text(f"{line}{': ' + reasons if reasons else ''}", style=style))

    def says(self, sentence: str) -> None:
        """Print a sentence."""
        self._bar.console.print(sentence)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def _what(trial: Trial | Record) -> str:
    return f"{trial.phase} {trial.variant} {trial.layout} {trial.transport}"


def duration(seconds: float) -> str:
    """Return a duration in words: 40 s, 5 min, 2 h 10 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(count: float) -> str:
    """Return bytes in words."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
