"""What does the page of a run say? Written again from its files.

One HTML file of the runs, or of several hosts' side by side.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench import __version__
from bench.analysis import explain
from bench.analysis.comparison import ComparisonReport
from bench.analysis.curves import Sweep
from bench.analysis.explanation import Explained
from bench.analysis.ladder import LadderReport
from bench.analysis.noise import box_noise, is_aa
from bench.analysis.pulled import PulledRun
from bench.analysis.slo import Slo, slo
from bench.analysis.sweep import sweep
from bench.model.errors import HostError, NothingDoneError, UsageError
from bench.model.language import tr
from bench.model.plan import Plan
from bench.plan.contrast import PHASE, VARIANT, differs_alone, names_of_variants, varying
from bench.plan.options import ANSWER, Option
from bench.plan.sweep import is_sweep
from bench.questions.explain import explained, has_experiments
from bench.questions.question import Answer, Given, Question
from bench.report.noise import answer_of
from bench.results.noise_floors import compare_box, compare_side_by_side
from bench.results.read import doubtful, ladder_of, read
from bench.stats.compare import MARGIN
from bench.store.files import write_whole
from bench.store.run_directory import REPORT, RunDirectory, find_runs
from bench.targets.next_step import with_next
from bench.targets.target import Results


def answer(results: Results, given: Given) -> Answer:
    """Write the page; say where it is."""
    page, reports = write_page(results.directories[0], given.get("out"), given)

    def show(out: Console) -> None:
        out.print(tr("Page: {page}", page=page), soft_wrap=True)

    return Answer(data={"page": str(page)}, show=show, sound=not doubtful(reports))


def write_page(directory: Path, out: Path | None, given: Given) -> tuple[Path, Sequence[LadderReport]]:
    """Write the page of the run, or of the hosts' runs, below a directory; return where it is and what it tells.

    ``given`` are the options that were typed: ``margin`` is that of its comparisons, else the plan's, or the usual one.

    Raises:
        UsageError: there is no run.
        DataError: a file of it is not what was recorded.
        HostError: the page can't be written.

    """
    found, margin = find_runs(directory), given.get("margin")
    runs = list(map(read, found))
    reports = [with_next(ladder_of(run), each, given) for each, run in zip(found, runs, strict=True)]
    comparisons, refusals = _comparisons([each.path for each in found], runs, margin)
    explanations = []
    for each, run in zip(found, runs, strict=True):
        if has_experiments(each.plan()):
            explanations.append((explained(each, run, margin or explain.MARGIN), run))
    sweeps = [(sweep(run, margin), run.box) for run in runs if is_sweep(run.plan)]
    searches = [(slo(run), run.box) for run in runs if run.plan.promise]
    noises = [(_noise(run, margin or MARGIN), run.box) for run in runs if is_aa(run.plan)]
    page = out or directory / REPORT
    _write(page, runs, reports, comparisons, refusals, explanations, sweeps, searches, noises)
    return page, reports


def write_page_of(directories: Sequence[RunDirectory], report: ComparisonReport, page: Path) -> None:
    """Write the page of runs that were set beside each other; raises as ``write_page``."""
    runs = list(map(read, directories))
    _write(page, runs, list(map(ladder_of, runs)), [report])


def _write(
    page: Path,
    runs: Sequence[PulledRun],
    reports: Sequence[LadderReport],
    comparisons: Sequence[ComparisonReport],
    refusals: Sequence[str] = (),
    explanations: Sequence[tuple[Explained, PulledRun]] = (),
    sweeps: Sequence[tuple[Sweep, str]] = (),
    searches: Sequence[tuple[Slo, str]] = (),
    noises: Sequence[tuple[str, str]] = (),
) -> None:
    """Write a page."""
    # Loaded here: most comparisons write no page, and what it is made of takes a while.
    from bench.report.page import build_page
    from bench.report.page.assets import assets

    html = build_page(
        runs, reports, assets(), __version__, comparisons, refusals, explanations, sweeps, searches, noises
    )
    if page.is_dir():
        raise UsageError(
            tr(
                "{page} is a directory, and the page is a file: name one in it, as {example}.",
                page=page,
                example=page / REPORT,
            )
        )
    try:
        write_whole(page, html.encode())
    except OSError as error:
        why = error.strerror or error
        raise HostError(
            tr("{page} can't be written ({why}): name another place for the page.", page=page, why=why)
        ) from error


def _noise(run: PulledRun, margin: float) -> str:
    """Return what an A/A run tells of its box, or why nothing."""
    try:
        return answer_of(box_noise(run, margin=margin))
    except UsageError as error:
        return str(error)


def _compared(plan: Plan) -> list[str]:
    """Return the factors by which a run's arms are compared on its page; its phases are the ladder."""
    if plan.promise:
        return []
    if plan.until_decided:
        return [plan.until_decided.across]
    # What is swept has a section of its own, with every point against the others.
    if is_sweep(plan):
        return []
    others = [factor for factor in varying(plan) if factor not in (VARIANT, PHASE)]
    # What varies with another, as of parameters that are changed at once, is compared across neither.
    others = [factor for factor in others if differs_alone(plan, factor)]
    if len(names_of_variants(plan)) > 1:
        return [VARIANT, *others]
    return others


def _comparisons(
    paths: Sequence[Path], runs: Sequence[PulledRun], margin: float | None
) -> tuple[list[ComparisonReport], list[str]]:
    """Compare the variants of each run, and the hosts; return also why some can't be compared."""
    found = [
        compare_box(path, [run], margin, factor)
        for path, run in zip(paths, runs, strict=True)
        for factor in _compared(run.plan)
    ]
    if len(runs) < 2:
        return found, []
    try:
        return [*found, compare_side_by_side(paths, runs, "host", margin or MARGIN)], []
    except NothingDoneError as error:
        return found, [str(error)]


QUESTION = Question(
    answer=answer,
    options_of_results=(Option("out", ANSWER, f"the page (DIR/{REPORT})", Path, "FILE"),),
)
