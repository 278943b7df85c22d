"""The text of PostgreSQL configuration files: what it sets, and the words beside each setting.

Owns the grammar of a line and who may set what; what a value means is ``tuning.parameters``' business, and whether a
server takes it the server's. Source: PostgreSQL 15, src/backend/utils/misc/guc-file.l. Parameters' names are lower
case here; ``include`` is not taken, as a variant's text must be complete in itself.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bench.model.errors import DataError

_LINE = re.compile(
    r"""\s*(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)
        (?:\s*=\s*|\s+|(?='))
        (?P<value>'(?:[^'\\]|\\.|'')*'|[-+\w.][-\w.:/]*)
        \s*(?:\#\s*(?P<words>.*))?""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\([0-7]{1,3}|.)|''")
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
INCLUDES = ("include", "include_dir", "include_if_exists")
PLACES = frozenset(
    {
        "config_file",
        "data_directory",
        "external_pid_file",
        "hba_file",
        "ident_file",
        "listen_addresses",
        "port",
        "unix_socket_directories",
    }
)
"""Where a server is and where its files are: never a variant's."""


@dataclass(frozen=True, slots=True)
class Given:
    """What one line sets: the value's text without quotes, and the comment beside it, else the lines above it."""

    text: str
    words: str


def read_conf(text: str, where: str) -> dict[str, Given]:
    """Read what a configuration file sets, in its order.

    Raises:
        DataError: a line that is none, an include, a parameter set twice; names ``where`` and the line.

    """
    given: dict[str, Given] = {}
    above: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            above = [*above, line.strip(" \t#")] if line.strip() else []
            continue
        name, value, words = _read_line(line, f"{where}, line {number}")
        if name in given:
            raise DataError(f"{where}, line {number}: {name} is set twice.")
        given[name] = Given(value, words or " ".join(above))
        above = []
    return given


def _read_line(line: str, where: str) -> tuple[str, str, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise DataError(f"{where}: {line.strip()!r} is not name = value.")
    name = match["name"].lower()
    if name in INCLUDES:
        raise DataError(f"{where}: {name} is not taken; a variant is complete in itself.")
    value = match["value"]
    if value.startswith("'"):
        value = _ESCAPED.sub(_unescaped, value[1:-1])
    return name, value, (match["words"] or "").strip()


def _unescaped(match: re.Match[str]) -> str:
    if (escaped := match[1]) is None:
        return "'"
    if escaped[0] in "01234567":
        return chr(int(escaped, 8))
    return _LETTERS.get(escaped, escaped)


def refuse_owned(given: Mapping[str, object], harness: Collection[str], where: str) -> None:
    """Leave the harness its own: what it sets is the same under every variant.

    Raises:
        DataError: names the first parameter that is the harness's, or tells where the server is.

    """
    for name in given:
        if name in PLACES or name in harness:
            raise DataError(f"{where} sets {name}, which the harness owns: it is the same under every variant.")
