"""A journal of a study: a line of JSON for each answer, on the disk before the next is asked for."""

import json
import os
from pathlib import Path
from typing import Any

Line = dict[str, Any]


def read(journal: Path) -> list[Line]:
    """Return the lines that are there; one that was cut short is left out."""
    if not journal.is_file():
        return []
    text = journal.read_text()
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def append(journal: Path, line: Line) -> None:
    """Add a line, after what was cut short of the last one is gone."""
    with journal.open("a+b") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(json.dumps(line).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
