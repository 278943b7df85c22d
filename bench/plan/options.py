"""What may be asked of a run: one table, from which ``pgladder``, fab and make have their words.

An option is ``--in-flight`` for ``pgladder`` and fab, ``IN_FLIGHT=`` for make, ``in_flight`` among what was asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MOST_DIGITS = 12
MOST = 10**MOST_DIGITS
"""Of any number asked for: beyond it lie typing errors, and integers that JSON readers round."""
WHAT, LONG, HOW = "what to measure (several names: separated by spaces or commas)", "how long", "how to write"
Parse = Callable[[str], Any]


def number(kind: type[int] | type[float]) -> Parse:
    """Return what reads a number above 0.

    Raises:
        ValueError: it is none; says so.

    """

    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = kind(0)
        if not 0 < value <= MOST:
            raise ValueError(f"{text[:40]!r} is not a number above 0 and up to {MOST:.0e}")
        return value

    return parse


def count(text: str) -> int:
    """Read a whole number of 0 or more.

    Raises:
        ValueError: it is none; says so.

    """
    if not text.isdecimal() or len(text) > MOST_DIGITS:
        raise ValueError(f"{text[:40]!r} is not a whole number of 0 or more, below {MOST:.0e}")
    return int(text)


def margin(text: str) -> float:
    """Read a share below 1.

    Raises:
        ValueError: it is none; says so.

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


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may be asked.

    Attributes:
        name: among what was asked.
        group: what it belongs to, in help.
        help: in a few words; the default, where there is one.
        parse: reads it from its text; None of names, which are several.
        metavar: stands for its value in help.

    """

    name: str
    group: str
    help: str
    parse: Parse | None = None
    metavar: str = "N"

    @property
    def flag(self) -> str:
        """The option of a command."""
        return f"--{self.name.replace('_', '-')}"


OPTIONS = (
    Option("phases", WHAT, "default: all", metavar="NAME"),
    Option("variants", WHAT, "as in `pgladder variants`, paths of your own, or all; default: stock", metavar="NAME"),
    Option("layouts", WHAT, "default: plain", metavar="NAME"),
    Option("transports", WHAT, "tcp, tls, socket; default: tcp", metavar="NAME"),
    Option("preload_rows", WHAT, "rows that are there before; default: 0", count),
    Option("profile", LONG, "quick, standard or thorough; default: quick", one_of("quick", "standard", "thorough")),
    Option("warm_up", LONG, "seconds before the window", number(float), "S"),
    Option("window", LONG, "seconds measured", number(float), "S"),
    Option("blocks", LONG, "repetitions, each in a random order", number(int)),
    Option("until_decided", LONG, "end once every comparison is decided, looking each block", switch),
    Option("max_blocks", LONG, "the most blocks of until-decided", number(int)),
    Option("margin", LONG, "relative difference that does not matter; default: 0.02", margin, "M"),
    Option("seed", LONG, "of the order and the payloads", count),
    Option("processes", HOW, "client processes", number(int)),
    Option("in_flight", HOW, "commits under way, in each process", number(int)),
    Option("pool_min", HOW, "connections a pool opens at the start, in each process", number(int)),
    Option("pool_max", HOW, "connections a pool may open, in each process", number(int)),
    Option("batch", HOW, "rows a commit", number(int)),
    Option("payload_bytes", HOW, "characters of a row's payload", number(int)),
    Option("event_loop", HOW, "what runs asyncpg: asyncio or uvloop", one_of("asyncio", "uvloop")),
)
