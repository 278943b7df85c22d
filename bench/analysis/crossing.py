"""Where one kind of database overtakes another as commits get larger: between which batches. Pure.

Told only where the intervals of both sides exclude equal rates: slower at one batch, faster at the next that decides.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bench.analysis.comparison import CellComparison, ComparisonReport
from bench.model.language import tr
from bench.plan.contrast import ENGINE
from bench.stats.missing import not_none

SLOWER, FASTER = "slower", "faster"


def crossings(report: ComparisonReport) -> list[str]:
    """Return a sentence for each candidate that is slower in small batches and faster in large ones, or the reverse."""
    if report.across != ENGINE or report.of_runs:
        return []
    verdicts: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for batch, cell in _by_batch(report.cells):
        for pair in cell.pairs:
            if pair.verdict in (SLOWER, FASTER):
                verdicts[pair.candidate, pair.baseline].append((batch, pair.verdict))
    return not_none(_crossing(candidate, baseline, of) for (candidate, baseline), of in verdicts.items())


def _by_batch(cells: Sequence[CellComparison]) -> Iterator[tuple[int, CellComparison]]:
    """Yield cells by their batch, the smallest first; none where they differ in more than that."""
    if len({_without_batch(cell) for cell in cells}) == 1:
        yield from sorted(((int(cell.parameters["batch"] or 1), cell) for cell in cells), key=lambda each: each[0])


def _without_batch(cell: CellComparison) -> tuple[object, ...]:
    others = tuple(item for item in cell.parameters.items() if item[0] != "batch")
    return cell.variant, cell.transport, cell.version, others


def _crossing(candidate: str, baseline: str, verdicts: Sequence[tuple[int, str]]) -> str | None:
    """Say where the verdict turns; None where it does not, or does so more than once.

    >>> _crossing("clickhouse", "postgresql", [(1, "slower"), (500, "slower"), (5000, "faster")])
    'clickhouse overtakes postgresql between 500 and 5,000 rows a commit.'
    >>> _crossing("clickhouse", "postgresql", [(1, "slower"), (500, "slower")])

    """
    turns = [(before, after) for (before, was), (after, verdict) in pairwise(verdicts) if was != verdict]
    if len(turns) != 1:
        return None
    [(before, after)] = turns
    first, second = (candidate, baseline) if verdicts[-1][1] == FASTER else (baseline, candidate)
    return tr(
        "{first} overtakes {second} between {before:,} and {after:,} rows a commit.",
        first=first,
        second=second,
        before=before,
        after=after,
    )
