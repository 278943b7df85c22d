"""Is the table the one that was asked for? Read back from the catalogs: somebody's event trigger may make it another.

What each layout should read back as stands in its file (``bench.engines.postgresql.layout``).
"""

from collections.abc import Iterable

from bench.engines.postgresql.layout import TableLayout
from bench.engines.postgresql.session import Session
from bench.model.record import Reason


def read_back(session: Session) -> frozenset[str]:
    """Ask the server what the table is."""
    return frozenset(line for (line,) in session.rows(session.script("made")))


def unlogged(made: Iterable[str]) -> str | None:
    """Say that the table, or a part of it, is unlogged; None where none is."""
    found = [line.partition(":")[0] for line in made if line.endswith(": unlogged table")]
    return "the table is unlogged" if found else None


def check_table(layout: TableLayout, found: frozenset[str], when: str) -> list[Reason]:
    """Name what the table has that was not asked for, and what it lacks. Pure."""
    if not layout.reads_back:
        detail = f"the layout {layout.name} does not say what it reads back as: nobody can tell if it was altered"
        return [Reason(code="table-unknown", detail=detail)]
    more, less = sorted(found - layout.reads_back), sorted(layout.reads_back - found)
    if not more and not less:
        return []
    told = [*(f"it has {line}" for line in more), *(f"it lacks {line}" for line in less)]
    detail = f"{when} the table is not as it was made, {'; '.join(told)}"
    return [Reason(code="table-altered", detail=detail)]
