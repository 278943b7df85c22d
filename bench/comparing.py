"""Comparisons of pulled files: which runs lie there, read as far as is needed, and the box's noise beside them.

Joins ``journal``, ``analysis`` and ``offline`` for ``pgladder compare`` and what goes with it.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from bench.analysis.apart import Kind
from bench.analysis.comparison import CellComparison, ComparisonReport
from bench.analysis.interleaved import interleaved
from bench.analysis.noise import BoxNoise, alarming, box_noise, joined
from bench.analysis.pulled import PulledRun, extent_notes
from bench.arms import by_cell, headline, rates, shared, why_not
from bench.files import write_whole
from bench.journal import PLAN, RunDirectory, find_all_runs, find_runs
from bench.model import Plan, WrongUseError, to_json
from bench.noise import compare_beside, compare_box, noise_file, noise_in, results_of
from bench.offline import read, records_of
from bench.stats.compare import MARGIN


def compared(directory: Path, margin: float | None = None) -> list[ComparisonReport]:
    """Compare the variants of the runs below a directory; one report a host, several runs of one count as one.

    Raises:
        WrongUseError: there is nothing to compare, or runs that do not belong together.

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
        WrongUseError: a directory holds no run or several, or they can't be compared.

    """
    return _beside([only_run(directory) for directory in directories], kind, margin)


def took_turns(directories: Iterable[Path]) -> bool:
    """Tell whether hosts' runs of one machine were measured in turns; where no run was pulled, none is looked at."""
    there = [directory for directory in directories if (directory / PLAN).is_file()]
    return len(there) > 1 and interleaved([records_of(only_run(directory)) for directory in there])


def hosts_beside(directory: Path, margin: float = MARGIN) -> ComparisonReport:
    """Compare the hosts whose runs lie in a directory.

    Raises:
        WrongUseError: there is only one, or they can't be compared.

    """
    found = find_runs(directory)
    if len(found) < 2:
        raise WrongUseError(f"{directory} holds one host's run: a comparison of hosts takes two or more below it.")
    return _beside(found, "hosts", margin)


def _beside(found: Sequence[RunDirectory], kind: Kind, margin: float) -> ComparisonReport:
    return compare_beside([each.path for each in found], [read(each) for each in found], kind, margin)


def only_run(directory: Path) -> RunDirectory:
    """Return the one run in a directory.

    Raises:
        WrongUseError: there is none, or several.

    """
    found = find_runs(directory)
    if len(found) > 1:
        raise WrongUseError(f"{directory} holds {len(found)} hosts' runs; name one: {found[0].path}.")
    return found[0]


# --- noise -----------------------------------------------------------------------------------------------------------


MOST_NAMED = 3
UNREADABLE = ".unreadable"
"""Ends the name of a noise file that could not be read, and is kept aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptNoise:
    """What an A/A run tells of its box, what is doubtful of it, and the sentence that says where it is kept."""

    noise: BoxNoise
    doubts: list[str]
    where: str

    @property
    def sound(self) -> bool:
        """The run came to its end, all its blocks count, and no arm was called different from itself."""
        return not self.doubts and not alarming(self.noise)


def keep_noise(directory: Path, margin: float = MARGIN) -> KeptNoise:
    """Add what an A/A run tells to what is known of its box, beside the runs. What can't be read there is set aside.

    Raises:
        WrongUseError: it is no A/A run, tells nothing, or its box has a name that is no file's.

    """
    found = only_run(directory)
    run = records_of(found)
    new = box_noise(run, margin=margin)
    results = results_of(run, found.path)
    path = noise_file(results, new.host.host)
    path.parent.mkdir(parents=True, exist_ok=True)
    known, unreadable = noise_in(results, new.host.host)
    where = f"Kept: {path}"
    if unreadable:
        aside = path.replace(path.with_name(path.name + UNREADABLE))
        where += f"; what was there could not be read, and is {aside.name} now"
    write_whole(path, to_json(joined(known, new)) + b"\n")
    return KeptNoise(noise=new, doubts=doubts(run), where=where)


def doubts(run: PulledRun) -> list[str]:
    """Say what of an A/A run is missing, or does not count: its floors rest on less than was planned."""
    planned, rate = len({trial.block for trial in run.plan.trials}), headline(run.records)
    notes = extent_notes(run)
    for cell, arms in by_cell(run.plan, run.records).items():
        counts = len(shared(*(rates(blocks, rate) for blocks in arms.values()))[0])
        if counts < planned:
            lost = [why_not(each, rate) for blocks in arms.values() for each in blocks.values() if rate(each) is None]
            more = f"; and {len(lost) - MOST_NAMED} more" if lost[MOST_NAMED:] else ""
            notes.append(
                f"{cell.phase} {cell.layout} {cell.transport}: the floor rests on {counts} of {planned} blocks"
                f"{': ' if lost else ''}{'; '.join(lost[:MOST_NAMED])}{more}."
            )
    return notes


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


# --- again -----------------------------------------------------------------------------------------------------------


def plan_again(directory: Path, run: str, now: str) -> Plan:
    """Return the plan of a run to be carried out again under another name; of one that was decided, what was run.

    Raises:
        WrongUseError: there is no run or several, a file of it is not what was recorded, or one block can't answer.

    """
    pulled = records_of(only_run(directory))
    last = pulled.decided_after or max(trial.block for trial in pulled.plan.trials)
    if last == 1:
        raise WrongUseError(
            f"Run {pulled.plan.run} has one block: it has no spread, so nothing could be shown to be equivalent."
            " Reproduce a run of three or more: pgladder run --blocks 3."
        )
    trials = tuple(trial for trial in pulled.plan.trials if trial.block <= last)
    return replace(pulled.plan, run=run, created=now, trials=trials, until_decided=None)
