"""What a user types, read: numbers, shares, words and names, each refused with a sentence."""

from collections.abc import Callable
from typing import Any

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
            raise ValueError(f"{text[:40]!r} is not a number above 0 and up to {MOST:.0e}")
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
        raise ValueError(f"{text[:40]!r} is not a whole number of 0 or more, below {MOST:.0e}")
    return int(text)


def margin(text: str) -> float:
    """Read a share below 1.

    Raises:
        ValueError: it is none; the message says so.

    """
    value: float = number(float)(text)
    if value >= 1:
        raise ValueError(f"{text[:40]!r} is not a share below 1, such as 0.02 for 2 %")
    return value


def one_of(*words: str) -> Parse:
    """Return what reads one of these words.

    Raises:
        ValueError: it is none; names them.

    """

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text[:40]!r} is none of {', '.join(words)}")
        return text

    return parse


def switch(text: str) -> bool:
    """Read a word that is either there, as 1, or left out.

    Raises:
        ValueError: it is another.

    """
    if text != "1":
        raise ValueError(f"it is 1 or left out, not {text[:40]!r}")
    return True


def name(text: str) -> str:
    """Read the name of a piece; whether there is such a piece is looked up where it is used.

    Raises:
        ValueError: it can't be one.

    """
    if not NAME.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no name: letters, digits, '.', '_' and '-'")
    return text
