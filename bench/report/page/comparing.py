"""The comparison as the page shows it: the forest of ratios, the matrix, beside each result the settings that differ.

The figures are the terminal's: ``report.comparison`` words them, here they are only put in order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bench.analysis.comparison import CellComparison, CellNoise, ComparisonReport, Overall, Pair, Rank
from bench.analysis.pairs import decides
from bench.analysis.ways import method_words
from bench.model.language import later, tr
from bench.report.adjusted import adjusted_lines, adjusted_sentences
from bench.report.comparison import COST_COLUMNS, caption, cost_figures, heading, noise_lines, offer
from bench.report.costs import COLUMNS as ROW_COSTS
from bench.report.costs import row_costs
from bench.report.numbers import DASH, rate
from bench.report.overall import standings
from bench.report.page.figures import BETWEEN, Figure, Row
from bench.report.ratios import (
    Line,
    candidates,
    in_matrix,
    lines_of,
    pair_figures,
    rank_text,
    ratio_text,
    verdict_words,
)
from bench.report.tables import filled
from bench.report.words import mark, settings
from bench.stats.intervals import Interval

COLUMNS = (
    "rank", "candidate", "durability", "rows/s", "sustained rows/s", "ratio", "interval", "burst ratio", "p adjusted",
    "verdict", "min. effect", "blocks + more",
    "settings that differ in effect",
)  # fmt: skip


TITLES = {
    "run": later("The runs"),
    "host": later("The hosts"),
    "version": later("The versions"),
    "engine": later("The engines"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """One cell: a row an arm, and in sentences what it is adjusted for and what is known of the boxes' noise."""

    heading: str
    rows: list[dict[str, str]]
    """Of each arm, column and text: on a narrow screen a row is a card."""
    lines: list[str]
    costs: list[tuple[str, dict[str, str]]]
    """Of runs and hosts: by arm, what its rows cost."""
    row_costs: list[dict[str, str]] = field(default_factory=list)
    """Of each pair, what a row costs of CPU time, WAL, flushes and buffers."""


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """A pair in the matrix: the number and its verdict stand apart."""

    ratio: str
    verdict: str
    by: str
    """Which rates decide, where it is not those that were measured."""


@dataclass(frozen=True)
class ComparisonView:
    """One comparison."""

    report: ComparisonReport

    @property
    def title(self) -> str:
        """What tells it from the others of the page."""
        if self.report.of_runs:
            across = self.report.across
            return tr(TITLES.get(across, f"The {across}s"))
        return tr(" and ").join(self.report.hosts)

    @property
    def answer(self) -> str:
        """What follows from it, and what measuring longer would tell."""
        if self.report.longer is None:
            return self.report.sentence
        return f"{self.report.sentence} {tr('{offer}.', offer=offer(self.report.longer))}"

    @property
    def notes(self) -> Sequence[str]:
        """What must be known first."""
        return self.report.notes

    @cached_property
    def forest(self) -> Figure:
        """A row a pair: first over all cells, which is what arms are ranked by, then cell by cell."""
        rows: list[Row] = []
        if over := self.report.overall:
            for pair in over.pairs:
                rows += _ratio(self.report, pair, tr("over all {cells} cells", cells=over.cells), None)
        for cell in self.report.cells:
            # A floor is of interleaved blocks: between runs drift comes on top, and its strokes would promise too much.
            noise = cell.noise if self.report.paired else None
            for pair in cell.pairs:
                rows += _ratio(self.report, pair, where(self.report, cell), noise)
        label = tr("ratio of each candidate to the first, over all cells and in each")
        return Figure(chart="forest", label=label, rows=rows)

    @cached_property
    def cells(self) -> list[CellView]:
        """The standings over all cells, then each cell; rates and settings are the cells' own."""
        views = []
        for title, ranked in standings(self.report):
            rows = [_standing(rank, line) for rank, line in ranked]
            views.append(CellView(heading=title, rows=_table(rows), lines=[], costs=[]))
        if views and self.report.overall:
            views[-1].lines.extend(_adjusted(self.report.overall))
        for cell in self.report.cells:
            rows = [_texts(line) for line in lines_of(self.report, cell)]
            lines = [*_adjusted(cell), *noise_lines(self.report, cell)]
            costs = []
            if self.report.of_runs:
                costs = [(arm.name + mark(arm), _labelled(COST_COLUMNS, cost_figures(arm))) for arm in cell.arms]
            spent = row_costs(self.report, cell, every=True)
            views.append(
                CellView(
                    heading=heading(cell, self.report.cells),
                    rows=_table(rows),
                    lines=lines,
                    costs=costs,
                    row_costs=[_labelled(ROW_COSTS, row) for row in spent],
                )
            )
        return views

    @property
    def names(self) -> list[str]:
        """The matrix' columns: the arms that are compared with the first."""
        return candidates(self.report)

    @property
    def matrix(self) -> Iterable[tuple[str, list[MatrixCell]]]:
        """A line a cell: ratio and verdict of each arm."""
        for cell in self.report.cells:
            found = in_matrix(self.report, cell)
            pairs = [found.get(name, (DASH, "", "")) for name in self.names]
            cells = [MatrixCell(ratio, verdict_words(verdict), verdict_words(by)) for ratio, verdict, by in pairs]
            yield heading(cell, self.report.cells), cells

    @property
    def caption(self) -> str:
        """How the numbers are to be read."""
        return caption(self.report)


