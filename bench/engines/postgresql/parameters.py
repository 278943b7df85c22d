"""PostgreSQL's parameters by major: whether a value is one, what it comes to, and in what two configurations differ.

Owns what can be told without a server. ``parameters.tsv`` is the ``pg_settings`` of 14 to 18: name, the first and the
last major of which the row holds (empty: none before, none after), vartype, unit, boot_val, min_val, max_val, enumvals;
a test compares it with each real one that is there. 14's shared_buffers are what initdb sets. A minor release may add a
parameter (15.19 did): a name that the table lacks is the server's to judge. Whether a server runs with the values is
proved there.
"""

import csv
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files

from bench.engines.postgresql.majors import NEWEST, OLDEST, known_major
from bench.engines.postgresql.units import BOOLEANS, boolean, in_base_units, shown
from bench.model.errors import DataError, HostError

Value = Fraction | str
"""A number in base units; a bool is ``on`` or ``off``."""

SAME_CHOICE = {
    ("wal_compression", "on"): "pglz",
    ("wal_level", "archive"): "replica",
    ("wal_level", "hot_standby"): "replica",
}
FOLLOWS = {
    "autovacuum_vacuum_cost_delay": "vacuum_cost_delay",
    "autovacuum_vacuum_cost_limit": "vacuum_cost_limit",
    "autovacuum_work_mem": "maintenance_work_mem",
}
"""Where -1 means as another (manual, 20.4 and 20.10)."""
AS_ON_WITHOUT_STANDBYS = ("local", "remote_write", "remote_apply")
"""Without synchronous standbys each waits for the local flush, as ``on`` does (manual, 20.5.1, synchronous_commit)."""
BLOCK_BYTES = 8192
SHARED_BESIDE_BUFFERS = Fraction(11, 10)
"""Shared memory for each byte of buffers, rounded up: with descriptors and look-up table 1.03, by ``postgres -C``."""
SHARED_BYTES = 128 << 20
"""All else in shared memory, rounded up: 21 MB with 300 connections, 52 MB with 1,000."""


class OutOfRangeError(DataError):
    """A number that lies outside what its parameter takes."""


class NotInMajorError(HostError):
    """A parameter, or a value of it, that other majors of PostgreSQL have."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A row of ``pg_settings``, and of which majors it is one."""

    name: str
    since: str
    till: str
    kind: str
    unit: str
    default: str
    least: str
    most: str
    choices: str

    def value(self, text: str) -> Value:
        """Return what a text comes to.

        Raises:
            OutOfRangeError: the parameter takes smaller or larger numbers only.
            DataError: it takes no such value.

        """
        match self.kind:
            case "bool":
                if (value := boolean(text)) is None:
                    raise DataError(f"{self.name} = {text}: it takes on or off.")
                return value
            case "enum":
                return self._choice(text)
            case "string":
                return text
        return self._number(text)

    def takes(self, text: str) -> bool:
        """Return whether a text is a value of it."""
        try:
            self.value(text)
        except DataError:
            return False
        return True

    def _number(self, text: str) -> Fraction:
        try:
            value = in_base_units(text, self.unit, integer=self.kind == "integer")
        except DataError as error:
            raise DataError(f"{self.name} = {text}: {error}") from error
        least, most = Fraction(self.least), Fraction(self.most)
        if not least <= value <= most:
            raise OutOfRangeError(
                f"{self.name} = {text}: it must lie between {shown(least, self.unit)} and {shown(most, self.unit)}."
            )
        return value

    def _choice(self, text: str) -> str:
        word, choices = text.lower(), self.choices.lower().split(",")
        if word not in choices and "off" in choices:
            word = BOOLEANS.get(word, word)
        word = SAME_CHOICE.get((self.name, word), word)
        if word not in choices:
            raise DataError(f"{self.name} = {text}: it takes {self.choices.replace(',', ', ')}.")
        return word

    def shown(self, value: Value) -> str:
        """Write a value as ``SHOW`` does."""
        return value if isinstance(value, str) else shown(value, self.unit)


@cache
def rows_by_name() -> dict[str, list[Parameter]]:
    """Return the rows of every parameter that a file can set, by its name in lower case, the oldest majors' first."""
    text = (files("bench.engines.postgresql") / "parameters.tsv").read_text(encoding="utf-8")
    found: dict[str, list[Parameter]] = {}
    for row in csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        found.setdefault(row[0].lower(), []).append(Parameter(*row))
    return found


