"""Is the table the one that was asked for? What a layout says it reads back as, against what the engine read back."""

from collections.abc import Collection

from bench.engines.postgresql.layout import TableLayout
from bench.model.record import Reason

PARTITION, ANY = "events_", "events_*: "


def check_table(layout: TableLayout, found: frozenset[str] | None, when: str) -> list[Reason]:
    """Name what the table has that was not asked for, and what it lacks; a server without one has none. Pure."""
    if found is None:
        return []
    if not layout.reads_back:
        detail = f"the layout {layout.name} does not say what it reads back as: nobody can tell if it was altered"
        return [Reason(code="table-unknown", detail=detail)]
    found = frozenset(_as_said(line, layout.reads_back) for line in found)
    if found == layout.reads_back:
        return []
    added = [f"it has {line}" for line in sorted(found - layout.reads_back)]
    lacking = [f"it lacks {line}" for line in sorted(layout.reads_back - found)]
    detail = f"{when} the table is not as it was made, {'; '.join(added + lacking)}"
    return [Reason(code="table-altered", detail=detail)]


def _as_said(line: str, said: Collection[str]) -> str:
    """Return a line of a partition as the layout says it of every one, where it does; else the line."""
    relation, _, what = line.partition(": ")
    return ANY + what if relation.startswith(PARTITION) and ANY + what in said else line