def _adjusted(part: CellComparison | Overall) -> list[str]:
    """Return by what rates are adjusted and which decide, then each pair by adjusted rates."""
    return [*adjusted_lines(part), *adjusted_sentences(part.pairs)]


def _texts(line: Line) -> list[str]:
    arm = line.arm
    return [
        rank_text(line.rank),
        arm.name + mark(arm),
        tr(" and ").join(arm.durability) or tr("unknown"),
        rate(arm.rows_per_s),
        rate(arm.settled_rows_per_s),
        *map(verdict_words, pair_figures(line)),
        "; ".join(settings(line.pair.differs)) if line.pair else "",
    ]


def _standing(rank: Rank, line: Line) -> list[str]:
    return [
        rank_text(rank),
        line.arm.name + mark(line.arm),
        "",
        "",
        "",
        *map(verdict_words, pair_figures(line)),
        "",
    ]


def _table(rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    columns, figures = filled(COLUMNS, rows)
    return [_labelled(columns, row) for row in figures]


def _labelled(columns: Sequence[str], texts: Sequence[str]) -> dict[str, str]:
    """Return each text by its column, a dash for none."""
    return {column: text or DASH for column, text in zip(columns, texts, strict=True)}


def where(report: ComparisonReport, cell: CellComparison) -> str:
    """Return the phase of a cell, and what else differs among the cells: a chart's axis has no room for the rest."""
    words = cell.briefly(report.cells)
    if words == [cell.phase]:
        words = [f"{cell.phase} {method_words(cell.method)}".rstrip()]
    return " · ".join(words) or cell.where(report.cells)


def _ratio(report: ComparisonReport, pair: Pair, where: str, noise: CellNoise | None) -> Iterable[Row]:
    """Return ratio and interval, the margin, the noise floor where it is known; nothing without a ratio."""
    found = decides(report, pair)
    if found is None:
        return
    ends = found.interval or Interval(found.ratio, found.ratio)
    floor_low = floor_high = None
    if noise and noise.detectable is not None:
        floor_low, floor_high = 1 / (1 + noise.detectable), 1 + noise.detectable
    yield {
        "rung": f"{pair.candidate}{BETWEEN}{where}",
        "ratio": found.ratio,
        "low": ends.low,
        "high": ends.high,
        "verdict": pair.verdict and tr(pair.verdict),
        "label": _label(pair, ratio_text(found)),
        "margin_low": 1 / (1 + report.margin),
        "margin_high": 1 + report.margin,
        "floor_low": floor_low,
        "floor_high": floor_high,
    }


def _label(pair: Pair, ratio: str) -> str:
    verdict = verdict_words(pair.verdict or "")
    if pair.adjusted_decides:
        return tr("{ratio} {verdict} (adjusted)", ratio=ratio, verdict=verdict)
    return f"{ratio} {verdict}"