@cache
def parameters(version: str | None = None) -> dict[str, Parameter]:
    """Return the parameters of a major by name; None: of the reference."""
    major = known_major(version)
    found = {}
    for name, rows in rows_by_name().items():
        for row in rows:
            if int(row.since or OLDEST) <= major <= int(row.till or NEWEST):
                found[name] = row
    return found


def values(texts: Mapping[str, str], where: str, version: str | None = None) -> dict[str, Value]:
    """Return what each text comes to; of a parameter that no major is known to have the text itself.

    An extension's is not, nor is one of a later release, minor ones included: whether it is one, the server decides.

    Raises:
        NotInMajorError: a parameter, or a value, that this major does not have and another has.
        OutOfRangeError: a number that lies outside what its parameter takes.
        DataError: another value that its parameter does not take.

    """
    found: dict[str, Value] = {}
    for name, text in texts.items():
        try:
            found[name] = _value(name, text, version)
        except (DataError, NotInMajorError) as error:
            raise type(error)(f"{where}: {error}") from error
    return found


def _value(name: str, text: str, version: str | None) -> Value:
    rows, known = rows_by_name().get(name, []), parameters(version).get(name)
    if known is not None:
        try:
            return known.value(text)
        except DataError:
            taken = [row for row in rows if row.takes(text)]
            if not taken:
                raise
            why = f"does not take {name} = {text}, a value {_when(taken)}"
    elif rows:
        why = f"has no {name}, a parameter {_when(rows)}"
    else:
        return text
    raise NotInMajorError(f"PostgreSQL {known_major(version)} {why}.")


def _when(rows: Sequence[Parameter]) -> str:
    """Say of which majors a parameter is."""
    since, till = rows[0].since, rows[-1].till
    if not till:
        return f"from {since} on"
    return f"of {since} to {till}" if since else f"up to {till}"


def hint(names: Iterable[str]) -> str:
    """Say of names which the server refused what they may have been meant to be; empty where nothing is near."""
    unknown = [name for name in names if "." not in name and name not in rows_by_name()]
    near = [match for name in unknown for match in difflib.get_close_matches(name, rows_by_name(), n=1)]
    return f"; did you mean {' and '.join(near)}?" if near else ""


def effect(
    given: Mapping[str, Value], *, huge_page_bytes: int | None = None, version: str | None = None
) -> dict[str, Value]:
    """Return what is in force with these values: PostgreSQL's defaults where they are silent.

    Args:
        given: of a variant, by ``values``.
        huge_page_bytes: what the box has set aside of them; None: not known.
        version: PostgreSQL's major; None: the reference.

    """
    force = {**_defaults(known_major(version)), **given}
    for name, other in FOLLOWS.items():
        if force[name] == -1:
            force[name] = force[other]
    if force["wal_buffers"] == -1:
        # From 8 blocks to a segment (src/backend/access/transam/xlog.c, XLOGChooseNumBuffers).
        force["wal_buffers"] = Fraction(min(max(Fraction(force["shared_buffers"]) // 32, 8), 2048))
    if force["huge_pages"] == "try" and huge_page_bytes is not None:
        force["huge_pages"] = _tried(force, huge_page_bytes)
    if force["synchronous_standby_names"] == "" and force["synchronous_commit"] in AS_ON_WITHOUT_STANDBYS:
        force["synchronous_commit"] = "on"
    return force


def _tried(force: Mapping[str, Value], set_aside: int) -> str:
    """Return what ``huge_pages = try`` comes to; what the server alone can tell stays ``try``."""
    buffers = Fraction(force["shared_buffers"]) + Fraction(force["wal_buffers"])
    enough = buffers * BLOCK_BYTES * SHARED_BESIDE_BUFFERS + SHARED_BYTES
    if set_aside == 0:
        return "off"
    if force["huge_page_size"] == 0 and set_aside >= enough:
        return "on"
    return "try"


@cache
def _defaults(major: int) -> dict[str, Value]:
    return {name: parameter.value(parameter.default) for name, parameter in parameters(str(major)).items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """A parameter that differs in effect; None where one that is not known is not set."""

    name: str
    a: str | None
    b: str | None


def differences(a: Mapping[str, Value], b: Mapping[str, Value]) -> list[Difference]:
    """Compare what is in force under two variants."""
    found = []
    for name in sorted(a.keys() | b.keys()):
        one, other = a.get(name), b.get(name)
        if one != other:
            found.append(Difference(name, _shown(name, one), _shown(name, other)))
    return found


def _shown(name: str, value: Value | None) -> str | None:
    if value is None:
        return None
    if name not in rows_by_name():
        return str(value)
    # No two majors differ in a parameter's unit.
    return rows_by_name()[name][-1].shown(value)
