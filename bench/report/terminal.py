"""The ladder as a table of at most 100 columns, doubts first."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, floor, log10
from typing import Literal

from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from bench.analysis.doubts import size as size_of_doubt
from bench.analysis.ladder import Doubt, Ladder, LadderReport, Rung
from bench.model.fingerprint import Fact, Fingerprint, Unreadable
from bench.model.plain import harmless

WIDTH = 100
NO_LIMIT = 1000
MARKS = {"suspect": "?", "void": "!"}
DOUBT_STYLES = {"void": "red", "suspect": "yellow", "slight": "dim"}
"""The worst first."""
DASH = "–"
CLOSED = ("closed", "rounds")
"""Load models in which a commit waits for one before it."""
UNITS = {
    "_mb_per_s": "MB/s",
    "_per_s": "/s",
    "_pct": "%",
    "_mhz": "MHz",
    "_bytes": "bytes",
    "_us": "µs",
    "_ms": "ms",
    "_s": "s",
    "_c": "°C",
    "_j": "J",
}
"""At the end of the names of probes' figures, the longest first."""
MOST_MOVED = 5
"""An interval that moves the last figure by more than so many, up or down, leaves it out."""


class PatientConsole(Console):
    """A console whose reader may leave (``| head``): what was begun goes on, unseen. What it prints is harmless."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Return what is to be printed; only our own control codes (of a progress bar) are any."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))

    def on_broken_pipe(self) -> None:
        """Say no more."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def console(*, stderr: bool = False) -> Console:
    """Return a console that keeps to 100 columns; without styles where NO_COLOR asks for none (no-color.org).

    What stands in brackets is text: a path or a server's message may have some.
    """
    stream = sys.stderr if stderr else sys.stdout
    wide = None if stream.isatty() else WIDTH
    colors: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    out = PatientConsole(
        stderr=stderr, width=wide, highlight=False, soft_wrap=False, color_system=colors, markup=False, emoji=False
    )
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
        print_whole(out, ladder_table(ladder))
        out.print(Text(caption(ladder), style="dim"))
    for observed in observed_lines(report.ladders):
        out.print(Text(observed, style="dim"))


def observed_lines(ladders: Iterable[Ladder]) -> Iterable[str]:
    """Return a line for each probe: its figures that are known, from the least rung's to the most."""
    known: dict[str, dict[str, list[float]]] = {}
    for rung in (rung for ladder in ladders for rung in ladder.rungs):
        for probe, figures in rung.observed.items():
            values = {name: value for name, value in figures.items() if value is not None}
            for name, value in values.items():
                known.setdefault(probe, {}).setdefault(name, []).append(value)
    for probe, all_values in known.items():
        yield f"observed, {probe}: " + ", ".join(_range(name, values) for name, values in all_values.items()) + "."


def _range(name: str, values: Sequence[float]) -> str:
    what, unit = figure_words(name)
    least, most = figure(min(values)), figure(max(values))
    return f"{what} {least if least == most else f'{least} to {most}'} {unit}".rstrip()


def figure_words(name: str) -> tuple[str, str]:
    """Return what a probe's figure is, and its unit, from its name: ``disk_busy_pct`` is disk busy, in %."""
    for suffix, unit in UNITS.items():
        if name.endswith(suffix):
            return name.removesuffix(suffix).replace("_", " "), unit
    return name.replace("_", " "), ""


def figure(value: float | None) -> str:
    """Return a probe's figure."""
    return f"-{rate(-value)}" if value is not None and value < 0 else rate(value)


def heading(ladder: Ladder) -> str:
    """Return what all rungs have in common, durability included."""
    durability = " and ".join(ladder.durability) or "durability unknown"
    payloads = " and ".join(f"{size:,}" for size in sorted({rung.parameters.payload_bytes for rung in ladder.rungs}))
    before = f" · {ladder.preload_rows:,} rows before" if ladder.preload_rows else ""
    return f"{ladder.variant} · {ladder.layout} · {ladder.transport} · {durability} · {payloads} B payload{before}"


