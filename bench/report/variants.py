"""Variants for people: the list, what one sets and why, in what two differ."""

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.engines.postgresql.parameters import Difference
from bench.report.numbers import DASH
from bench.report.tables import add_rows


def show_list(out: Console, summaries: Mapping[str, str]) -> None:
    """Print a line for each variant."""
    out.print(_table(("variant", "what it is"), summaries.items()))


def show_settings(out: Console, title: str, settings: Mapping[str, str], derivations: Mapping[str, str]) -> None:
    """Print what a variant sets, and why."""
    out.print(Text(title, style="bold"))
    if not settings:
        out.print("It sets nothing: PostgreSQL's own defaults.")
        return
    rows = ((name, text, derivations[name]) for name, text in settings.items())
    out.print(_table(("parameter", "value", "why"), rows))


def show_differences(out: Console, a: str, b: str, where: str, found: Iterable[Difference]) -> None:
    """Print what differs in effect."""
    rows = [(each.name, each.a or DASH, each.b or DASH) for each in found]
    if not rows:
        out.print(f"{a} and {b} are the same in effect on {where}.")
        return
    parameters = "parameters" if len(rows) > 1 else "parameter"
    out.print(Text(f"{a} and {b} on {where} differ in effect in {len(rows)} {parameters}", style="bold"))
    out.print(_table(("parameter", a, b), rows))


def _table(columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name)
    add_rows(table, rows)
    return table
