"""What a row costs two candidates, as tables of the terminal and of the page: CPU time, WAL, flushes, buffers."""

import math
from collections.abc import Sequence
from functools import partial

from rich.table import Table

from bench.analysis.comparison import CellComparison, ComparisonReport, CostRatio
from bench.model.language import later, tr
from bench.plan.contrast import VERSION
from bench.report.numbers import DASH, number, rate
from bench.report.tables import add_rows, bare_table
from bench.report.words import shortened
from bench.stats.compare import ALPHA
from bench.stats.intervals import t_interval

COLUMNS = ("a row costs", "candidate", "baseline", "its own", "ratio", "interval")
WORDS = {
    "client_us": (later("client CPU, µs"), 1),
    "server_us": (later("server CPU, µs"), 1),
    "wal_bytes": (later("WAL, bytes"), 1),
    "flushes": (later("flushes/1,000"), 1000),
    "buffers": (later("buffers"), 1),
}
"""By cost, how it is called and of how many rows it is."""
NONE_DIFFERS = later("No cost of a row was shown to differ by more than {margin:g} %.")


def row_costs_table(report: ComparisonReport, cell: CellComparison, *, every: bool) -> Table | None:
    """Return the costs of each pair as a table; None where there is nothing to show."""
    rows = row_costs(report, cell, every=every)
    if not rows:
        return None
    table = bare_table(COLUMNS, left=set(COLUMNS[:2]))
    add_rows(table, ([cost, shortened(name), *texts] for cost, name, *texts in rows))
    return table


def row_costs(report: ComparisonReport, cell: CellComparison, *, every: bool) -> list[Sequence[str]]:
    """Return, cost by cost, a line of each pair in the order of ``COLUMNS``; if not every, those shown to differ.

    Of versions the server's CPU time is always there: where all wait for one disk, that is what tells them apart. What
    cost neither anything says nothing.
    """
    rows: list[Sequence[str]] = []
    # So many are looked at for those that differ: each has its share of the error (Bonferroni).
    alpha = ALPHA / max(_looked_at(report), 1)
    for name in WORDS:
        for pair in cell.pairs:
            spent = [cost for cost in pair.costs if cost.name == name and (cost.baseline or cost.candidate)]
            always = every or (report.across == VERSION and name == "server_us")
            if not always:
                spent = [cost for cost in spent if differs(cost, report.margin, alpha)]
            rows += map(partial(cost_texts, pair.candidate), spent)
    return rows


def _looked_at(report: ComparisonReport) -> int:
    looked_at = 0
    for cell in report.cells:
        for pair in cell.pairs:
            looked_at += sum(cost.interval is not None for cost in pair.costs)
    return looked_at


def differs(cost: CostRatio, margin: float, alpha: float) -> bool:
    """Return whether a cost was shown at this level to differ by more than the margin, or is nothing on one side."""
    if cost.ratio is None:
        return (cost.baseline > 0) != (cost.candidate > 0)
    if cost.error is None or cost.freedom is None:
        return False
    interval = t_interval(math.log(cost.ratio), cost.error, cost.freedom, alpha)
    return interval.high < -math.log1p(margin) or interval.low > math.log1p(margin)


def cost_texts(candidate: str, cost: CostRatio) -> Sequence[str]:
    """Return a cost in the order of ``COLUMNS``."""
    words, rows = WORDS[cost.name]
    ratio = interval = DASH
    if cost.ratio is not None:
        ratio = number(cost.ratio)
    if cost.interval is not None:
        interval = f"{number(cost.interval.low)}–{number(cost.interval.high)}"
    return tr(words), candidate, rate(rows * cost.baseline), rate(rows * cost.candidate), ratio, interval
