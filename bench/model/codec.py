"""The JSON form of what ``bench.model`` defines: written, read and checked."""

from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from bench.model.earlier import EARLIER
from bench.model.errors import DataError
from bench.model.language import tr

NOT_THERE = object()
DAMAGED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises of a text that is none of ours: no JSON or of another form, no UTF-8, deeper than any."""
T = TypeVar("T")


def to_json(thing: object) -> bytes:
    """One line of JSON, keys in the order of the class."""
    return msgspec.json.encode(thing)


def schema_of(kind: type) -> str:
    """Return the name and version of a format."""
    name: str = kind.__dataclass_fields__["schema"].default  # type: ignore[attr-defined]
    return name


def from_json(text: bytes | str, kind: type[T], where: str) -> T:
    """Parse and check, also what an earlier release wrote; ``where`` names the file (and line) for the reader.

    Raises:
        DataError: not JSON, a missing or wrong field (its path is named), or a newer schema.

    """
    wanted = schema_of(kind)
    if text[:10] in AS_WRITTEN:
        # What it is instead is looked at below.
        with suppress(*DAMAGED):
            return msgspec.json.decode(text, type=kind)
    try:
        found = NAMED.decode(text).schema
        if found != wanted and (not isinstance(found, str) or found not in EARLIER.get(wanted, {})):
            raise DataError(_schema_sentence(where, found, wanted))
        return msgspec.convert(decoded(text, kind), kind)
    except DAMAGED as error:
        raise DataError(
            tr("{where} is not a valid {schema}: {error}", where=where, schema=wanted, error=error)
        ) from error


def decoded(text: bytes | str, kind: type) -> Any:
    """Return plain objects of JSON, those of an earlier release in today's form."""
    given = msgspec.json.decode(text)
    if isinstance(given, dict):
        upgrade = EARLIER.get(schema_of(kind), {}).get(str(given.get("schema")))
        if upgrade:
            return upgrade(given)
    return given


def from_json_lines(text: bytes, kind: type[T], where: str) -> list[T]:
    """Parse and check whole lines of the file ``where``. Raises as ``from_json``, which finds the line that is bad."""
    with suppress(*DAMAGED):
        if (b"\n" + text).count(b"\n" + AS_WRITTEN[0]) == text.count(b"\n"):
            return msgspec.json.Decoder(kind).decode_lines(text)
    return [
        from_json(line, kind, tr("{where}, line {number}", where=where, number=number))
        for number, line in enumerate(text.splitlines(), 1)
    ]


AS_WRITTEN = (b'{"schema":', '{"schema":')
"""How our files begin: what names a schema first is decoded at once, and only looked at again if that fails."""


class _Named(msgspec.Struct):
    schema: Any = None


NAMED = msgspec.json.Decoder(_Named)


def unknown_field(given: Any, understood: Any, path: str = "$") -> str | None:
    """Return where JSON, decoded freely, has a field that its class does not: a misspelt one would change nothing."""
    if isinstance(given, dict):
        inside = ((f"{path}.{name}", value, understood.get(name, NOT_THERE)) for name, value in given.items())
    elif isinstance(given, list):
        inside = ((f"{path}[{at}]", value, understood[at]) for at, value in enumerate(given))
    else:
        return None
    for where, value, ours in inside:
        if found := where if ours is NOT_THERE else unknown_field(value, ours, where):
            return found
    return None


def _schema_sentence(where: str, found: object, wanted: str) -> str:
    name, _, version = str(found).rpartition("/")
    ours, _, our_version = wanted.rpartition("/")
    # Versions are numbers of any length, which ``int`` does not take from a text: 10 comes after 9.
    newer = version.isdecimal() and (len(version), version) > (len(our_version), our_version)
    if name == ours and newer:
        return tr(
            "{where} has schema {found}, newer than this pgladder reads ({wanted}); upgrade pgladder to read it.",
            where=where,
            found=found,
            wanted=wanted,
        )
    return tr("{where} has schema {found!r} where {wanted} belongs.", where=where, found=found, wanted=wanted)
