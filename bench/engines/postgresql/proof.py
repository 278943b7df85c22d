"""Proof that a configuration is in force, from ``pg_settings``; and what a change of it takes, restart or reload.

Numbers are compared in base units, on and off by what they mean; other words with PostgreSQL's own reading of the same
text (``staging``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import starmap
from pathlib import Path

from bench.engines.postgresql.session import Session
from bench.engines.postgresql.staging import Checked
from bench.engines.postgresql.units import boolean, in_base_units
from bench.model.errors import DataError

ROWS = """
    SELECT lower(name), setting, coalesce(unit, ''), vartype, coalesce(sourcefile, source), sourceline, pending_restart
    FROM pg_settings"""
AT_ANY_TIME = "SELECT lower(name) FROM pg_settings WHERE lower(name) = ANY(%(names)s) AND context <> 'postmaster'"


@dataclass(frozen=True, slots=True)
class Row:
    """What the server says of a parameter."""

    name: str
    setting: str
    unit: str
    kind: str
    source: str
    """The file that set it, else in a word what did."""
    line: int | None
    pending: bool

    @property
    def origin(self) -> str:
        """In words for people."""
        return self.source if self.line is None else f"{self.source}, line {self.line}"

    def holds(self, text: str, reading: str) -> bool:
        """Return whether the value is the one that was written."""
        if _is_chosen_by_server(self.name, text):
            return True
        match self.kind:  # an extension's words (yes, JSON) nobody has read before it is loaded
            case "bool":
                return boolean(text) == self.setting
            case "enum":
                return reading.lower() == self.setting.lower()
            case "string":
                return reading == self.setting
        return self._holds_number(text)

    def _holds_number(self, text: str) -> bool:
        try:
            value = in_base_units(text, self.unit, integer=self.kind == "integer")
        except DataError:
            return False  # an extension's: PostgreSQL starts all the same, with the value it had
        if self.kind == "integer":
            return value == int(self.setting)
        return f"{float(value):g}" == f"{float(self.setting):g}"  # shown with six digits


def at_start_only(session: Session, names: Sequence[str]) -> list[str]:
    """Return those that take effect at a start only; parameters the server does not know are counted to them."""
    at_any_time = {name for (name,) in session.rows(AT_ANY_TIME, {"names": list(names)})}
    return [name for name in names if name not in at_any_time]


def not_in_force(session: Session, checked: Checked, directory: Path) -> Iterator[str]:
    """Say what is not as the files in ``directory`` have it: each setting of theirs, and what none of them sets."""
    rows = {row.name: row for row in starmap(Row, session.rows(ROWS))}
    for name, text in checked.texts.items():
        if name in rows:
            yield from _objections(rows[name], text, checked.readings.get(name, text), directory)
        elif (value := session.value("SELECT current_setting(%(name)s, true)", {"name": name})) != text:
            # Not in pg_settings: of an extension that is not loaded, or misspelt, which one that is loaded throws out.
            found = "this server has no such parameter" if value is None else f"in force is {value}"
            yield f"{name} = {text}: {found}"
    for row in rows.values():
        if row.name not in checked.texts and (row.pending or _lies_in(row.source, directory)):
            yield f"{row.name} = {row.setting}: still in force from {row.origin}"
    for line, error in session.rows("SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL"):
        yield f"pg_hba.conf, line {line}: {error}"


def _objections(row: Row, text: str, reading: str, directory: Path) -> Iterator[str]:
    if row.pending:
        yield f"{row.name} = {text}: waits for a restart"
    elif not row.holds(text, reading):
        yield f"{row.name} = {text}: in force is {row.setting}{row.unit and ' of ' + row.unit} from {row.origin}"
    elif not _lies_in(row.source, directory) and not _is_chosen_by_server(row.name, text):
        yield f"{row.name} = {text}: in force, but from {row.origin}"


def _lies_in(source: str, directory: Path) -> bool:
    return Path(source).is_absolute() and Path(source).parent.resolve() == directory.resolve()


def _is_chosen_by_server(name: str, text: str) -> bool:
    """Only wal_buffers shows what -1 came to (src/backend/access/transam/xlog.c)."""
    return name == "wal_buffers" and text == "-1"
