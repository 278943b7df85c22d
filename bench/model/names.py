"""Names that a user gave, held against those that there are."""

import difflib
from collections.abc import Iterable, Sequence

from bench.model.errors import UsageError
from bench.model.language import tr


def pick(kind: str, asked: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the asked names, in order, if all are known.

    Raises:
        UsageError: one is not (names the nearest), or is asked for twice: it may be meant as twice the trials.

    """
    known, chosen = list(known), list(asked)
    for name in chosen:
        if name not in known:
            hint = _hint(name, known)
            raise UsageError(tr("Unknown {kind} {name!r}; {hint}", kind=tr(kind), name=name, hint=hint))
        if chosen.count(name) > 1:
            more = tr("--blocks gives more of its trials")
            if kind == "variant":
                more = tr("pgladder noise sets it against itself")
            raise UsageError(
                tr(
                    "The {kind} {name} is asked for {count} times; {more}.",
                    kind=tr(kind),
                    name=name,
                    count=chosen.count(name),
                    more=more,
                )
            )
    if not chosen:
        raise UsageError(tr("No {kind} asked for; there are: {known}.", kind=tr(kind), known=", ".join(known)))
    return chosen


def _hint(name: str, known: Sequence[str]) -> str:
    """Return the nearest of the names that there are; where none is near, all of them."""
    # Capitals or not: who types STOCK means stock.
    folded = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.4)
    if near:
        return tr("did you mean {names}?", names=tr(" or ").join(map(folded.__getitem__, near)))
    return tr("there are: {names}.", names=", ".join(known))
