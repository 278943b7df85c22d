"""Comparisons of pulled files: which runs lie there, read as far as is needed, and the box's noise beside them.

Joins ``results`` and ``analysis`` for ``pgladder compare`` and what goes with it.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from bench.analysis.comparison import Across, CellComparison, ComparisonReport
from bench.analysis.pairing import interleaved
from bench.analysis.pulled import RunOutcomes
from bench.model.errors import UsageError
from bench.results.noise_floors import compare_beside, compare_box
from bench.results.read import only_run, outcomes_of, read
from bench.stats.compare import MARGIN
from bench.store.run_directory import PLAN, RunDirectory, find_all_runs, find_runs


def compared(
    directory: Path, margin: float | None = None, across: str | None = None, baseline: str | None = None
) -> list[ComparisonReport]:
    """Compare the arms of the runs below a directory; one report a host, several runs of one count as one.

    Args:
        directory: of one or several runs, on one or several hosts.
        margin: that does not matter; None for the plan's, or the usual one.
        across: the factor by which the arms differ; None for the variants, or the only one that varies.
        baseline: the arm that the others are compared with; None for the usual one of the factor.

    Raises:
        UsageError: there is nothing to compare, or runs that do not belong together.

    """
    with _uncollected():
        runs = [(found.path, outcomes_of(found)) for found in find_all_runs(directory)]
        by_host = groupby(sorted(runs, key=lambda each: each[1].box), lambda each: each[1].box)
        return [_of_host(list(group), margin, across, baseline) for _, group in by_host]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the collector not look at a hundred thousand records again and again while more are made: all are needed."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _of_host(
    found: Sequence[tuple[Path, RunOutcomes]], margin: float | None, across: str | None, baseline: str | None
) -> ComparisonReport:
    return compare_box(found[0][0], [run for _, run in found], margin, across, baseline)


def set_beside(directories: Sequence[Path], across: Across, margin: float = MARGIN) -> ComparisonReport:
    """Compare runs, or hosts' runs, with the first of them.

    Raises:
        UsageError: a directory holds no run or several, or they can't be compared.

    """
    return _beside([only_run(directory) for directory in directories], across, margin)


def took_turns(directories: Iterable[Path]) -> bool:
    """Tell whether hosts' runs of one machine were measured in turns; where no run was pulled, none is looked at."""
    there = [directory for directory in directories if (directory / PLAN).is_file()]
    return len(there) > 1 and interleaved([read(only_run(directory), samples=False) for directory in there])


def runs_below(directory: Path, across: Across, margin: float = MARGIN) -> ComparisonReport:
    """Compare the runs that lie below a directory with the first of them.

    Raises:
        UsageError: there is only one, or they can't be compared.

    """
    found = find_runs(directory) if across == "host" else find_all_runs(directory)
    if len(found) < 2:
        one = "host's run" if across == "host" else "run"
        raise UsageError(f"{directory} holds one {one}: a comparison of {across}s takes two or more below it.")
    return _beside(found, across, margin)


def _beside(found: Sequence[RunDirectory], across: Across, margin: float) -> ComparisonReport:
    return compare_beside([each.path for each in found], [read(each) for each in found], across, margin)


def void_or_partial(reports: Iterable[ComparisonReport]) -> bool:
    """Tell whether a comparison rests on less than was planned, or says nothing of a pair."""
    return any(
        not report.complete
        or any(arm.void for cell in tried(report) for arm in cell.arms)
        or any(pair.verdict is None for cell in tried(report) for pair in cell.pairs)
        for report in reports
    )


def tried(report: ComparisonReport) -> list[CellComparison]:
    """Return the cells that were tried: not those of a variant that every one of several runs, or hosts, refused."""
    return [cell for cell in report.cells if cell.variant is None or not all(arm.refused for arm in cell.arms)]


NOT_EQUIVALENT = "Not shown to be equivalent: see the verdicts above."


def equivalent(report: ComparisonReport) -> bool:
    """Tell whether every pair was shown to be equivalent, and there was one; a variant refused by all has none."""
    cells = tried(report)
    return bool(cells) and all(pair.verdict == "equivalent" for cell in cells for pair in cell.pairs)
