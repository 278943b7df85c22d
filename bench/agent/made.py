"""Is the table the one that was asked for? What a layout says it reads back as, against what the engine read back."""

from bench.engines.postgresql.layout import TableLayout
from bench.model.record import Reason


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
