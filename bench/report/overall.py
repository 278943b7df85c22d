"""The ranking over the whole matrix: arms of one durability among each other, the best first."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from bench.analysis.comparison import ComparisonReport, Overall, Rank, Standing
from bench.report.ratios import (
    STYLES,
    bare_table,
    blocks_text,
    detects_text,
    headlined,
    interval_text,
    mark,
    p_text,
    rank_text,
    ratio_text,
    shortened,
    verdict_text,
)

COLUMNS = ("variant", "rank", "ratio", "interval", "burst ratio", "p adj.", "verdict", "detects", "blocks + more")


def standing_heading(over: Overall, standing: Standing) -> str:
    """Return which arms these are, and over how many cells."""
    return f"Over all {over.cells} cells: {' and '.join(standing.durability) or 'durability unknown'}"


def standing_rows(report: ComparisonReport, over: Overall, standing: Standing) -> Sequence[Sequence[str]]:
    """Return what each arm of a standing came to, in the order of ``COLUMNS``; of a tie the higher first."""
    ratios = {pair.candidate: found.ratio for pair in over.pairs if (found := headlined(report, pair))}
    ranks = sorted(standing.ranking, key=lambda rank: (rank.best + rank.worst, rank.best, -ratios.get(rank.arm, 1)))
    return [_row(report, over, rank) for rank in ranks]


def _row(report: ComparisonReport, over: Overall, rank: Rank) -> Sequence[str]:
    arms = [arm for cell in report.cells for arm in cell.arms if arm.name == rank.arm]
    name = rank.arm + max(map(mark, arms), key=("", "?", "!").index)
    pair = next((pair for pair in over.pairs if pair.candidate == rank.arm), None)
    if pair is None:
        return (name, rank_text(rank), "1", "", "", "", "baseline", "", "")
    decides = headlined(report, pair)
    figures = (ratio_text(decides), interval_text(decides), ratio_text(pair.burst), p_text(pair.adjusted_p))
    verdict = verdict_text(report, arms[0], pair)
    return (name, rank_text(rank), *figures, verdict, detects_text(decides), blocks_text(pair, decides))


def standing_table(report: ComparisonReport, over: Overall, standing: Standing) -> Table:
    """Return a standing as a table."""
    table = bare_table(*COLUMNS, left={"variant", "verdict"})
    for name, *figures, verdict, detects, more in standing_rows(report, over, standing):
        style = STYLES.get(verdict.removesuffix("*"), "")
        table.add_row(shortened(name), *figures, Text(verdict, style=style), detects, more)
    return table
