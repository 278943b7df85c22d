"""Names that a user gave, held against those that there are."""

import difflib
from collections.abc import Iterable

from bench.model.errors import UsageError


def pick(kind: str, asked: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the asked names, in order, if all are known.

    Raises:
        UsageError: one is not (names the nearest), or is asked for twice: it may be meant as twice the trials.

    """
    known, chosen = list(known), list(asked)
    for name in chosen:
        if name not in known:
            # Capitals or not: who types STOCK means stock.
            folded = {each.lower(): each for each in known}
            near = difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.4)
            if near:
                hint = f"did you mean {' or '.join(map(folded.__getitem__, near))}?"
            else:
                hint = f"there are: {', '.join(known)}."
            raise UsageError(f"Unknown {kind} {name!r}; {hint}")
        if chosen.count(name) > 1:
            more = "pgladder noise sets it against itself" if kind == "variant" else "--blocks gives more of its trials"
            raise UsageError(f"The {kind} {name} is asked for {chosen.count(name)} times; {more}.")
    if not chosen:
        raise UsageError(f"No {kind} asked for; there are: {', '.join(known)}.")
    return chosen
