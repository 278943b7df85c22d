"""The majors of PostgreSQL that pgladder has tables of, and the one that it measures where nobody asks for another."""

from bench.model.language import tr

OLDEST, NEWEST = 14, 18
"""Of an older or a newer one the nearest of these is taken for what it is not known to differ in."""
REFERENCE = "15"
"""Measured where nobody asks for another; plans of earlier releases name none, and were made for it."""


def known_major(version: str | None) -> int:
    """Return the major whose table says most of a version; None: of the reference.

    >>> from bench.engines.postgresql.majors import known_major
    >>> known_major("17"), known_major("23"), known_major(None)
    (17, 18, 15)
    """
    text = version or REFERENCE
    if not text.isdecimal():  # an engine's that counts otherwise
        text = REFERENCE
    return min(max(int(text), OLDEST), NEWEST)


def major(text: str) -> str:
    """Read a major, such as 17.

    Raises:
        ValueError: it is none.

    """
    if not (text.isascii() and text.isdecimal() and int(text) >= 10):
        raise ValueError(tr("{text!r} is no major of PostgreSQL, such as {major}", text=text, major=REFERENCE))
    return str(int(text))
