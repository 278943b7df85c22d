"""Tables of the terminal: without lines, words to the left, numbers to the right, none ever cut."""

from collections.abc import Collection, Iterable, Sequence
from itertools import compress

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

NO_LIMIT = 1000


def bare_table(columns: Iterable[str], left: Collection[str], gap: int = 1) -> Table:
    """Return a table without lines; ``left`` are the columns that are not numbers, ``gap`` is between columns."""
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, justify="left" if name in left else "right", no_wrap=True)
    return table


def add_rows(table: Table, rows: Iterable[Iterable[str]]) -> None:
    """Add rows whose brackets are text, whatever the console makes of markup."""
    for row in rows:
        table.add_row(*map(Text, row))


def print_whole(out: Console, table: Table) -> None:
    """Print a table without cutting a number: where it is too wide for the terminal, its lines run over."""
    table.width = width_of(table)
    out.print(table, crop=False, no_wrap=True, overflow="ignore")


def width_of(table: Table) -> int:
    """Return how many columns of a terminal a table takes."""
    out = Console(width=NO_LIMIT)
    return Measurement.get(out, out.options, table).maximum


def filled(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows without the columns that are empty throughout."""
    kept = [any(column) for column in zip(*rows, strict=True)]
    return list(compress(columns, kept)), [list(compress(row, kept)) for row in rows]
