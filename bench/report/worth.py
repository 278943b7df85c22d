"""What boxes give for a core, a watt and their price, as a table; whether they are worth it ends the comparison."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bench.analysis.worth import CORE, WATT, Worth
from bench.model.language import later, tr
from bench.report.numbers import DASH, rate
from bench.report.tables import add_rows, bare_table, print_whole
from bench.stats.intervals import Estimate

COLUMNS = ("where", "for a", "box", "rows/s", "95 %", "times\nthe first", "95 %\nof that")
PER = {CORE: later("core"), WATT: later("watt")}
"""All else is the code of a currency."""
LEFT = {"where", "for a", "box"}
WRAPS = {"where", "box"}
HOW_TO_SAY = later(
    "What a box gives for its watts and its money is told where the inventory has watts, price and currency"
    " (docs/boxes.md)."
)
OF_OWNERS = later("Price and watts are as the inventory has them: intervals are those of the rates.")


def show_worth(out: Console, found: Sequence[Worth]) -> None:
    """Print the table, and how to read it."""
    if not found:
        return
    out.print()
    out.print(Text(tr("For what it takes"), style="bold"))
    table = bare_table(COLUMNS, LEFT, wraps=WRAPS)
    for worth in found:
        add_rows(table, _rows(worth))
    print_whole(out, table)
    if all(worth.per == CORE for worth in found):
        out.print(Text(tr(HOW_TO_SAY), style="dim"))
        return
    out.print(Text(tr(OF_OWNERS), style="dim"))


def _rows(worth: Worth) -> list[list[str]]:
    rows = []
    for each in worth.hosts:
        over = each.over_first
        ratio = f"{over.estimate:.2f}" if over else DASH
        box = [worth.where, tr(PER[worth.per]) if worth.per in PER else worth.per, each.host]
        rows.append([*box, rate(each.rows_per_s.estimate), _interval(each.rows_per_s), ratio, _ratios(over)])
    return rows


def _interval(value: Estimate) -> str:
    if value.low is None:
        return DASH
    return f"{rate(value.low)}–{rate(value.high)}"


def _ratios(value: Estimate | None) -> str:
    if value is None or value.low is None or value.high is None:
        return DASH
    return f"{value.low:.2f}–{value.high:.2f}"
