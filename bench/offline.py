"""What is done with pulled files: read and checked, told as ladders, shown as a page. No box is asked for anything.

Joins ``journal``, ``analysis`` and ``report`` for ``pgladder ladder`` and ``pgladder report``.
"""

from collections.abc import Sequence
from pathlib import Path

from bench import __version__
from bench.analysis.ladder import LadderReport, ladder_report
from bench.analysis.pulled import PulledRun
from bench.journal import REPORT, RunDirectory, find_runs


def read(directory: RunDirectory) -> PulledRun:
    """Return a run as it lies there.

    Raises:
        WrongUseError: a file was changed, cut, or is none of pgladder's; names it.

    """
    sealed = directory.check_sums()
    records = directory.records()
    keys = [(record.trial, record.attempt) for record in records]
    return PulledRun(
        directory=directory.path.resolve().name,
        plan=directory.plan(),
        host=directory.host(),
        records=records,
        samples={key: directory.samples(*key) for key in keys},
        histograms={key: directory.latencies(*key) for key in keys},
        begun=directory.cut_short(),
        sealed=sealed,
    )


def told(run: PulledRun) -> LadderReport:
    """Return what the records of a run say."""
    return ladder_report(run.plan, run.host, run.records, run.histograms, sealed=run.sealed)


def doubtful(reports: Sequence[LadderReport]) -> bool:
    """Return whether a result is void or a run has not come to its end."""
    void = any(rung.void for report in reports for ladder in report.ladders for rung in ladder.rungs)
    return void or any(not report.complete for report in reports)


def write_page(directory: Path, out: Path | None) -> tuple[Path, Sequence[LadderReport]]:
    """Write the page of the run, or of the hosts' runs, below a directory; return where it is and what it tells.

    Raises:
        WrongUseError: there is no run, or a file of it is not what was recorded.

    """
    from bench.report.page import build_page
    from bench.report.page.assets import assets

    runs = [read(found) for found in find_runs(directory)]
    reports = [told(run) for run in runs]
    page = out or directory / REPORT
    page.write_text(build_page(runs, reports, assets(), __version__), encoding="utf-8")
    return page, reports
