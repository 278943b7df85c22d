"""How the figures of a comparison are written: ratios, intervals, p-values, verdicts, ranks."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from bench.analysis.comparison import ArmSummary, CellComparison, ComparisonReport, Pair, Rank
from bench.report.terminal import DASH
from bench.stats.compare import Comparison

LONGEST_NAME = 20
STYLES = {"faster": "green", "slower": "red", "equivalent": "cyan", "undecided": "yellow"}


def headlined(report: ComparisonReport, pair: Pair) -> Comparison | None:
    """Return the comparison that decides."""
    return pair.burst if report.headline == "burst" else pair.settled


def verdict_text(report: ComparisonReport, arm: ArmSummary, pair: Pair) -> str:
    """Return the verdict in a word; with a star where it would be another if this were the only comparison."""
    if arm.refused:
        return "refused"
    decides = headlined(report, pair)
    if pair.verdict is None or decides is None:
        return "no blocks"
    return pair.verdict + ("*" if decides.verdict != pair.verdict else "")


def colored(figure: str) -> Text:
    """Return a figure as a cell of a table; a verdict has its colour."""
    return Text(figure, style=STYLES.get(figure.removesuffix("*"), ""))


def pair_figures(report: ComparisonReport, arm: ArmSummary, pair: Pair | None) -> Sequence[str]:
    """Return ratio, interval, burst ratio, p-value, verdict, what is detected, blocks; the first arm has no pair."""
    if pair is None:
        return ("1", "", "", "", "refused" if arm.refused else "baseline", "", "")
    decides = headlined(report, pair)
    return (
        ratio_text(decides),
        interval_text(decides),
        ratio_text(pair.burst),
        p_text(pair.adjusted_p),
        verdict_text(report, arm, pair),
        detects_text(decides),
        blocks_text(pair, decides),
    )


def in_matrix(report: ComparisonReport, cell: CellComparison, name: str) -> tuple[str, str] | None:
    """Return ratio and verdict of an arm in a cell, None where it has no pair there."""
    arm = next((arm for arm in cell.arms if arm.name == name), None)
    pair = next((pair for pair in cell.pairs if pair.candidate == name), None)
    return (ratio_text(headlined(report, pair)), verdict_text(report, arm, pair)) if arm and pair else None


def mark(arm: ArmSummary) -> str:
    """Return the sign of an arm whose trials are not all valid."""
    return "!" if arm.void else "?" if arm.suspect else ""


def shortened(name: str) -> str:
    """Return a name that leaves room for the numbers; the end of it tells runs apart."""
    return name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"


def rank_text(rank: Rank | None) -> str:
    """Return a rank, or from where to where it may lie; runs and hosts have none."""
    if rank is None:
        return ""
    return str(rank.best) if rank.best == rank.worst else f"{rank.best}–{rank.worst}"


def ratio_text(found: Comparison | None) -> str:
    """Return a ratio with three digits behind the point, fewer where it is large."""
    return DASH if found is None else number(found.ratio)


def interval_text(found: Comparison | None) -> str:
    """Return an interval of a ratio."""
    if found is None or found.interval is None:
        return DASH
    return f"{number(found.interval.low)}–{number(found.interval.high)}"


def number(value: float) -> str:
    """Return a ratio in five characters or so: 0.982, 12.40, 1e+09."""
    return f"{value:.3f}" if value < 9.9995 else f"{value:.2f}" if value < 999.995 else f"{value:.0e}"


def p_text(value: float | None) -> str:
    """Return a p-value; none is a dash."""
    if value is None:
        return DASH
    return "<.001" if value < 0.001 else f"{value:.3f}".removeprefix("0") if value < 0.9995 else "1"


def detects_text(found: Comparison | None) -> str:
    """Return the smallest difference that so many blocks find."""
    if found is None or found.detectable is None:
        return DASH
    return percent(found.detectable) if found.detectable <= 1 else ">2×"


def detected(difference: float) -> str:
    """Return a difference that blocks detect, in words: beyond a factor of 2 its figure says nothing more."""
    return percent(difference) if difference <= 1 else "more than a factor of 2"


def percent(value: float) -> str:
    """Return a share in percent with two figures or so."""
    return f"{100 * value:.1f} %" if value < 0.0995 else f"{100 * value:.0f} %" if value < 10 else ">999 %"


def blocks_text(pair: Pair, found: Comparison | None) -> str:
    """Return the blocks that count and, if undecided, how many more would decide.

    6+12–60: 12 if effect and spread are as seen, up to 60; ``?`` where no reasonable number would.
    """
    if found is None:
        return DASH
    if pair.verdict != "undecided":
        return str(found.blocks)
    likely, most = ("?" if more is None else str(more) for more in (found.more_blocks, found.more_blocks_at_most))
    return f"{found.blocks}+{likely}" if likely == most else f"{found.blocks}+{likely}–{most}"


def filled(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows without the columns that are empty throughout."""
    kept = [at for at in range(len(columns)) if any(row[at] for row in rows)]
    return [columns[at] for at in kept], [[row[at] for at in kept] for row in rows]


def bare_table(*columns: str, left: set[str]) -> Table:
    """Return a table without lines; ``left`` are the columns that are not numbers."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, justify="left" if name in left else "right", no_wrap=True)
    return table
