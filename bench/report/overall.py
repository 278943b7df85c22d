"""The ranking over the whole matrix: arms of one durability among each other, the best first."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from bench.analysis.comparison import ComparisonReport, Overall, Pair, Rank, Standing
from bench.report.ratios import bare_table, colored, headlined, mark, pair_figures, rank_text, shortened

COLUMNS = ("rank", "ratio", "interval", "burst ratio", "p adj.", "verdict", "detects", "blocks + more")
Rows = Sequence[Sequence[str]]
"""The name of each arm of a standing, then what it came to in the order of ``COLUMNS``; of a tie the higher first."""


def standings(report: ComparisonReport) -> Iterable[tuple[str, Rows]]:
    """Return of each standing over all cells which arms it is of, and its rows; the baseline alone says nothing."""
    if over := report.overall:
        compared = {pair.candidate for pair in over.pairs}
        for standing in over.standings:
            if compared.isdisjoint(rank.arm for rank in standing.ranking):
                continue
            yield f"Over all {over.cells} cells: {_promise(standing.durability)}", _rows(report, over, standing)


def _promise(grades: Sequence[str]) -> str:
    if len(grades) < 2:
        return grades[0] if grades else "durability unknown"
    return f"{', '.join(grades[:-1])} in some, {grades[-1]} in others"


def _rows(report: ComparisonReport, over: Overall, standing: Standing) -> Rows:
    pairs = {pair.candidate: pair for pair in over.pairs}
    ratios = {name: found.ratio for name, pair in pairs.items() if (found := headlined(report, pair))}
    ranks = sorted(standing.ranking, key=lambda rank: (rank.best + rank.worst, rank.best, -ratios.get(rank.arm, 1)))
    return [_row(report, rank, pairs.get(rank.arm)) for rank in ranks]


def _row(report: ComparisonReport, rank: Rank, pair: Pair | None) -> Sequence[str]:
    arms = [arm for cell in report.cells for arm in cell.arms if arm.name == rank.arm]
    name = rank.arm + max(map(mark, arms), key=("", "?", "!").index)
    return (name, rank_text(rank), *pair_figures(report, arms[0], pair))


def standing_table(across: str, rows: Rows) -> Table:
    """Return a standing of the values of this factor as a table."""
    table = bare_table(across, *COLUMNS, left={across, "verdict"})
    for name, *figures in rows:
        table.add_row(Text(shortened(name)), *map(colored, figures))
    return table
