"""The longest time in which nothing happened: of one process, and of several at once. Pure."""

from collections.abc import Iterable, Sequence

Gap = tuple[int, int]
"""From one moment to another."""


def longest_gap(by_process: Sequence[Sequence[Gap]]) -> int:
    """Return the longest time that lies in a gap of every process; 0 where there is none.

    Exact for every gap of all that is longer than the shortest one kept of each: what is no gap of one process is none
    of all.
    """
    common: list[Gap] = list(by_process[0]) if by_process else []
    for gaps in by_process[1:]:
        common = list(_overlaps(common, gaps))
    return max((ended - began for began, ended in common), default=0)


def _overlaps(ones: Iterable[Gap], others: Sequence[Gap]) -> Iterable[Gap]:
    for one in ones:
        for other in others:
            began, ended = max(one[0], other[0]), min(one[1], other[1])
            if began < ended:
                yield began, ended
