"""What the null server makes of a statement: which rows it would store, or the one value it answers. Pure.

It answers what the ladder's phases, their drivers and pgbench ask, and refuses everything else: a made-up answer would
be measured as if it were one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from bench.engines.null import introspection

BIGINT, TEXT = 20, 25
"""Object ids of the types of ``device_id`` and ``payload`` (PostgreSQL's pg_type.dat)."""
ARRAYS = {"bigint[]": 1016, "text[]": 1009}
QUOTED = re.compile(r"'(?:[^']|'')*'")
PARAMETER = re.compile(r"\$(\d+)(?:::(\w+(?:\[\])?))?")
VALUES = re.compile(r"\bVALUES\b", re.IGNORECASE)
TWO_COLUMNS = re.compile(r'SELECT "device_id", "payload" FROM \S+ LIMIT 1')
JIT_OFF, JIT_SET = re.compile(r"current_setting\('jit'\) AS cur"), re.compile(r"set_config\('jit', \$1")
SEARCH_PATH = re.compile(r'search_path\s*(?:=|\bTO\b)\s*"?([^\s",;]+)', re.IGNORECASE)
PROOF = "SELECT CASE current_schema() WHEN ''"
"""By which pgbench proves where it is (``bench.workload.pgbench_run``): every schema is there, and none is another."""
TAGS = {
    "BEGIN": "BEGIN", "START": "BEGIN", "COMMIT": "COMMIT", "END": "COMMIT", "ROLLBACK": "ROLLBACK", "SET": "SET",
    "RESET": "RESET", "CLOSE": "CLOSE CURSOR", "UNLISTEN": "UNLISTEN", "DISCARD": "DISCARD", "DEALLOCATE": "DEALLOCATE",
}  # fmt: skip
"""Statements that change nothing here, and what each is acknowledged by."""
ROLLBACK = "ROLLBACK"
BEGINS, ENDS = {"BEGIN"}, {"COMMIT", ROLLBACK}


class Kind(Enum):
    """What a statement asks for."""

    INSERT = auto()
    """Rows, so many a statement."""
    UNNEST = auto()
    """Rows, as many as its first array has elements."""
    COPY_BINARY = auto()
    COPY_TEXT = auto()
    VALUES = auto()
    """One row of texts."""
    TYPES = auto()
    """What asyncpg must know of an array's type."""
    TABLE = auto()
    """The two columns that the ladder writes: asyncpg asks for their types before COPY."""
    NOTHING = auto()
    """An acknowledgement."""


class UnansweredError(ValueError):
    """The null server does not answer such a statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement as it is answered."""

    kind: Kind
    tag: str
    """What acknowledges it, the count of rows left out."""
    rows: int = 0
    values: tuple[tuple[str, str], ...] = ()
    """Columns with their names."""
    parameters: tuple[int, ...] = ()
    """Object ids of the types of its parameters."""


def understand(sql: str, settings: Mapping[str, str]) -> Statement:
    """Return what a statement asks for; ``settings`` are what it may show.

    Raises:
        UnansweredError: the null server has no answer to it.

    """
    bare = QUOTED.sub("''", sql).strip()
    word = bare.split(maxsplit=1)[0].upper() if bare else ""
    if word in TAGS:
        return Statement(kind=Kind.NOTHING, tag=TAGS[word])
    if word == "INSERT":
        return _insert(bare)
    if word == "COPY" and re.search(r"\bFROM\s+STDIN\b", bare, re.IGNORECASE):
        kind = Kind.COPY_BINARY if re.search(r"\bbinary\b", sql, re.IGNORECASE) else Kind.COPY_TEXT
        return Statement(kind=kind, tag="COPY")
    if bare.startswith(PROOF):
        return Statement(kind=Kind.VALUES, tag="SELECT 1", values=(("case", "0"),))
    if word in {"SELECT", "SHOW"}:
        asked = bare.split(maxsplit=1)[1].rstrip("; ").lower()
        if asked in settings:
            tag = "SHOW" if word == "SHOW" else "SELECT 1"
            return Statement(kind=Kind.VALUES, tag=tag, values=(("value", settings[asked]),))
    return _of_asyncpg(sql)


def _of_asyncpg(sql: str) -> Statement:
    """Return what asyncpg asks before COPY, and around an array."""
    if TWO_COLUMNS.fullmatch(sql):
        return Statement(kind=Kind.TABLE, tag="SELECT")
    if JIT_OFF.search(sql):
        return Statement(kind=Kind.VALUES, tag="SELECT 1", values=(("cur", "off"), ("new", "off")))
    if JIT_SET.search(sql):
        return Statement(kind=Kind.VALUES, tag="SELECT 1", values=(("set_config", "off"),), parameters=(TEXT,))
    if sql.startswith(introspection.ASKS):
        return Statement(kind=Kind.TYPES, tag="SELECT 2", parameters=introspection.PARAMETERS)
    raise UnansweredError(f"the null server does not answer: {' '.join(sql.split())[:80]}")


def _insert(bare: str) -> Statement:
    casts = {int(number): cast for number, cast in PARAMETER.findall(bare)}
    values = VALUES.search(bare)
    if values is None:
        types = tuple(ARRAYS.get(casts[number], TEXT) for number in sorted(casts))
        return Statement(kind=Kind.UNNEST, tag="INSERT 0", parameters=types)
    # The ladder's rows are pairs: of a parameter each, or both written out.
    types = tuple(TEXT if number % 2 == 0 else BIGINT for number in sorted(casts))
    return Statement(kind=Kind.INSERT, tag="INSERT 0", rows=_rows(bare[values.end() :]), parameters=types)


def _rows(values: str) -> int:
    """Count the parentheses that lie in no others."""
    rows = depth = 0
    for character in values:
        if character == "(":
            rows += depth == 0
            depth += 1
        elif character == ")":
            depth -= 1
    return rows
