"""The longest time in which nothing happened: of one process, and of several at once. Pure."""

from collections.abc import Iterable, Sequence

Gap = tuple[int, int]
"""From one moment to another."""


def longest_gap(by_process: Sequence[Sequence[Gap]]) -> int:
    """Return the longest time that lies in a gap of every process; 0 where there is none.

    Exact for every gap of all that is longer than the shortest one kept of each: what is no gap of one process is none
    of all.
    """
    return _longest(_common(by_process))


def own_gaps(by_process: Sequence[Sequence[Gap]]) -> list[int]:
    """Return the longest gap that each of several processes had for itself; 0 where it has none.

    Of each gap counts what is left beside the longest part of it that all had: they may pause together meanwhile.
    """
    common = _common(by_process)
    return [_longest_beside(common, gaps) for gaps in by_process]


def _longest_beside(common: Sequence[Gap], gaps: Iterable[Gap]) -> int:
    return max((ended - began - _longest(_overlaps([(began, ended)], common)) for began, ended in gaps), default=0)


def _common(by_process: Sequence[Sequence[Gap]]) -> list[Gap]:
    if not by_process:
        return []
    first, *others = by_process
    common = list(first)
    for gaps in others:
        common = list(_overlaps(common, gaps))
    return common


def _longest(gaps: Iterable[Gap]) -> int:
    return max((ended - began for began, ended in gaps), default=0)


def _overlaps(ones: Iterable[Gap], others: Sequence[Gap]) -> Iterable[Gap]:
    for one in ones:
        for other in others:
            began, ended = max(one[0], other[0]), min(one[1], other[1])
            if began < ended:
                yield began, ended
