"""Tables of the terminal: without lines, words to the left, numbers to the right, none ever cut."""

from collections.abc import Collection, Iterable, Sequence
from itertools import compress
from typing import Literal

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from bench.model.language import tr

NO_LIMIT = 1000
WIDTH = 80
"""What a table keeps to."""


def bare_table(columns: Iterable[str], left: Collection[str], wraps: Collection[str] = ()) -> Table:
    """Return a table without lines; ``left`` are columns that are not numbers, ``wraps`` those that may run over.

    Columns are named as in the source, and translated here.
    """
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for name in columns:
        side: Literal["left", "right"] = "left" if name in left else "right"
        table.add_column(
            tr(name), justify=side, no_wrap=name not in wraps, overflow="fold" if name in wraps else "ellipsis"
        )
    return table


def add_rows(table: Table, rows: Iterable[Iterable[str]]) -> None:
    """Add rows whose brackets are text, whatever the console makes of markup."""
    for row in rows:
        table.add_row(*map(Text, row))


def print_whole(out: Console, table: Table) -> None:
    """Print a table without cutting a number: where it is too wide, words run over several lines, else lines do."""
    table.width = width_of(table)
    if not all(column.no_wrap for column in table.columns):
        table.width = min(table.width, WIDTH)
    out.print(table, crop=False, no_wrap=True, overflow="ignore")


def print_fitting(
    out: Console,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: Collection[str],
    spare: Sequence[str] = (),
) -> None:
    """Print a table without the columns that are empty and, where it is wider than 80, without those to spare."""
    print_whole(out, fitting(columns, rows, left, spare))


def fitting(
    columns: Sequence[str], rows: Sequence[Sequence[str]], left: Collection[str], spare: Sequence[str] = ()
) -> Table:
    """Return a table of at most 80 columns as far as leaving out the spare ones, the first first, makes it so."""
    shown, texts = filled(columns, rows)
    for name in (None, *spare):
        kept = [column != name for column in shown]
        shown, texts = list(compress(shown, kept)), [list(compress(row, kept)) for row in texts]
        table = bare_table(shown, left)
        add_rows(table, texts)
        if width_of(table) <= WIDTH:
            break
    return table


def width_of(table: Table) -> int:
    """Return how many columns of a terminal a table takes."""
    out = Console(width=NO_LIMIT)
    return Measurement.get(out, out.options, table).maximum


def filled(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows without the columns that are empty throughout."""
    kept = [any(column) for column in zip(*rows, strict=True)]
    return list(compress(columns, kept)), [list(compress(row, kept)) for row in rows]
