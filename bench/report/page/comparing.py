"""The comparison as the page shows it: the forest of ratios, the matrix, beside each result the settings that differ.

The figures are the terminal's: ``report.comparison`` words them, here they are only put in order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.analysis.comparison import CellComparison, CellNoise, ComparisonReport, Pair
from bench.report.comparison import COSTS, caption, cost_figures, heading, noise_lines
from bench.report.overall import standings
from bench.report.page.figures import BETWEEN, Figure, Row
from bench.report.ratios import filled, headlined, in_matrix, mark, pair_figures, rank_text, ratio_text
from bench.report.terminal import DASH, rate
from bench.stats.compare import Comparison

COLUMNS = ("rank", "arm", "durability", "rows/s", "settled rows/s", "ratio", "interval", "burst ratio", "p adjusted",
           "verdict", "detects", "blocks + more", "settings that differ in effect")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """One cell: a row an arm, and what is known of the boxes' noise."""

    heading: str
    rows: list[list[tuple[str, str]]]
    noise: list[str]
    costs: list[tuple[str, Sequence[tuple[str, str]]]]
    """Of runs and hosts: by arm, what its rows cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonView:
    """One comparison."""

    title: str
    notes: list[str]
    forest: Figure
    cells: list[CellView]
    names: list[str]
    matrix: list[tuple[str, list[str]]]
    caption: str


def comparison_view(report: ComparisonReport) -> ComparisonView:
    """Return a comparison as the page shows it."""
    names = list(dict.fromkeys(pair.candidate for cell in report.cells for pair in cell.pairs))
    return ComparisonView(
        title=f"The {report.across}s" if report.of_runs else " and ".join(report.hosts),
        notes=list(report.notes),
        forest=Figure(
            chart="forest", label="ratio of each arm to the first, over all cells and in each", rows=_forest(report)
        ),
        cells=[
            *_overall(report),
            *(
                CellView(
                    heading=heading(cell),
                    rows=_labelled(list(_rows(report, cell))),
                    noise=list(noise_lines(report, cell)),
                    costs=_costs(cell) if report.of_runs else [],
                )
                for cell in report.cells
            ),
        ],
        names=names,
        matrix=[
            (heading(cell), [" ".join(in_matrix(report, cell, name) or [DASH]) for name in names])
            for cell in report.cells
        ],
        caption=caption(report),
    )


def _overall(report: ComparisonReport) -> Iterable[CellView]:
    """Return the standings over all cells; rates and settings are the cells' own."""
    for title, rows in standings(report):
        views = [[rank, arm, "", "", "", *figures, ""] for arm, rank, *figures in rows]
        yield CellView(heading=title, rows=_labelled(views), noise=[], costs=[])


def _costs(cell: CellComparison) -> list[tuple[str, Sequence[tuple[str, str]]]]:
    return [(arm.name + mark(arm), list(zip(COSTS, cost_figures(arm), strict=True))) for arm in cell.arms]


def _labelled(rows: Sequence[Sequence[str]]) -> list[list[tuple[str, str]]]:
    columns, figures = filled(COLUMNS, rows)
    return [list(zip(columns, (text or DASH for text in row), strict=True)) for row in figures]


def _forest(report: ComparisonReport) -> Sequence[Row]:
    """Return a row a pair: first over all cells, which is what arms are ranked by, then cell by cell."""
    over = report.overall
    ranked = [(f"over all {over.cells} cells", None, pair) for pair in over.pairs] if over else []
    each = [
        (_told_apart(report, cell), cell.noise if report.paired else None, pair)  # else drift between runs comes on top
        for cell in report.cells
        for pair in cell.pairs
    ]
    return [
        _ratio(report, f"{pair.candidate}{BETWEEN}{where}", found, pair, noise)
        for where, noise, pair in (*ranked, *each)
        if (found := headlined(report, pair))
    ]


def _told_apart(report: ComparisonReport, cell: CellComparison) -> str:
    """Return the phase of a cell, and what else differs among the cells: a chart's axis has no room for the rest."""
    rest = ("driver", "layout", "transport", "variant")
    differ = [name for name in rest if len({getattr(each, name) for each in report.cells}) > 1]
    words = [cell.phase] if differ else [cell.phase and f"{cell.phase} {cell.method}"]
    words += [getattr(cell, name) or DASH for name in differ]
    return " · ".join(word for word in words if word) or cell.where


def _ratio(report: ComparisonReport, name: str, found: Comparison, pair: Pair, noise: CellNoise | None) -> Row:
    """Return ratio and interval, the margin, the noise floor where it is known."""
    floor = noise.detectable if noise else None
    return {
        "rung": name,
        "ratio": found.ratio,
        "low": found.interval.low if found.interval else found.ratio,
        "high": found.interval.high if found.interval else found.ratio,
        "verdict": pair.verdict,
        "label": f"{ratio_text(found)} {pair.verdict}",
        "margin_low": 1 / (1 + report.margin),
        "margin_high": 1 + report.margin,
        "floor_low": None if floor is None else 1 / (1 + floor),
        "floor_high": None if floor is None else 1 + floor,
    }


def _rows(report: ComparisonReport, cell: CellComparison) -> Iterable[list[str]]:
    ranks = {rank.arm: rank for rank in cell.ranking}
    pairs = {pair.candidate: pair for pair in cell.pairs}
    for arm in cell.arms:
        pair = pairs.get(arm.name)
        yield [
            rank_text(ranks.get(arm.name)),
            arm.name + mark(arm),
            " and ".join(arm.durability) or "unknown",
            rate(arm.rows_per_s),
            rate(arm.settled_rows_per_s),
            *pair_figures(report, arm, pair),
            _settings(pair),
        ]


def _settings(pair: Pair | None) -> str:
    differs = pair.differs if pair else ()
    return "; ".join(f"{each.name} {each.baseline or DASH} → {each.candidate or DASH}" for each in differs)
