"""Any table that is printed, for a spreadsheet, a document or a program: as CSV, Markdown or JSON.

Owns a console that keeps tables instead of drawing them, so that every answer has its tables this way without knowing
of it. Figures are those of the table: ``--json`` has them with every digit.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.plain import harmless, harmless_all, print_plain
from bench.report.numbers import DASH
from bench.report.tables import NO_LIMIT

FORMATS = ("csv", "markdown", "json")
NUMBER = re.compile(r"([−-]?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?([kMG]?)(×?)", re.ASCII)
THOUSANDS = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}
LONGEST_TITLE = 200
Cell = str | float | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A table."""

    title: str
    """What was printed above it."""
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


class TableKeeper(Console):
    """A console that draws nothing: it keeps the tables that are printed on it, each with the line above it."""

    def __init__(self) -> None:
        super().__init__(
            width=NO_LIMIT, file=io.StringIO(), markup=False, emoji=False, highlight=False, color_system=None
        )
        self.tables: list[Exported] = []
        self._above = ""

    def print(self, *objects: Any, **_: Any) -> None:
        """Keep a table; of anything else the first line, as the title of the next."""
        for each in objects:
            if isinstance(each, Table):
                self.tables.append(_exported(each, self._above))
            elif line := _first_line(each):
                self._above = line


def _first_line(thing: object) -> str:
    text = thing.plain if isinstance(thing, Text) else thing
    if not isinstance(text, str):
        return ""
    lines = harmless(text).strip().splitlines()
    return lines[0].strip()[:LONGEST_TITLE] if lines else ""


def _exported(table: Table, title: str) -> Exported:
    # A head that is broken into lines is one word, or several.
    columns = [_plain(column.header).replace("-\n", "").replace("\n", " ") for column in table.columns]
    texts = [list(map(_plain, column.cells)) for column in table.columns]
    rows = [list(map(value_of, row)) for row in zip(*texts, strict=True)]
    return Exported(title=title, columns=columns, rows=rows)


def _plain(cell: object) -> str:
    return harmless(cell.plain if isinstance(cell, Text) else str(cell)).strip()


def value_of(text: str) -> Cell:
    """Return what stands in a cell: a number without its signs for people, None where it is unknown; else its text.

    >>> from bench.report.exported import value_of
    >>> value_of("313.3k"), value_of("1,172"), value_of("16×"), value_of("–"), value_of("2-G?")
    (313300, 1172, 16, None, '2-G?')
    """
    if text == DASH:
        return None
    found = NUMBER.fullmatch(text)
    if not found:
        return text
    sign, whole, part, unit, _ = found.groups()
    digits = whole.replace(",", "") + (part or "")
    # Through decimal text: 313.3 × 1000 in binary is no whole number.
    number = float(f"{digits}e{len(str(THOUSANDS[unit])) - 1}")
    number = -number if sign else number
    return int(number) if number.is_integer() and not (part and not unit) else number


def print_tables(show: Callable[[Console], None], how: str) -> None:
    """Print the tables alone of what is shown, on standard output.

    Raises:
        UsageError: it has none.

    """
    keeper = TableKeeper()
    show(keeper)
    if not keeper.tables:
        raise UsageError(tr("This answer has no table: leave out --format; --json has all of it."))
    print_plain(written(keeper.tables, how))


def written(tables: Sequence[Exported], how: str) -> str:
    """Return tables as text in one of the ``FORMATS``, its lines ended by newlines."""
    if how == "json":
        return msgspec.json.encode(harmless_all(msgspec.to_builtins(list(tables)))).decode() + "\n"
    one = _csv if how == "csv" else _markdown
    return "\n".join(one(table, several=len(tables) > 1) for table in tables)


def _csv(table: Exported, *, several: bool) -> str:
    """Return a table by RFC 4180; of several each has its title above, and an empty line after it."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    if several:
        write.writerow([f"# {table.title}"])
    write.writerow(table.columns)
    write.writerows(table.rows)
    return out.getvalue()


def _markdown(table: Exported, *, several: bool) -> str:
    """Return a table as GitHub and pandoc read it."""
    lines = [f"### {_escaped(table.title)}", ""] if several and table.title else []
    # A column of numbers stands to the right.
    rule = ["---:"] * len(table.columns)
    for row in table.rows:
        for at, cell in enumerate(row):
            if isinstance(cell, str):
                rule[at] = "---"
    lines += map(_line, (table.columns, rule, *table.rows))
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[Cell]) -> str:
    texts = [DASH if cell is None else _escaped(str(cell)) for cell in cells]
    return f"| {' | '.join(texts)} |"


def _escaped(text: str) -> str:
    """Return a text that is no markup in a document."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", text).replace("\n", " ")
