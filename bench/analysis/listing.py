"""How a sentence lists names."""

from collections.abc import Sequence

MOST_NAMED = 3


def listed(names: Sequence[str], joined: str = "and") -> str:
    """Return names as a sentence lists them: a, b and c."""
    *others, last = names
    if not others:
        return last
    return f"{', '.join(others)} {joined} {last}"


def some(names: Sequence[str]) -> str:
    """Return a few names, and how many more there are."""
    if len(names) <= MOST_NAMED:
        return listed(names)
    return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
