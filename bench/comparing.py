"""Comparisons of pulled files: which runs lie there, read as far as is needed, and the box's noise beside them.

Joins ``journal``, ``analysis`` and ``offline`` for ``pgladder compare`` and what goes with it.
"""

import socket
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from bench.analysis.apart import Kind, compare_runs
from bench.analysis.compare import Noise, compare_arms
from bench.analysis.comparison import CellNoise, ComparisonReport
from bench.analysis.ladder import check_records
from bench.analysis.noise import BoxNoise, box_noise, cell_noise, changed, floor_of, joined
from bench.analysis.pulled import PulledRun
from bench.arms import Cell
from bench.files import write_whole
from bench.journal import RunDirectory, find_all_runs, find_runs
from bench.model import Plan, WrongUseError, from_json, to_json
from bench.offline import read
from bench.stats.compare import MARGIN

NOISE = "noise"
ABOVE = 3
"""Directories above a run that may hold ``noise``: results/<run>/<host> and results."""


def compared(directory: Path, margin: float | None = None) -> list[ComparisonReport]:
    """Compare the variants of the runs below a directory; one report a host, several runs of one count as one.

    Raises:
        WrongUseError: there is nothing to compare, or runs that do not belong together.

    """
    runs = [(found.path, records_of(found)) for found in find_all_runs(directory)]
    by_host = groupby(sorted(runs, key=lambda each: _host(each[1])), lambda each: _host(each[1]))
    return [_of_host(list(group), margin) for _, group in by_host]


def _of_host(found: Sequence[tuple[Path, PulledRun]], margin: float | None) -> ComparisonReport:
    runs = [run for _, run in found]
    rule = runs[0].plan.until_decided
    wanted = margin or (rule.margin if rule else MARGIN)
    return compare_arms(runs, noise_near(found[0][0], runs[0], wanted), margin=margin)


def _host(run: PulledRun) -> str:
    return run.host.host if run.host else ""


def set_beside(directories: Sequence[Path], kind: Kind, margin: float = MARGIN) -> ComparisonReport:
    """Compare runs, or hosts' runs, with the first of them.

    Raises:
        WrongUseError: a directory holds no run or several, or they can't be compared.

    """
    return compare_runs([_only(directory) for directory in directories], kind, margin=margin)


def hosts_beside(directory: Path, margin: float = MARGIN) -> ComparisonReport:
    """Compare the hosts whose runs lie in a directory.

    Raises:
        WrongUseError: there is only one, or they can't be compared.

    """
    found = find_runs(directory)
    if len(found) < 2:
        raise WrongUseError(f"{directory} holds one host's run: a comparison of hosts takes two or more below it.")
    return compare_runs([_read(each) for each in found], "hosts", margin=margin)


def _only(directory: Path) -> PulledRun:
    return _read(only_run(directory))


def only_run(directory: Path) -> RunDirectory:
    """Return the one run in a directory.

    Raises:
        WrongUseError: there is none, or several.

    """
    found = find_runs(directory)
    if len(found) > 1:
        raise WrongUseError(f"{directory} holds {len(found)} hosts' runs; name one: {found[0].path}.")
    return found[0]


def _read(directory: RunDirectory) -> PulledRun:
    run = read(directory)
    check_records(run.plan, run.records)
    return run


def records_of(directory: RunDirectory) -> PulledRun:
    """Return a run without its samples: they are most of its bytes, and no comparison within a run needs them."""
    sealed = directory.check_sums(samples=False)
    run = PulledRun(
        directory=directory.path.resolve().name,
        plan=directory.plan(),
        host=directory.host(),
        records=directory.records(),
        samples={},
        histograms={},
        sealed=sealed,
    )
    check_records(run.plan, run.records)
    return run


# --- noise -----------------------------------------------------------------------------------------------------------


def noise_near(path: Path, run: PulledRun, margin: float) -> Noise:
    """Return what is known of the noise of a run's box, if it still is the box it was."""
    known = noise_beside(path, _host(run))
    if known and run.host and changed(known.host, run.host):
        known = None

    def of(cell: Cell, blocks: int) -> CellNoise | None:
        return cell_noise(floor_of(known, run.plan, cell), blocks, margin)

    return of


def noise_beside(path: Path, host: str | None = None) -> BoxNoise | None:
    """Return what is known of a box's noise in a directory above its run's; the box is this one, or named."""
    places = list(path.resolve().parents)[:ABOVE]
    found = (noise_in(place, host or socket.gethostname()) for place in places)
    return next((noise for noise in found if noise), None)


def noise_in(results: Path, host: str) -> BoxNoise | None:
    """Return what is known of a box's noise; ``results`` is what holds the runs."""
    path = _noise_file(results, host)
    return from_json(path.read_bytes(), BoxNoise, str(path)) if path.is_file() else None


def keep_noise(directory: Path, margin: float = MARGIN) -> tuple[BoxNoise, Path]:
    """Add what an A/A run tells to what is known of its box; return what it tells, and where that is kept.

    It is kept beside the runs: in results/noise of a run in results/<run>/<host>.

    Raises:
        WrongUseError: it is no A/A run, or tells nothing.

    """
    found = only_run(directory)
    new = box_noise(records_of(found), margin=margin)
    results = found.path.resolve().parents[1]
    path = _noise_file(results, new.host.host)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, to_json(joined(noise_in(results, new.host.host), new)) + b"\n")
    return new, path


def _noise_file(results: Path, host: str) -> Path:
    return results / NOISE / f"{host or 'unknown'}.json"


def void_or_partial(reports: Iterable[ComparisonReport]) -> bool:
    """Tell whether a comparison rests on less than was planned."""
    return any(not report.complete or any(arm.void for cell in report.cells for arm in cell.arms) for report in reports)


# --- again -----------------------------------------------------------------------------------------------------------


def plan_again(directory: Path, run: str, now: str) -> Plan:
    """Return the plan of a run to be carried out again under another name; of one that was decided, what was run.

    Raises:
        WrongUseError: there is no run or several, or a file of it is not what was recorded.

    """
    pulled = records_of(only_run(directory))
    last = pulled.decided_after or max(trial.block for trial in pulled.plan.trials)
    trials = tuple(trial for trial in pulled.plan.trials if trial.block <= last)
    return replace(pulled.plan, run=run, created=now, trials=trials, until_decided=None)
