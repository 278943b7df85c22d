"""Reading the host's files: a value, or in words why there is none.

Owns the ways a file fails to be read and the small texts the kernel repeats everywhere (a number, a flag, a choice).
What a file is about is the business of the probe that names it; each hands over a pure ``parse(text)``, which says by a
ValueError or LookupError that the content is not what the kernel's documentation promises.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from bench.model.fingerprint import Unreadable

LIVE = Path("/")
"""The root of the running host; any other root is a directory of recorded files."""

T = TypeVar("T")
U = TypeVar("U")


def read_fact(root: Path, path: str, parse: Callable[[str], T], absent: str) -> T | Unreadable:
    """Parse one file under ``root``; ``absent`` says in words what its absence means."""
    return read_path(root / path, parse, absent)


def read_path(path: Path, parse: Callable[[str], T], absent: str, errors: str = "strict") -> T | Unreadable:
    """Parse one file whose path is known in full; ``errors`` as of ``open``: what bytes that are no text become."""
    try:
        return parse(path.read_text(encoding="utf-8", errors=errors))
    except OSError as error:
        return refusal(error, path, absent)
    except (ValueError, LookupError) as error:
        return Unreadable(unreadable=f"{path.name} has unexpected content: {error}")


def refusal(error: OSError, path: Path, absent: str) -> Unreadable:
    """Say why the system would not give the file."""
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return Unreadable(unreadable=absent)
    if isinstance(error, PermissionError):
        return Unreadable(unreadable="readable by root only" if _is_for_root_only(path) else "permission denied")
    return Unreadable(unreadable=f"{path.name}: {os.strerror(error.errno or 0)}")


def _is_for_root_only(path: Path) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    return status.st_uid == 0 and not status.st_mode & 0o077


def read_each(root: Path, pattern: str, parse: Callable[[str], T], absent: str) -> list[T] | Unreadable:
    """Parse every file that matches, in natural order, as ``known_ones``."""
    paths = sorted(root.glob(pattern), key=lambda path: (len(str(path)), str(path)))
    return known_ones((read_path(path, parse, absent) for path in paths), absent)


def known_ones(facts: Iterable[T | Unreadable], absent: str) -> list[T] | Unreadable:
    """Collect the facts that could be read, each of which says something by itself: a core may be off, a sensor dead.

    Where none could, the first reason stands, or ``absent`` where there was nothing to read.
    """
    known: list[T] = []
    reasons: list[Unreadable] = []
    for fact in facts:
        if isinstance(fact, Unreadable):
            reasons.append(fact)
        else:
            known.append(fact)
    return known or next(iter(reasons), Unreadable(unreadable=absent))


def all_known(facts: Iterable[T | Unreadable]) -> list[T] | Unreadable:
    """Collect facts that only together say something; the first that could not be read speaks for all."""
    known = []
    for fact in facts:
        if isinstance(fact, Unreadable):
            return fact
        known.append(fact)
    return known


def read_common(root: Path, pattern: str, parse: Callable[[str], T], absent: str) -> T | list[T] | Unreadable:
    """Parse what all matching files agree on; where they differ (cores of two kinds), return the list."""
    values = read_each(root, pattern, parse, absent)
    if not isinstance(values, Unreadable) and all(value == values[0] for value in values):
        return values[0]
    return values


def first_known(facts: Iterable[T | Unreadable], absent: str = "no source for this fact") -> T | Unreadable:
    """Take the first fact that could be read, otherwise the last reason; later sources are not touched in vain."""
    fact: T | Unreadable = Unreadable(unreadable=absent)
    for fact in facts:
        if not isinstance(fact, Unreadable):
            return fact
    return fact


def if_known(fact: T | Unreadable, step: Callable[[T], U]) -> U | Unreadable:
    """Take a step from a fact; the reason why there is none stays the reason."""
    if isinstance(fact, Unreadable):
        return fact
    return step(fact)


def word(text: str) -> str:
    """Strip a line of text; an empty one is no answer."""
    if not text.strip():
        raise ValueError("empty")
    return text.strip()


def flag(text: str) -> bool:
    """Parse the kernel's 0 or 1."""
    if text.strip() not in ("0", "1"):
        raise ValueError(f"{text.strip()!r} is neither 0 nor 1")
    return text.strip() == "1"


def chosen(text: str) -> str:
    """Take the option in brackets of ``always [madvise] never``; a lone word is itself."""
    _, bracket, rest = text.partition("[")
    return word(rest.partition("]")[0] if bracket else text)


def field(name: str, separator: str = ":") -> Callable[[str], str]:
    """Make a parser of ``name: value`` lines that returns the first value of that name."""

    def parse(text: str) -> str:
        for line in text.splitlines():
            key, found, value = line.partition(separator)
            if found and key.strip() == name:
                return word(value)
        raise ValueError(f"no {name!r} line")

    return parse