def caption(ladder: Ladder, row_latency: str = "row lat. in µs") -> str:
    """Return how the numbers came about, and how far blocks differ; ``row_latency`` explains that column."""
    used = sorted({count for rung in ladder.rungs if (count := rung.trials - rung.void)})
    if not used:
        return f"no rung has a trial that counts: all are void; {ladder.seconds:g} s windows."
    most = f"{used[0]} to {used[-1]}" if used[1:] else f"{used[0]}"
    blocks = f"{most} trials as one" if used[-1] > 1 else "one trial: no spread known"
    closed = ", closed loop" if any(rung.parameters.load in CLOSED for rung in ladder.rungs) else ""
    text = (
        f"{blocks}, {ladder.seconds:g} s windows{closed}; latency of one commit in ms, {row_latency};"
        " cores of client, server"
    )
    spreads = [(spread, rung.phase) for rung in ladder.rungs if (spread := _spread(rung)) is not None]
    if used[-1] > 1 and spreads:
        worst, phase = max(spreads)
        text += f"; trials differ by up to {worst:.0%} (phase {phase})"
    if empty := [rung.phase for rung in ladder.rungs if rung.trials == rung.void]:
        text += f"; void, no trial counts: {', '.join(empty)}"
    if any(rung.parameters.processes > 1 for rung in ladder.rungs):
        text += "; n× before a pool: so many client processes, each with such a pool"
    if uvloop := [rung.phase for rung in ladder.rungs if rung.parameters.event_loop == "uvloop"]:
        text += f"; on uvloop: {', '.join(uvloop)}"
    for rung in ladder.rungs:
        if rung.parameters.load not in CLOSED:
            text += f"; load model {rung.parameters.load}: {rung.phase}"
    if ladder.seconds < 20:
        text += "; steadiness not assessed"
    return text + "."


def _spread(rung: Rung) -> float | None:
    if not rung.rows_per_s or rung.rows_per_s_max is None or rung.rows_per_s_min is None:
        return None
    return (rung.rows_per_s_max - rung.rows_per_s_min) / rung.rows_per_s


def print_whole(out: Console, table: Table) -> None:
    """Print a table without cutting a number: where it is too wide for the terminal, its lines run over."""
    table.width = Measurement.get(out, out.options.update(width=NO_LIMIT), table).maximum
    out.print(table, crop=False, no_wrap=True, overflow="ignore")


