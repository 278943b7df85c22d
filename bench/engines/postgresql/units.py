"""PostgreSQL's units: the number a value's text stands for in the base unit of its parameter.

Base units are those of ``pg_settings.unit``. Source: PostgreSQL 15, src/backend/utils/misc/guc.c, parse_int and
convert_to_base_unit; the hexadecimal and octal integers that also takes are not read here.
``boolean`` reads the words for on and off.
"""

import re
from fractions import Fraction

from bench.model.errors import DataError

_MEMORY = {"TB": 1 << 40, "GB": 1 << 30, "MB": 1 << 20, "kB": 1 << 10, "B": 1}
_TIME = {"d": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000, "ms": 1000, "us": 1}
_VALUE = re.compile(r"\s*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<unit>[A-Za-z]*)\s*", re.ASCII)


BOOLEANS = {"true": "on", "yes": "on", "on": "on", "1": "on", "false": "off", "no": "off", "off": "off", "0": "off"}


def boolean(text: str) -> str | None:
    """Return ``on`` or ``off``, None for neither.

    PostgreSQL takes any beginning that is not also another's (src/backend/utils/adt/bool.c).
    """
    meant = {value for word, value in BOOLEANS.items() if text and word.startswith(text.lower())}
    if len(meant) != 1:
        return None
    return meant.pop()


def in_base_units(text: str, base: str = "", *, integer: bool = True) -> Fraction:
    """Convert ``'16MB'`` with base ``'8kB'`` to 2048.

    Args:
        text: a value as configuration files write it; without a unit it is in base units already.
        base: ``pg_settings.unit``; empty for a parameter without one.
        integer: round to a whole number, half to even, as parameters of vartype ``integer`` do.

    Raises:
        DataError: not a number, or a unit the parameter does not take.

    """
    match = _VALUE.fullmatch(text)
    if match is None:
        raise DataError(f"{text!r} is not a number with an optional unit.")
    value = Fraction(match["number"])
    if match["unit"]:
        value = _converted(value, match["unit"], base)
    return Fraction(round(value)) if integer else value


def _converted(value: Fraction, unit: str, base: str) -> Fraction:
    count, base_unit = re.fullmatch(r"(\d*)(.*)", base).groups()  # type: ignore[union-attr]  # matches any text
    family = _MEMORY if base_unit in _MEMORY else _TIME
    if base_unit not in family or unit not in family:
        takes = f"takes {', '.join(family)}" if base_unit in family else "has no unit"
        raise DataError(f"unit {unit!r} does not fit: the parameter {takes}.")
    size = Fraction(family[unit])
    # "30.1GB" is rounded to the next smaller unit first.
    if smaller := max((other for other in family.values() if other < size), default=None):
        value = round(value * size / smaller) * smaller / size
    return value * size / (int(count or 1) * family[base_unit])


def shown(value: Fraction, base: str = "") -> str:
    """Write a value in base units as ``SHOW`` does: in the largest unit that is exact."""
    count, base_unit = re.fullmatch(r"(\d*)(.*)", base).groups()  # type: ignore[union-attr]  # matches any text
    family = _MEMORY if base_unit in _MEMORY else _TIME if base_unit in _TIME else {}
    if not family or value <= 0:  # -1 and 0 mean something of their own
        if value.denominator == 1:
            return str(value)
        return f"{float(value):g}"
    size = value * int(count or 1) * family[base_unit]
    for unit, each in family.items():
        if size % each == 0:
            return f"{size // each}{unit}"
    return f"{float(value):g}{base_unit}"
