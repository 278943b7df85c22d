"""What is done with pulled files: read and checked, told as ladders, shown as a page. No box is asked for anything.

Joins ``journal``, ``analysis`` and ``report`` for ``pgladder ladder`` and ``pgladder report``.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import __version__
from bench.analysis.belongs import check_durability, check_records
from bench.analysis.comparison import ComparisonReport
from bench.analysis.judged import check_doubts
from bench.analysis.ladder import LadderReport, ladder_report
from bench.analysis.pulled import PulledRun, ending_notes
from bench.analysis.resealed import check_samples
from bench.files import write_whole
from bench.journal import REPORT, TRIALS, RunDirectory, find_runs
from bench.model import Fingerprint, Plan, WrongUseError
from bench.noise import compare_beside, compare_box
from bench.stats.compare import MARGIN


def read(directory: RunDirectory) -> PulledRun:
    """Return a run as it lies there.

    Raises:
        WrongUseError: a file was changed, cut, or is none of pgladder's; names it.

    """
    if not directory.with_samples():
        return replace(records_of(directory), with_samples=False)
    run = _run(directory, sealed=directory.check_sums())
    keys = [(record.trial, record.attempt) for record in run.records]
    samples = {key: directory.samples(*key) for key in keys}
    histograms = {key: directory.latencies(*key, each) for key, each in samples.items()}
    for key, record in zip(keys, run.records, strict=True):
        check_samples(record, samples[key], histograms[key], str(directory.path / TRIALS))
    return replace(
        run,
        samples=samples,
        histograms=histograms,
        begun=directory.cut_short(),
    )


def records_of(directory: RunDirectory) -> PulledRun:
    """Return a run without its samples: they are most of its bytes, and no comparison within a run needs them."""
    return _run(directory, sealed=directory.check_sums(samples=False))


def _run(directory: RunDirectory, *, sealed: bool) -> PulledRun:
    plan, records, path = directory.plan(), directory.records(), directory.path.resolve()
    host, trials = directory.host(), str(directory.path / TRIALS)
    check_records(plan, records, trials)
    check_durability(plan, host, records, trials)
    check_doubts(named := _named(host, path, plan), records, trials)
    return PulledRun(
        directory=path.name,
        plan=plan,
        host=named,
        records=records,
        samples={},
        histograms={},
        sealed=sealed,
        cancelled=directory.cancelled(),
    )


def _named(found: Fingerprint | None, path: Path, plan: Plan) -> Fingerprint | None:
    """Return the fingerprint, under the inventory's name for the box in results/<run>/<host>: hostnames repeat."""
    return replace(found, host=path.name) if found and path.parent.name == plan.run else found


def told(run: PulledRun) -> LadderReport:
    """Return what the records of a run say, and how it ended."""
    report = ladder_report(run)
    return replace(report, notes=(*report.notes, *ending_notes(run)))


def doubtful(reports: Sequence[LadderReport]) -> bool:
    """Return whether a result is void, a run has not come to its end, or nothing tells whether it was changed."""
    void = any(rung.void for report in reports for ladder in report.ladders for rung in ladder.rungs)
    return void or any(not report.complete for report in reports)


def write_page(directory: Path, out: Path | None, margin: float | None = None) -> tuple[Path, Sequence[LadderReport]]:
    """Write the page of the run, or of the hosts' runs, below a directory; return where it is and what it tells.

    ``margin`` is that of its comparisons; None for the plan's, or the usual one.

    Raises:
        WrongUseError: there is no run, or a file of it is not what was recorded.

    """
    from bench.report.page import build_page
    from bench.report.page.assets import assets

    found = find_runs(directory)
    runs = [read(each) for each in found]
    reports = [told(run) for run in runs]
    comparisons, refusals = _comparisons([each.path for each in found], runs, margin)
    page = out or directory / REPORT
    html = build_page(runs, reports, assets(), __version__, comparisons, refusals)
    _write(page, html)
    return page, reports


def write_page_of(directories: Sequence[RunDirectory], report: ComparisonReport, page: Path) -> None:
    """Write the page of runs that were set beside each other; raises as ``write_page``."""
    from bench.report.page import build_page
    from bench.report.page.assets import assets

    runs = [read(each) for each in directories]
    html = build_page(runs, [told(run) for run in runs], assets(), __version__, [report])
    _write(page, html)


def _write(page: Path, html: str) -> None:
    if page.is_dir():
        raise WrongUseError(f"{page} is a directory, and the page is a file: name one in it, as {page / REPORT}.")
    try:
        write_whole(page, html.encode())
    except OSError as error:
        why = error.strerror or error
        raise WrongUseError(f"{page} can't be written ({why}): name another place for the page.") from error


def _comparisons(
    paths: Sequence[Path], runs: Sequence[PulledRun], margin: float | None
) -> tuple[list[ComparisonReport], list[str]]:
    """Compare the variants of each run, and the hosts; return also why some can't be compared."""
    found = [
        compare_box(path, [run], margin) for path, run in zip(paths, runs, strict=True) if len(run.plan.variants) > 1
    ]
    if len(runs) < 2:
        return found, []
    try:
        return [*found, compare_beside(paths, runs, "hosts", margin or MARGIN)], []
    except WrongUseError as error:
        return found, [str(error)]
