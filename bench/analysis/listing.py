"""How a sentence lists names."""

from collections.abc import Sequence

from bench.model.language import tr

MOST_NAMED = 3


def listed(names: Sequence[str], joined: str = "and") -> str:
    """Return names as a sentence lists them: a, b and c."""
    *others, last = names
    if not others:
        return last
    if joined == "and":
        return tr("{others} and {last}", others=", ".join(others), last=last)
    return tr("{others} or {last}", others=", ".join(others), last=last)


def first_few(sentences: Sequence[str]) -> str:
    """Return a few sentences without their ends, and how many more there are."""
    few = list(sentences[:MOST_NAMED])
    if more := len(sentences) - len(few):
        few.append(tr("and {count} more", count=more))
    return "; ".join(few)


def some(names: Sequence[str]) -> str:
    """Return a few names, and how many more there are."""
    if len(names) <= MOST_NAMED:
        return listed(names)
    return tr("{names} and {count} more", names=", ".join(names[:MOST_NAMED]), count=len(names) - MOST_NAMED)


def some_of(points: Sequence[str]) -> str:
    """Return a few of what may have commas of its own, and how many more there are."""
    few = list(points[:MOST_NAMED])
    if more := len(points) - len(few):
        few.append(tr("{count} more", count=more))
    return tr(" or ").join(few)
