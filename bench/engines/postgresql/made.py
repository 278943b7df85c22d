"""What the table is by the catalogs' word: somebody's event trigger may make it another than was asked for.

What each layout should read back as stands in its file (``layout``); ``bench.agent.made`` compares the two.
"""

from collections.abc import Iterable

from bench.engines.postgresql.session import Session


def read_back(session: Session) -> frozenset[str]:
    """Ask the server what the table is."""
    return frozenset(line for (line,) in session.rows(session.script("made")))


def unlogged(made: Iterable[str]) -> str | None:
    """Say that the table, or a part of it, is unlogged; None where none is."""
    found = [line.partition(":")[0] for line in made if line.endswith(": unlogged table")]
    return "the table is unlogged" if found else None
