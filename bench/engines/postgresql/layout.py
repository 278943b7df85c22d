"""Layouts: how the table is made, one file a layout in ``layouts/``. Its header says what must be known of it.

    -- in words
    -- baseline: the layout that it is compared with
    -- not crash-safe: why, where a crash takes more than the settings let it
    -- reads back: a line of made.sql, as the catalogs show the table; without any, nobody can tell if it was altered

``bench.agent.made`` compares what was made with it; ``bench.plan.contrast`` decides what is compared with what.
"""

from dataclasses import dataclass
from pathlib import Path

from bench import seams
from bench.model.errors import DataError
from bench.model.names import pick

SEAM = "layouts"
OWN = Path(__file__).with_name(SEAM)
PLAIN = "plain"
BASELINE, RISK, READS_BACK = "baseline:", "not crash-safe:", "reads back:"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLayout:
    """One way to make the table; ``statements`` name it by ``{schema}``."""

    name: str
    words: str
    baseline: str | None
    risk: str | None
    """Why it is not crash-safe, whatever the settings."""
    reads_back: frozenset[str]
    statements: str

    @property
    def has_key(self) -> bool:
        """Whether it makes a primary key: by it single rows are found, and the oldest."""
        made = [line for line in self.statements.splitlines() if not line.startswith("--")]
        return "PRIMARY KEY" in " ".join(" ".join(made).upper().split())


def layout_files() -> dict[str, Path]:
    """Return the files of all layouts by name, the plain one first."""
    found = seams.pieces(SEAM, OWN, "*.sql")
    return {name: found[name] for name in sorted(found, key=lambda name: (name != PLAIN, name))}


def table_layout(name: str) -> TableLayout:
    """Read a layout.

    Raises:
        UsageError: there is none of that name.
        DataError: its file is not UTF-8, or makes no table.

    """
    files = layout_files()
    [known] = pick("layout", [name], files)
    return _read(known, files[known])


def own_layout(name: str) -> TableLayout | None:
    """Return a layout of pgladder's own; None where it has none of that name."""
    path = OWN / f"{name}.sql"
    return _read(name, path) if path.is_file() else None


def _read(name: str, path: Path) -> TableLayout:
    text = seams.source(path)
    # Every name is qualified: a table that a search path decides on may be somebody else's.
    if "{schema}.events" not in text:
        raise DataError(f"{path} makes no table {{schema}}.events.")
    head = [line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")]
    return TableLayout(
        name=name,
        words=next((line for line in head if not line.startswith((BASELINE, RISK, READS_BACK))), ""),
        baseline=_header_value(head, BASELINE, path),
        risk=_header_value(head, RISK, path),
        reads_back=frozenset(line.removeprefix(READS_BACK).strip() for line in head if line.startswith(READS_BACK)),
        statements=text,
    )


def _header_value(head: list[str], word: str, path: Path) -> str | None:
    """Return what the header says after a word; None where it lacks the word."""
    value = next((line.removeprefix(word).strip() for line in head if line.startswith(word)), None)
    if value == "":
        raise DataError(f"{path} says nothing after {word!r}.")
    return value
