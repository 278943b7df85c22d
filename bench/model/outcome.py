"""Many records at once: read in half the time, and of each only what a comparison of a run's trials needs.

Each field is checked as ``bench.model.codec`` does, which names what is wrong.
"""

import dataclasses
import io
import re
from collections.abc import Callable
from functools import lru_cache, reduce
from operator import or_
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from bench.model.plan import Plan, Trial, Variant
from bench.model.record import Cpu, OpenLoop, Record, Validity, costs_per_row, metronome_ms
from bench.model.values import MOMENT, Durability, Name

MOST_TRIALS, MOST_VARIANTS, MOST_VALIDITIES = 1 << 16, 1 << 10, 1 << 10
"""Decoded once and shared: a plan has at most 10,000 trials; most records are valid without a word, and few doubts of
others are alike to the letter."""


# Not looked at by the garbage collector: a comparison holds a hundred thousand, and none of them is in a circle.
class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What is kept of a record where many are compared; the fields are its."""

    trial: Trial
    attempt: int
    rows: int
    rows_per_s: float | None
    settled_rows_per_s: float | None
    wal_files_created: int | None
    energy_j: float | None
    costs: dict[str, float]
    metronome_ms: float | None
    cpu: Cpu
    durability: str
    durability_because: str | None
    fsync_per_s: tuple[float, ...]
    validity: Validity
    void: bool
    open_loop: OpenLoop | None = None

    @property
    def server_us_per_row(self) -> float | None:
        """What the server's processes spent on a row of the window."""
        return self.costs.get("server_us")


# Groups that capture nothing: one that is repeated takes four times as long otherwise.
MOMENTS = re.compile(f"({MOMENT.strip('^$')}\n)*".replace("(", "(?:"), re.ASCII)
AnyRecord = Record | Outcome
R = TypeVar("R", bound=AnyRecord)


def outcome_of(record: Record) -> Outcome:
    """Return what is kept of a record."""
    return Outcome(
        record.trial,
        record.attempt,
        record.rows,
        record.rows_per_s,
        record.settled_rows_per_s,
        record.wal_files_created,
        record.energy_j,
        costs_per_row(record),
        metronome_ms(record),
        record.cpu,
        record.durability,
        record.durability_because,
        record.fsync_per_s,
        record.validity,
        record.validity.state == "void",
        record.open_loop,
    )


def quick_records(text: bytes) -> list[Record]:
    """Decode whole lines, each to the fields of a ``Record`` without its methods.

    Raises:
        msgspec.DecodeError: they are not all of today's form; ``bench.model.codec`` reads or names them.

    """
    found: list[Any] = RECORDS.decode_lines(text)
    # Five times as quick as to count line ends.
    lines = io.BytesIO(text).readlines()
    if len(found) != len(lines):
        raise msgspec.DecodeError("an empty line")
    for record in found:
        record.trial = _trial(bytes(record.trial))
        record.validity = _validity(bytes(record.validity))
    # A pattern takes as long as the rest of a record: what all records have alike is looked at once, what none has
    # alike in one go.
    msgspec.convert({record.run for record in found}, set[Name])
    msgspec.convert({record.durability for record in found}, set[Durability])
    started = [record.started for record in found]
    if not MOMENTS.fullmatch("\n".join([*started, ""])):
        raise msgspec.ValidationError("a start that is no moment")
    return cast(list[Record], found)


def quick_plan(text: bytes) -> Plan:
    """Decode a plan that shares its trials and variants with others.

    Raises:
        msgspec.DecodeError: as ``quick_records``.

    """
    found: Any = PLANS.decode(text)
    found.harness = _variant(bytes(found.harness))
    found.variants = tuple(map(_variant, map(bytes, found.variants)))
    found.trials = tuple(map(_trial, map(bytes, found.trials)))
    return Plan(**msgspec.structs.asdict(found))


def _once(kind: Any, most: int) -> Callable[[bytes], Any]:
    """Return a decoder that knows again what it has decoded: records of one request repeat these to the letter."""
    return lru_cache(most)(msgspec.json.Decoder(kind).decode)


_trial = _once(Trial, MOST_TRIALS)
_variant = _once(Variant, MOST_VARIANTS)
_validity = _once(Validity, MOST_VALIDITIES)


def quick(kind: type, **instead: Any) -> type[msgspec.Struct]:
    """Return a struct with the fields and bounds of a dataclass, which must name its schema.

    msgspec fills it in two thirds of the time that a dataclass takes; what is given ``instead`` it leaves as text.
    """
    hints = get_type_hints(kind, include_extras=True) | instead
    fields: list[Any] = []
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        if field.name not in instead:
            hint = _quick_hint(hint)
        # A schema has no default here: a line that names none is not of today's form.
        if field.name != "schema" and field.default is not dataclasses.MISSING:
            fields.append((field.name, hint, field.default))
        elif field.default_factory is not dataclasses.MISSING:
            fields.append((field.name, hint, msgspec.field(default_factory=field.default_factory)))
        else:
            fields.append((field.name, hint))
    return msgspec.defstruct(kind.__name__, fields, kw_only=True, gc=False)


def _quick_hint(hint: Any) -> Any:
    """Return a type with structs in place of its dataclasses, but of those that have methods of their own."""
    if get_origin(hint) in (Union, UnionType):
        return reduce(or_, map(_quick_hint, get_args(hint)))
    if dataclasses.is_dataclass(hint) and hint is not Validity:
        return quick(cast(type, hint))
    return hint


# These stay bytes at first: runs of one request repeat trials and variants, and most records are valid without a word.
Raw = msgspec.Raw
RECORDS = msgspec.json.Decoder(quick(Record, run=str, trial=Raw, durability=str, started=str, validity=Raw))
PLANS = msgspec.json.Decoder(quick(Plan, harness=Raw, variants=tuple[Raw, ...], trials=tuple[Raw, ...]))
