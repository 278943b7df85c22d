"""The ranking over the whole matrix: arms of one durability among each other, the best first."""

from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from bench.analysis.comparison import ComparisonReport, Pair, Rank, Standing
from bench.report.ratios import Line, colored, line_of, pair_figures, pairs_of, rank_text
from bench.report.tables import bare_table
from bench.report.words import mark, shortened

COLUMNS = ("rank", "ratio", "interval", "burst ratio", "p adj.", "verdict", "min. effect", "blocks + more")
Rows = Sequence[Sequence[str]]
"""The name of each arm of a standing, then what it came to in the order of ``COLUMNS``; of a tie the higher first."""


def standings(report: ComparisonReport) -> Iterable[tuple[str, Rows]]:
    """Return of each standing over all cells which arms it is of, and its rows; the baseline alone says nothing."""
    over = report.overall
    if over is None:
        return
    pairs = pairs_of(over)
    for standing in over.standings:
        if any(rank.arm in pairs for rank in standing.ranking):
            title = f"Over all {over.cells} cells: {_durability(standing.durability)}"
            yield title, _rows(report, pairs, standing)


def _durability(grades: Sequence[str]) -> str:
    if not grades:
        return "durability unknown"
    *others, last = grades
    if not others:
        return last
    return f"{', '.join(others)} in some, {last} in others"


def _rows(report: ComparisonReport, pairs: Mapping[str, Pair], standing: Standing) -> Rows:
    lines = []
    for rank in standing.ranking:
        arms = [arm for cell in report.cells for arm in cell.arms if arm.name == rank.arm]
        # A void trial in any cell marks the arm, else a suspect one does.
        worst = max(arms, key=lambda arm: (arm.void > 0, arm.suspect))
        lines.append((rank, line_of(report, worst, rank, pairs.get(rank.arm))))
    lines.sort(key=_place)
    return [(line.arm.name + mark(line.arm), rank_text(rank), *pair_figures(line)) for rank, line in lines]


def _place(ranked: tuple[Rank, Line]) -> tuple[int, int, float]:
    """Return what sorts the best first; the baseline stands by a ratio of 1, to itself."""
    rank, line = ranked
    ratio = line.decides.ratio if line.decides else 1
    return rank.best + rank.worst, rank.best, -ratio


def standing_table(across: str, rows: Rows) -> Table:
    """Return a standing of the values of this factor as a table."""
    table = bare_table([across, *COLUMNS], left={across, "verdict"})
    for name, *figures in rows:
        table.add_row(Text(shortened(name)), *map(colored, figures))
    return table
