"""The ranking over the whole matrix: arms of one durability among each other, the best first."""

from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from bench.analysis.comparison import ComparisonReport, Pair, Rank, Standing
from bench.model.language import tr
from bench.report.ratios import Line, colored, line_of, pairs_of, plain_figures, statistics
from bench.report.tables import bare_table, filled
from bench.report.words import shortened

PLAIN_COLUMNS = ("ratio", "interval", "verdict", "decides")
MORE_COLUMNS = ("rank", "burst ratio", "p adj.", "min. effect", "blocks + more")
Ranked = Sequence[tuple[Rank, Line]]
"""The arms of a standing, of a tie the higher first."""


def standings(report: ComparisonReport) -> Iterable[tuple[str, Ranked]]:
    """Return of each standing over all cells which arms it is of, and these; the baseline alone says nothing."""
    over = report.overall
    if over is None:
        return
    pairs = pairs_of(over)
    for standing in over.standings:
        if any(rank.arm in pairs for rank in standing.ranking):
            grades = _durability(standing.durability)
            title = tr("Over all {cells} cells: {durability}", cells=over.cells, durability=grades)
            yield title, _ranked(report, pairs, standing)


def _durability(grades: Sequence[str]) -> str:
    if not grades:
        return tr("durability unknown")
    *others, last = grades
    if not others:
        return last
    return tr("{others} in some, {last} in others", others=", ".join(others), last=last)


def _ranked(report: ComparisonReport, pairs: Mapping[str, Pair], standing: Standing) -> Ranked:
    lines = []
    for rank in standing.ranking:
        arms = [arm for cell in report.cells for arm in cell.arms if arm.name == rank.arm]
        # A void trial in any cell marks the arm, else a suspect one does.
        worst = max(arms, key=lambda arm: (arm.void > 0, arm.suspect))
        lines.append((rank, line_of(report, worst, rank, pairs.get(rank.arm))))
    return sorted(lines, key=_place)


def _place(ranked: tuple[Rank, Line]) -> tuple[int, int, float]:
    """Return what sorts the best first; the baseline stands by a ratio of 1, to itself."""
    rank, line = ranked
    ratio = line.decides.ratio if line.decides else 1
    return rank.best + rank.worst, rank.best, -ratio


def standing_tables(across: str, ranked: Ranked, *, detail: bool = True) -> Iterable[Table]:
    """Yield a standing of the values of this factor: a table, in detail what only a statistician wants as another."""
    yield _table(across, PLAIN_COLUMNS, [(shortened(line.arm.name), *plain_figures(line)) for _, line in ranked])
    if detail:
        rows = [(shortened(line.arm.name), *statistics(rank, line)) for rank, line in ranked]
        yield _table(across, MORE_COLUMNS, rows)


def _table(across: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    shown, texts = filled((across, *columns), rows)
    table = bare_table(shown, left={across, "verdict", "decides"})
    for name, *figures in texts:
        table.add_row(Text(name), *map(colored, figures))
    return table
