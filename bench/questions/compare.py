"""Comparisons of pulled files: which runs lie there, read as far as is needed, and the box's noise beside them.

Joins ``results`` and ``analysis`` for ``pgladder compare`` and what goes with it.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from bench.analysis.comparison import CellComparison, ComparisonReport
from bench.analysis.pairing import interleaved
from bench.analysis.pulled import PulledRun
from bench.analysis.unpaired import Kind
from bench.model.errors import UsageError
from bench.results.noise_floors import compare_beside, compare_box
from bench.results.read import only_run, read, records_of
from bench.stats.compare import MARGIN
from bench.store.run_directory import PLAN, RunDirectory, find_all_runs, find_runs


def compared(directory: Path, margin: float | None = None) -> list[ComparisonReport]:
    """Compare the variants of the runs below a directory; one report a host, several runs of one count as one.

    Raises:
        UsageError: there is nothing to compare, or runs that do not belong together.

    """
    with _uncollected():
        runs = [(found.path, records_of(found)) for found in find_all_runs(directory)]
        by_host = groupby(sorted(runs, key=lambda each: each[1].box), lambda each: each[1].box)
        return [_of_host(list(group), margin) for _, group in by_host]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the collector not look at a hundred thousand records again and again while more are made: all are needed."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _of_host(found: Sequence[tuple[Path, PulledRun]], margin: float | None) -> ComparisonReport:
    return compare_box(found[0][0], [run for _, run in found], margin)


def set_beside(directories: Sequence[Path], kind: Kind, margin: float = MARGIN) -> ComparisonReport:
    """Compare runs, or hosts' runs, with the first of them.

    Raises:
        UsageError: a directory holds no run or several, or they can't be compared.

    """
    return _beside([only_run(directory) for directory in directories], kind, margin)


def took_turns(directories: Iterable[Path]) -> bool:
    """Tell whether hosts' runs of one machine were measured in turns; where no run was pulled, none is looked at."""
    there = [directory for directory in directories if (directory / PLAN).is_file()]
    return len(there) > 1 and interleaved([records_of(only_run(directory)) for directory in there])


def hosts_beside(directory: Path, margin: float = MARGIN) -> ComparisonReport:
    """Compare the hosts whose runs lie in a directory.

    Raises:
        UsageError: there is only one, or they can't be compared.

    """
    found = find_runs(directory)
    if len(found) < 2:
        raise UsageError(f"{directory} holds one host's run: a comparison of hosts takes two or more below it.")
    return _beside(found, "hosts", margin)


def _beside(found: Sequence[RunDirectory], kind: Kind, margin: float) -> ComparisonReport:
    return compare_beside([each.path for each in found], [read(each) for each in found], kind, margin)


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
