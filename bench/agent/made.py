"""Is the table the one that was asked for? Read back from the catalogs: somebody's event trigger may make it another.

Owns what each layout should read back as, and the comparison. The statements that make it lie in
``bench/engines/postgresql/sql``.
"""

from bench.engines.postgresql.session import Session
from bench.model.record import Reason
from bench.model.values import Layout

PARTITIONS = 8
COLUMNS = (
    "column id bigint NOT NULL GENERATED ALWAYS AS IDENTITY",
    "column device_id bigint NOT NULL",
    "column payload text NOT NULL",
    "column created_at timestamp with time zone NOT NULL DEFAULT now()",
)
KEY = "PRIMARY KEY (id)"
KINDS: dict[Layout, str] = {"unlogged": "unlogged table", "hash-partitioned": "permanent partitioned table"}


def as_made(layout: Layout) -> frozenset[str]:
    """Return what the table of a layout reads back as."""
    kind = KINDS.get(layout, "permanent table")
    key = () if layout == "no-index" else (KEY,)
    lines = [f"events: {what}" for what in (kind, *COLUMNS, *key)]
    if layout == "hash-partitioned":
        parts = [f"events_{number}" for number in range(PARTITIONS)]
        lines += [f"{part}: {what}" for part in parts for what in ("permanent table", KEY)]
    return frozenset(lines)


def read_back(session: Session) -> frozenset[str]:
    """Ask the server what the table is."""
    return frozenset(line for (line,) in session.rows(session.script("made")))


def check_table(layout: Layout, found: frozenset[str], when: str) -> list[Reason]:
    """Name what the table has that was not asked for, and what it lacks. Pure."""
    asked = as_made(layout)
    more, less = sorted(found - asked), sorted(asked - found)
    if not more and not less:
        return []
    told = [*(f"it has {line}" for line in more), *(f"it lacks {line}" for line in less)]
    detail = f"{when} the table is not as it was made, {'; '.join(told)}"
    return [Reason(code="table-altered", detail=detail)]
