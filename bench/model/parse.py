"""What a user types, read: numbers, shares, words and names, each refused with a sentence."""

import re
import shlex
import shutil
from collections.abc import Callable
from typing import Any

from bench.model.language import tr
from bench.model.values import NAME

MOST_DIGITS = 12
MOST = 10**MOST_DIGITS
"""Of any number asked for: beyond it lie typing errors, and integers that JSON readers round."""
Parse = Callable[[str], Any]


def number(kind: type[int] | type[float]) -> Parse:
    """Return what reads a number above 0.

    Raises:
        ValueError: it is none; the message says so.

    """

    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = kind(0)
        # Written as "not within": NaN is neither above nor below anything.
        if not 0 < value <= MOST:
            raise ValueError(tr("{text!r} is not a number above 0 and up to {most:.0e}", text=text[:40], most=MOST))
        return value

    return parse


WHOLE_NUMBER = number(int)


def count(text: str) -> int:
    """Read a whole number of 0 or more.

    Raises:
        ValueError: it is none; the message says so.

    """
    # ``int`` alone takes 1_000, signs and blanks too.
    if not text.isdecimal() or len(text) > MOST_DIGITS:
        raise ValueError(tr("{text!r} is not a whole number of 0 or more, below {most:.0e}", text=text[:40], most=MOST))
    return int(text)


def margin(text: str) -> float:
    """Read a share below 1.

    Raises:
        ValueError: it is none; the message says so.

    """
    value: float = number(float)(text)
    if value >= 1:
        raise ValueError(tr("{text!r} is not a share below 1, such as 0.02 for 2 %", text=text[:40]))
    return value


OF_DEVICES = re.compile(r"([\d.]+) +[^\d]+ +at +([\d.]+) *Hz", re.IGNORECASE)
"""``2000 devices at 1 Hz``."""
TIME = re.compile(r"([\d.]+) *(ms|s)?", re.IGNORECASE)


def rate(text: str) -> float:
    """Read rows a second: a number, or as many devices at so many a second as ``2000 devices at 1 Hz``.

    Raises:
        ValueError: it is neither.

    """
    read, said = number(float), OF_DEVICES.fullmatch(text.strip())
    try:
        value: float = read(said[1]) * read(said[2]) if said else read(text)
    except ValueError as error:
        raise ValueError(tr("{why}, nor such as '2000 devices at 1 Hz'", why=error)) from error
    if not value <= MOST:
        raise ValueError(tr("{text!r} is more than {most:.0e} rows/s", text=text[:40], most=MOST))
    return value


def milliseconds(text: str) -> float:
    """Read a time in milliseconds: ``50``, ``50ms``, ``0.05 s``.

    Raises:
        ValueError: it is none.

    """
    said = TIME.fullmatch(text.strip())
    if not said:
        raise ValueError(tr("{text!r} is no time such as 50ms or 2s", text=text[:40]))
    value: float = number(float)(said[1])
    return value * 1000 if (said[2] or "").lower() == "s" else value


def one_of(*words: str) -> Parse:
    """Return what reads one of these words.

    Raises:
        ValueError: it is none; names them.

    """

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(tr("{text!r} is none of {words}", text=text[:40], words=", ".join(words)))
        return text

    return parse


def switch(text: str) -> bool:
    """Read a word that is either there, as 1, or left out.

    Raises:
        ValueError: it is another.

    """
    if text != "1":
        raise ValueError(tr("it is 1 or left out, not {text!r}", text=text[:40]))
    return True


def name(text: str) -> str:
    """Read the name of a piece; whether there is such a piece is looked up where it is used.

    Raises:
        ValueError: it can't be one.

    """
    if not NAME.fullmatch(text):
        raise ValueError(tr("{text!r} is no name: letters, digits, '.', '_' and '-'", text=text[:40]))
    return text


def currency(text: str) -> str:
    """Read the code of a currency, of ISO 4217.

    Raises:
        ValueError: it can't be one.

    """
    if not re.fullmatch("[A-Z]{3}", text, re.ASCII):
        raise ValueError(tr("{text!r} is no code of a currency, such as EUR or KRW", text=text[:40]))
    return text


def program(text: str) -> list[str]:
    """Read a command: a program that is here, and its arguments; no shell looks at it.

    Raises:
        ValueError: it can't be taken apart, or there is no such program.

    """
    words = shlex.split(text)
    if not words or shutil.which(words[0]) is None:
        raise ValueError(tr("{text!r} begins with no program that can be started here", text=text[:80]))
    return words
