"""Texts of files, boxes and servers as they are shown: no character of theirs steers a terminal or turns a line around.

Owns what is left out, and how what a terminal can't show is written there; terminal, page, JSON and error sentences go
by it.
"""

import codecs
import re
import sys
from typing import Any

import msgspec

HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1 (ECMA-48)
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing (Unicode, UAX #9)
    "\u2028\u2029\ufeff\U000e0000-\U000e007f"  # separators that are lines to some, what nobody sees
    "\ud800-\udfff]"  # half characters: a file's name that is no UTF-8
)
INSTEAD = {
    "–": "-",
    "−": "-",
    "×": "x",
    "÷": "/",
    "·": "|",
    "µ": "u",
    "→": "->",
    "…": "...",
    "°": "",
    "±": "+-",
    "█": "#",
}
"""What our own words become on a terminal that has no such character (EUC-KR, Latin-1, ASCII)."""
ERRORS = "pgladder.instead"


def harmless(text: str) -> str:
    """Return a text without control and direction characters but newline and tab."""
    return HARMFUL.sub("", text)


def one_line(text: str) -> str:
    """Return a text of foreign words on one line, so that none of it passes for a line of ours."""
    return " ".join(harmless(text).split())


def harmless_all(thing: Any) -> Any:
    """Return what JSON is made of, its texts harmless."""
    if isinstance(thing, str):
        return harmless(thing)
    if isinstance(thing, dict):
        return {harmless_all(name): harmless_all(value) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [harmless_all(each) for each in thing]
    return thing


def print_json(thing: object) -> None:
    """Print a line of JSON for programs, in UTF-8 whatever the terminal takes."""
    # What was printed before as text comes first: below, its buffer is passed by.
    sys.stdout.flush()
    sys.stdout.buffer.write(msgspec.json.encode(harmless_all(msgspec.to_builtins(thing))) + b"\n")


def print_plain(text: str) -> None:
    """Print a text for programs, in UTF-8 whatever the terminal takes."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(errors="replace"))


def speak_plainly() -> None:
    """Have standard output and error write what they can of any text, instead of failing at what they can't."""
    codecs.register_error(ERRORS, _instead)
    for stream in (sys.stdout, sys.stderr):
        # A test's stream may be another.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=ERRORS)


def _instead(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    lost = error.object[error.start : error.end]
    return "".join(INSTEAD.get(each) or ascii(each)[1:-1] for each in lost), error.end
