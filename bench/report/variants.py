"""Variants for people: the list, what one sets and why, in what two differ."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from bench.engines.postgresql.parameters import Difference
from bench.model.language import Given, tr, tr_many
from bench.report.numbers import DASH
from bench.report.tables import add_rows, bare_table, print_whole

LIST_COLUMNS = ("variant", "what it is")
SETTING_COLUMNS = ("parameter", "value", "why")


def show_list(out: Console, summaries: Mapping[str, str]) -> None:
    """Print a line for each variant."""
    _print(out, LIST_COLUMNS, ((name, tr(summary)) for name, summary in summaries.items()))


def show_settings(out: Console, title: str, settings: Mapping[str, str], derivations: Mapping[str, str]) -> None:
    """Print what a variant sets, and why, in the words of its template."""
    out.print(Text(title, style="bold"))
    if not settings:
        out.print(tr("It sets nothing: PostgreSQL's own defaults."))
        return
    _print(out, SETTING_COLUMNS, ((name, text, derivations[name]) for name, text in settings.items()))


def show_differences(out: Console, a: str, b: str, where: str, found: Iterable[Difference]) -> None:
    """Print what differs in effect."""
    rows = [(each.name, each.a or DASH, each.b or DASH) for each in found]
    if not rows:
        out.print(tr("{a} and {b} are the same in effect on {where}.", a=a, b=b, where=where))
        return
    title = tr_many(
        "{a} and {b} on {where} differ in effect in {count} parameter",
        "{a} and {b} on {where} differ in effect in {count} parameters",
        len(rows),
        a=a,
        b=b,
        where=where,
    )
    out.print(Text(title, style="bold"))
    _print(out, ("parameter", Given(a), Given(b)), rows)


def _print(out: Console, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table of which all but the names may run over several lines."""
    table = bare_table(columns, left=columns, wraps=columns[1:])
    add_rows(table, rows)
    print_whole(out, table)
