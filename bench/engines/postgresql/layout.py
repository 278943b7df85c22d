"""Layouts: how the table is made, one file a layout in ``layouts/`` of an engine. Its header says what is to be known.

    -- in words
    -- baseline: the layout that it is compared with
    -- engine: the kind of database that can make it; without, every PostgreSQL
    -- not crash-safe: why, where a crash takes more than the settings let it
    -- partitions: how many where nobody asks, and by what: 8 by hash, or by time, by server, by shard
    -- reads back: a line of made.sql, as the catalogs show the table; without any, nobody can tell if it was altered

By server each partition lies on one of its own; of shards a server has several. A statement, or a line of the header,
that names ``{partition}`` is there for each of ``{partitions}``, from 0 on. What ``events_*`` reads back as, each
partition does: of a table by time they come and go.

``bench.agent.made`` compares what was made with it; ``bench.plan.contrast`` decides what is compared with what;
``bench.plan.partitions`` refuses partitions where there are none.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import dropwhile
from pathlib import Path

from bench import seams
from bench.model.errors import DataError
from bench.model.language import tr
from bench.model.names import pick

SEAM = "layouts"
OWN = Path(__file__).parents[1]
FILES = f"*/{SEAM}/*.sql"
"""Of every engine: a layout has one name, whichever makes it."""
PLAIN = "plain"
BASELINE, ENGINE, RISK, READS_BACK = "baseline:", "engine:", "not crash-safe:", "reads back:"
PARTITIONS = "partitions:"
HEADS = (BASELINE, ENGINE, RISK, READS_BACK, PARTITIONS)
BY_HASH, BY_TIME, BY_SERVER, BY_SHARD = "hash", "time", "server", "shard"
PARTITIONED = (BY_HASH, BY_TIME, BY_SERVER, BY_SHARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLayout:
    """One way to make the table; ``statements`` name it by ``{schema}``."""

    name: str
    words: str
    baseline: str | None
    risk: str | None
    """Why it is not crash-safe, whatever the settings."""
    partitions: int
    """How many it is made with; 0: it is one table."""
    partitioned_by: str | None
    reads_back: frozenset[str]
    statements: str
    engine: str | None = None
    """The kind of database that can make it; None: every PostgreSQL."""

    @property
    def by_time(self) -> bool:
        """Whether it is in partitions by time, of which the oldest can be dropped."""
        return self.partitioned_by == BY_TIME

    @property
    def by_server(self) -> bool:
        """Whether each partition lies on a server of its own."""
        return self.partitioned_by == BY_SERVER

    @property
    def by_shard(self) -> bool:
        """Whether a coordinator passes its rows on to shards, of which each worker has several."""
        return self.partitioned_by == BY_SHARD

    @property
    def has_key(self) -> bool:
        """Whether it makes a primary key: by it single rows are found, and the oldest."""
        made = [line for line in self.statements.splitlines() if not line.startswith("--")]
        return "PRIMARY KEY" in " ".join(" ".join(made).upper().split())


def layout_files() -> dict[str, Path]:
    """Return the files of all layouts by name, the plain one first."""
    found = seams.pieces(SEAM, OWN, FILES, users_pattern="*.sql")
    return {name: found[name] for name in sorted(found, key=lambda name: (name != PLAIN, name))}


def table_layout(name: str, partitions: int = 0) -> TableLayout:
    """Read a layout, made with so many partitions; 0: with as many as its header says.

    Raises:
        UsageError: there is none of that name.
        DataError: its file is not UTF-8, or makes no table.

    """
    files = layout_files()
    [known] = pick("layout", [name], files)
    return _read(known, files[known], partitions)


def own_layout(name: str) -> TableLayout | None:
    """Return a layout of pgladder's own; None where it has none of that name."""
    path = _own_files().get(name)
    return _read(name, path) if path else None


@cache
def _own_files() -> dict[str, Path]:
    return {seams.first_word(path): path for path in OWN.glob(FILES)}


def _read(name: str, path: Path, partitions: int = 0) -> TableLayout:
    text = seams.source(path)
    # Every name is qualified: a table that a search path decides on may be somebody else's.
    if "{schema}.events" not in text:
        raise DataError(tr("{path} makes no table {table}.", path=path, table="{schema}.events"))
    lines = text.splitlines()
    head = [line.removeprefix("--").strip() for line in lines if _is_comment(line)]
    usual, by = _partitions(head, path)
    count = (partitions or usual) if by else 0
    read_back = [line.removeprefix(READS_BACK).strip() for line in head if line.startswith(READS_BACK)]
    return TableLayout(
        name=name,
        words=next((line for line in head if not line.startswith(HEADS)), ""),
        baseline=_header_value(head, BASELINE, path),
        risk=_header_value(head, RISK, path),
        partitions=count,
        partitioned_by=by,
        reads_back=frozenset(_for_each(read_back, count)),
        statements="\n".join(_for_each(_statements(dropwhile(_is_comment, lines)), count)),
        engine=_header_value(head, ENGINE, path),
    )


def _is_comment(line: str) -> bool:
    return line.startswith("--")


def _partitions(head: list[str], path: Path) -> tuple[int, str | None]:
    """Return how many partitions there are where nobody asks, and by what; none: it is one table."""
    value = _header_value(head, PARTITIONS, path)
    if value is None:
        return 0, None
    said = re.fullmatch(rf"([1-9]\d*) by ({'|'.join(PARTITIONED)})", value)
    if said is None:
        raise DataError(
            tr(
                "{path} says '{word} {value}', which is to be as '8 by hash', or by one of {others}.",
                path=path,
                word=PARTITIONS,
                value=value,
                others=", ".join(PARTITIONED[1:]),
            )
        )
    return int(said[1]), said[2]


def _statements(lines: Iterable[str]) -> Iterable[str]:
    """Yield what ends with a semicolon at the end of a line; what follows the last one, too."""
    some: list[str] = []
    for line in lines:
        some.append(line)
        if line.rstrip().endswith(";"):
            yield "\n".join(some)
            some = []
    if some:
        yield "\n".join(some)


def _for_each(texts: Iterable[str], partitions: int) -> Iterable[str]:
    """Yield each text, once for each partition where it names one."""
    for text in texts:
        if not partitions:
            yield text
            continue
        counted = text.replace("{partitions}", str(partitions))
        for number in range(partitions if "{partition}" in counted else 1):
            yield counted.replace("{partition}", str(number))


def _header_value(head: list[str], word: str, path: Path) -> str | None:
    """Return what the header says after a word; None where it lacks the word."""
    value = next((line.removeprefix(word).strip() for line in head if line.startswith(word)), None)
    if value == "":
        raise DataError(tr("{path} says nothing after {word!r}.", path=path, word=word))
    return value
