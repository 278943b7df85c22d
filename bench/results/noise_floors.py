"""What is known of boxes' noise, in files beside their runs: ``results/noise/<host>.json``.

What it means is ``analysis.noise``'s work.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from bench.analysis.compare import compare_arms
from bench.analysis.comparison import Across, CellNoise, ComparisonReport
from bench.analysis.noise import BoxNoise, cell_noise, changed, floor_of
from bench.analysis.notes import by_name
from bench.analysis.pulled import PulledRun, RunOutcomes
from bench.analysis.sides import compare_runs, names_of
from bench.model.codec import from_json
from bench.model.errors import HostError, NothingDoneError
from bench.model.fingerprint import Fingerprint
from bench.model.language import tr
from bench.model.plan import Trial
from bench.plan.contrast import VARIANT, factor_of
from bench.plan.rates import headline, rate_name
from bench.plan.rule import usual_margin

NOISE = "noise"
RESULTS = "results"
ABOVE = 3
"""Directories above a run that may hold ``noise``: results/<run>/<host> and results."""
FILE_NAME = re.compile(r"[^./\x00-\x1f][^/\x00-\x1f]*")
"""What a box may be called to have a file of its own."""


def compare_box(
    path: Path,
    runs: Sequence[RunOutcomes],
    margin: float | None,
    across: str | None = None,
    baseline: str | None = None,
) -> ComparisonReport:
    """Compare the arms of a box's runs, the first of them at ``path``, with the box's noise if it still is that box.

    Raises:
        NothingDoneError: as ``compare_arms``.

    """
    run = runs[0]
    known, notes = still_of(run.host, *noise_beside(path, run.box))
    within = margin or usual_margin(run.plan)
    rate = rate_name(headline(chain.from_iterable(run.records for run in runs)))
    factor = factor_of(run.plan, across)

    def noise(trial: Trial, blocks: int) -> CellNoise | None:
        # Across variants a cell has several: the floor of any of them is the box's.
        variant = None
        if factor != VARIANT:
            variant = trial.variant
        return cell_noise(floor_of(known, run.plan, trial, rate, variant), blocks, within)

    report = compare_arms(runs, noise, across=factor, baseline=baseline, margin=margin)
    return replace(report, notes=(*report.notes, *notes))


def compare_side_by_side(
    paths: Sequence[Path], runs: Sequence[PulledRun], across: Across, margin: float
) -> ComparisonReport:
    """Compare runs at these paths with the first of them, with the noise of each one's box if it still is that box.

    Raises:
        NothingDoneError: as ``compare_runs``.

    """
    noises, notes = [], {}
    for path, run, name in zip(paths, runs, names_of(runs, across), strict=True):
        noise, notes[name] = still_of(run.host, *noise_beside(path, run.box))
        noises.append(noise)
    report = compare_runs(runs, across, noises, margin=margin)
    return replace(report, notes=(*report.notes, *by_name(notes)))


def still_of(host: Fingerprint | None, known: BoxNoise | None, notes: list[str]) -> tuple[BoxNoise | None, list[str]]:
    """Return what is known of a box's noise if it still is that box, else the fact that is another since."""
    if known is None or host is None:
        return known, notes
    others = changed(known.host, host)
    if not others:
        return known, notes
    return None, [*notes, outdated(known, others)]


def outdated(known: BoxNoise, others: Sequence[str]) -> str:
    """Say that noise was measured of a box of which these facts are others since."""
    changed_facts = others[0]
    if len(others) > 1:
        changed_facts = tr("{names}; and {count} more", names=others[0], count=len(others) - 1)
    return tr(
        "The noise of this box was measured {day}, and it is another since ({others}): measure it again (make noise).",
        day=known.host.taken[:10],
        others=changed_facts,
    )


def noise_beside(path: Path, host: str | None = None) -> tuple[BoxNoise | None, list[str]]:
    """Return what is known of a box's noise in a directory above its run's; the box is this one, or named.

    What can't be read is a note: no comparison fails for it.
    """
    for place in path.resolve().parents[:ABOVE]:
        noise, notes = noise_in(place, host or os.uname().nodename)
        if noise or notes:
            return noise, notes
    return None, []


def noise_in(results: Path, host: str) -> tuple[BoxNoise | None, list[str]]:
    """Return what is known of a box's noise, or why that is unknown; ``results`` is what holds the runs."""
    try:
        path = noise_file(results, host)
        if not path.exists():
            return None, []
        return from_json(path.read_bytes(), BoxNoise, str(path)), []
    except (NothingDoneError, OSError) as error:
        # A comparison is worth having without it: what could not be read becomes a note.
        note = tr(
            "{why}: the noise of this box is not shown. Measure it again: make noise.", why=str(error).rstrip(".")
        )
        return None, [note]


def results_of(run: RunOutcomes, path: Path) -> Path:
    """Return where the noise of a run's box is kept: in results of results/<run>/<host>, else beside the run."""
    beside = path.resolve().parent
    # Of the root directory the parent is the root again.
    if beside.name == run.plan.run or beside.parent.name == RESULTS:
        return beside.parent
    return beside


def noise_file(results: Path, host: str) -> Path:
    """Return where a box's noise is kept.

    Raises:
        HostError: the box is called something that is no file's name.

    """
    if not FILE_NAME.fullmatch(host):
        raise HostError(tr("A box called {host!r} can't have a file of that name for its noise.", host=host[:80]))
    return results / NOISE / f"{host}.json"