def ladder_table(ladder: Ladder) -> Table:
    """Return the table; every column of the contract fits 100 columns."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    left = {"phase", "method"}
    for name in (
        "phase", "method", "pool", "batch", "rows/s", "settled", "com-\nmits/s", "p50", "p99", "row\nlat.",
        "cli-\nent", "ser-\nver", "step", "vs 1",
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
        f"{rung.parameters.batch}" if rung.parameters.batch < 100_000 else _thousands(rung.parameters.batch),
        "void" if rung.rows_per_s is None else rate(rung.rows_per_s),
        rate(rung.settled_rows_per_s),
        rate(rung.commits_per_s),
        percentile(latency.p50, latency.intervals.get("p50")),
        percentile(latency.p99, latency.intervals.get("p99")),
        short(None if rung.row_latency_ms is None else rung.row_latency_ms * 1000),
        _cores(rung.client_cores),
        _cores(rung.server_cores),
        _times(rung.step),
        _times(rung.vs_phase_1),
    )


def rate(value: float | None) -> str:
    """Return a rate in six characters: 16.4, 17,500, 281.0k, 1.030M."""
    if value is None:
        return DASH
    if value >= 99_995:
        return _thousands(value, figures=4)
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def percentile(value: float | None, interval: tuple[float, float] | None) -> str:
    """Return a percentile with no more figures than its interval bears: 11 where that is 10.2 to 11.6, not 10.9."""
    if not value or interval is None or interval[0] == interval[1]:
        return short(value)
    moved = (interval[1] - interval[0]) / 2 / MOST_MOVED
    figures = floor(log10(value)) - ceil(log10(moved)) + 1
    return short(value, max(1, min(figures, 3)))


def short(value: float | None, figures: int = 3) -> str:
    """Return a duration with so many figures, at most three: 0.260, 6.30, 133, 1,250, 12.5k."""
    if value is None:
        return DASH
    value = float(f"{value:.{figures}g}") if figures < 3 else value
    if value >= 9_999.5:
        return _thousands(value, figures)
    if 0 < value < 0.0005:
        return "<.001"
    if value < 0.1:
        return f"{value:.3f}"
    return f"{value:,.0f}" if value >= 100 else _rounded(value, figures)


def _rounded(value: float, figures: int) -> str:
    """Return a number above 0 with so many figures, its zeros shown, and never in powers of ten: 6.30, 20."""
    value = float(f"{value:.{figures}g}")
    decimals = max(figures - 1 - floor(log10(value)), 0)
    return f"{value:.{decimals}f}"


def _thousands(value: float, figures: int = 3) -> str:
    """Return a large number in k, M or G with so many figures: 12.5k, 1.030M."""
    for unit, size in (("k", 1e3), ("M", 1e6)):
        if float(f"{value / size:.{figures}g}") < 1000:
            return _rounded(value / size, figures) + unit
    return f"{value / 1e9:.{figures}g}G"


def _pool(rung: Rung) -> str:
    each = DASH if rung.parameters.pool_max is None else f"{rung.parameters.pool_min}–{rung.parameters.pool_max}"
    return f"{rung.parameters.processes}×{each}" if rung.parameters.processes > 1 else each


def _cores(value: float | None) -> str:
    if value is None:
        return DASH
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def _times(value: float | None) -> str:
    if value is None:
        return DASH
    if value >= 9_999.5:
        return f"{_thousands(value)}×"
    if value < 0.01:
        return "<0.01×"
    return f"{value:,.0f}×" if value >= 9.95 else f"{value:.2g}×"


def doubt_lines(ladder: Ladder) -> Iterable[Text]:
    """Return a line for each kind of doubt that the records carry: where, and in the words of the gravest."""
    found: dict[tuple[str, str], list[tuple[Rung, Doubt]]] = {}
    for rung in ladder.rungs:
        for doubt in rung.doubts:
            found.setdefault((doubt.state, doubt.reason.code), []).append((rung, doubt))
    for (state, _), same in sorted(found.items(), key=_rank):
        yield Text(_doubt(ladder, state, same), style=DOUBT_STYLES[state])


def _rank(one: tuple[tuple[str, str], list[tuple[Rung, Doubt]]]) -> tuple[int, float]:
    (state, _), same = one
    return list(DOUBT_STYLES).index(state), -max(doubt.reason.share or 0 for _, doubt in same)


def _doubt(ladder: Ladder, state: str, same: list[tuple[Rung, Doubt]]) -> str:
    where = ", ".join(f"{rung.phase} (trial{'s' * (len(doubt.trials) > 1)} {_list(doubt)})" for rung, doubt in same)
    gravest = max((doubt for _, doubt in same), key=lambda doubt: size_of_doubt(doubt.reason))
    likewise = f" in trial {gravest.worst}, likewise in the others" if same[1:] or gravest.trials[1:] else ""
    word = f"{state.capitalize()} {MARKS.get(state, '')}".rstrip()
    return f"{word} {ladder.variant}, {ladder.layout}, {ladder.transport}: {gravest.reason.detail}{likewise}: {where}"


def _list(doubt: Doubt) -> str:
    return ", ".join(map(str, doubt.trials))


def describe_host(host: Fingerprint) -> Text:
    """Return the host in a line or two."""
    facts = host.facts

    def known(group: str, name: str) -> str:
        fact = facts.get(group, {}).get(name)
        return f"unknown {name}" if fact is None or isinstance(fact, Unreadable) else str(fact)

    version = known("postgresql", "version").split(" on ")[0]
    ram = facts.get("memory", {}).get("ram_bytes")
    memory = f"{ram / (1 << 30):.0f} GiB" if isinstance(ram, int) else "unknown RAM"
    disk = f"{known('disk', 'kind')} disk, {known('disk', 'file_system')}, {_flushes(facts.get('disk', {}))}"
    cpu = f"{known('cpu', 'model')}, {known('cpu', 'logical_cpus')} CPUs, {memory}"
    system = f"{known('system', 'os')}, kernel {known('system', 'kernel')}"
    if clients_on := facts.get("pgladder", {}).get("clients_on"):
        return Text(f"{host.host}: {version}; clients on {clients_on}: {cpu}; {system}")
    return Text(f"{host.host}: {cpu}, {disk}; {version}; {system}")


def _flushes(disk: Mapping[str, Fact]) -> str:
    """Return how often it flushes, with the spread of the readings where there were several."""
    middle, least, most = (disk.get(f"fsync_per_s{which}") for which in ("", "_least", "_most"))
    if not isinstance(middle, int | float):
        return "fdatasync/s unknown"
    spread = f" ({least:,.0f} to {most:,.0f})" if isinstance(least, float) and isinstance(most, float) else ""
    return f"{middle:,.0f} fdatasync/s{spread}"


def duration(seconds: float) -> str:
    """Return a duration in words: 40 s, 5 min, 2 h 10 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(count: float) -> str:
    """Return bytes in words."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
