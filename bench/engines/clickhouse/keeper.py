"""A process that has the embedded engine open while the agent asks it something: it is never loaded into the agent.

The directory is its argument. A JSON line each: statement → ``Answer``; with its input it ends and lets the directory
go.
"""

import sys
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bench.workload.clickhouse import DEFAULT, ClickHouseError, Embedded


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The rows that a statement gave, or why it gave none."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    error: str | None = None
    code: int | None = None


def answer(engine: Embedded, statement: str) -> Answer:
    """Put a statement to the engine."""
    try:
        return Answer(rows=engine.rows(statement))
    except ClickHouseError as error:
        return Answer(error=str(error), code=error.code)


def main() -> None:
    """Hold the conversation over standard input and output."""
    [directory] = sys.argv[1:]
    try:
        engine = Embedded(directory, DEFAULT)
    except ClickHouseError as error:
        _say(Answer(error=str(error), code=error.code))
        return
    _say(Answer())
    for line in sys.stdin.buffer:
        _say(answer(engine, msgspec.json.decode(line, type=str)))
    engine.close()


def _say(thing: Answer) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(thing) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
