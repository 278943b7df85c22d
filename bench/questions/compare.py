"""Which variant, layout or run is faster?

Compares the arms of a run, paired by block, or whole runs with the first of them.
"""

# How other questions compare is here too: which runs lie there, read as far as is needed, the box's noise beside them.
import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.analysis.comparison import OF_RUNS, Across, CellComparison, ComparisonReport
from bench.analysis.pulled import RunOutcomes
from bench.model.errors import UsageError
from bench.model.language import later, tr
from bench.model.plan import Plan
from bench.plan.contrast import factor_of, tried_factors, varying
from bench.plan.options import ANSWER, DETAIL, MARGIN_OPTION, Option
from bench.questions.question import BOXES, HERE, Answer, Given, Question
from bench.report.comparison import show_comparison
from bench.results.noise_floors import compare_box, compare_side_by_side
from bench.results.read import only_run, outcomes_of, read
from bench.stats.compare import MARGIN
from bench.store.run_directory import RunDirectory, find_all_runs, find_runs
from bench.targets.target import Results


def answer(results: Results, given: Given) -> Answer:
    """Compare the arms of a run, or several runs with the first."""
    directories = results.directories
    margin, baseline, page = given.get("margin"), given.get("baseline"), given.get("page")
    across: Any = given.get("across")
    if baseline and (len(directories) > 1 or (across in OF_RUNS and not _varies(directories[0], across))):
        raise UsageError(tr("--baseline names a candidate of one run; whole runs are compared with the first of them."))
    if len(directories) == 1:
        if page:
            raise UsageError(tr("The page of one run has its comparison: pgladder report {run}.", run=directories[0]))
        return _of_one(directories[0], given)
    if across is not None and across not in OF_RUNS:
        raise UsageError(
            tr(
                "--across {across} compares the trials of one run: name one directory, not {count}.",
                across=across,
                count=len(directories),
            )
        )
    report = side_by_side(directories, across or "run", margin or MARGIN)
    if not page:
        return comparisons([report], given)
    # Only who wants a page waits for what draws it.
    from bench.questions.report import write_page_of

    write_page_of(list(map(only_run, directories)), report, page)
    return comparisons([report], given, notes=[tr("Page: {page}", page=page)])


def _of_one(directory: Path, given: Given) -> Answer:
    """Compare the arms of the runs in one directory, or the runs."""
    margin = given.get("margin")
    across: Any = given.get("across")
    if across in OF_RUNS and not _varies(directory, across):
        return comparisons([runs_below(directory, across, margin or MARGIN)], given)
    reports = compared(directory, margin, across, given.get("baseline"))
    return comparisons(reports, given, commands=commands_of("compare", reports, directory, given))


def _varies(directory: Path, across: str) -> bool:
    """Return whether the first run below a directory varies a factor by which whole runs may differ, too."""
    return across in varying(find_all_runs(directory)[0].plan().as_asked())


def comparisons(
    reports: Sequence[ComparisonReport],
    given: Given,
    *,
    commands: Sequence[str | None] = (),
    sound: bool = True,
    notes: Sequence[str] = (),
) -> Answer:
    """Return comparisons as an answer, each under its host where they are several.

    Args:
        reports: the comparisons.
        given: the options that were typed.
        commands: of each, what measures longer; none: nothing does.
        sound: what else decides it is.
        notes: what is said after them.

    """
    detail = "detail" in given

    def show(out: Console) -> None:
        for report, command in zip_longest(reports, commands):
            if len(reports) > 1:
                out.print(tr("Host {name}:", name=", ".join(report.hosts) or tr("unknown")), style="bold")
            show_comparison(out, report, detail=detail, command=command)

    return Answer(
        data=reports if len(reports) > 1 else reports[0],
        show=show,
        sound=sound and not void_or_partial(reports),
        notes=notes,
    )


def commands_of(question: str, reports: Sequence[ComparisonReport], directory: Path, given: Given) -> list[str | None]:
    """Return what measures longer what each of these comparisons of the runs below a directory leaves open."""
    if not any(report.longer for report in reports):
        return []
    # Loaded here: most of it is what makes plans.
    from bench.targets.longer import longer_command

    found = find_all_runs(directory)
    commands = []
    for report in reports:
        # Of one plan all hosts' runs have the same words: the first host's own, where it has one, says where it is.
        own = [run for run in found if run.path.name in report.hosts]
        commands.append(longer_command(question, report, (own or found)[0], given))
    return commands


def check(plan: Plan, given: Given) -> None:
    """Refuse a plan in which nothing is compared.

    Raises:
        UsageError: says what would do.

    """
    across = given.get("across")
    if across in OF_RUNS and across not in varying(plan):
        raise UsageError(
            tr("--across {across} compares whole runs, and this is one: compare runs that were pulled.", across=across)
        )
    if across is None and not tried_factors(plan):
        raise UsageError(tr('A comparison takes two or more variants: VARIANTS="stock async-commit"; or two layouts.'))
    factor_of(plan, across)


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
    # Of several runs on one box the first says where they lie: the noise of the box is beside them.
    paths: dict[str, Path] = {}
    runs: dict[str, list[RunOutcomes]] = {}
    with _uncollected():
        for found in find_all_runs(directory):
            run = outcomes_of(found)
            paths.setdefault(run.box, found.path)
            runs.setdefault(run.box, []).append(run)
        return [compare_box(paths[box], runs[box], margin, across, baseline) for box in sorted(runs)]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the collector not look at a hundred thousand records again and again while more are made: all are needed."""
    gc.disable()
    try:
        yield
    finally:
        # Nor in later collections.
        gc.freeze()
        gc.enable()


def side_by_side(directories: Sequence[Path], across: Across, margin: float = MARGIN) -> ComparisonReport:
    """Compare runs, or hosts' runs, with the first of them.

    Raises:
        UsageError: a directory holds no run or several, or they can't be compared.

    """
    return _beside(list(map(only_run, directories)), across, margin)


def runs_below(directory: Path, across: Across, margin: float = MARGIN) -> ComparisonReport:
    """Compare the runs that lie below a directory with the first of them.

    Raises:
        UsageError: there is only one, or they can't be compared.

    """
    found, one = find_all_runs(directory), tr("run")
    if across == "host":
        found, one = find_runs(directory), tr("host's run")
    if len(found) < 2:
        raise UsageError(
            tr(
                "{directory} holds one {one}: a comparison of {across}s takes two or more below it.",
                directory=directory,
                one=one,
                across=across,
            )
        )
    return _beside(found, across, margin)


def _beside(found: Sequence[RunDirectory], across: Across, margin: float) -> ComparisonReport:
    return compare_side_by_side([each.path for each in found], list(map(read, found)), across, margin)


def void_or_partial(reports: Iterable[ComparisonReport]) -> bool:
    """Return whether a comparison rests on less than was planned, or says nothing of a pair."""
    for report in reports:
        if not report.complete:
            return True
        for cell in tried(report):
            if any(arm.void for arm in cell.arms) or any(pair.verdict is None for pair in cell.pairs):
                return True
    return False


def tried(report: ComparisonReport) -> Iterator[CellComparison]:
    """Yield the cells that were tried: not those of a variant that every one of several runs, or hosts, refused."""
    for cell in report.cells:
        if cell.variant is None or not all(arm.refused for arm in cell.arms):
            yield cell


NOT_EQUIVALENT = later("Not shown to be equivalent: see the verdicts above.")


def equivalent(report: ComparisonReport) -> bool:
    """Return whether every pair was shown to be equivalent, and there was one; a variant refused by all has none."""
    cells = list(tried(report))
    for cell in cells:
        if any(pair.verdict != "equivalent" for pair in cell.pairs):
            return False
    return bool(cells)


QUESTION = Question(
    answer=answer,
    options=(
        MARGIN_OPTION,
        DETAIL,
        Option(
            "across",
            ANSWER,
            "what is compared: variant, layout, transport, phase, driver or a parameter (batch, pool, ...) of one"
            " run's trials; run, host, version or engine of whole runs (the variants, or what alone varies; of several"
            " DIR: run)",
            str,
            "FACTOR",
        ),
        Option("baseline", ANSWER, "what the others of one run are compared with", str, "NAME"),
    ),
    options_of_results=(Option("page", ANSWER, "of several runs: write the page as well", Path, "FILE"),),
    directories="[DIR ...]",
    directories_help="one: the candidates of the runs in it, paired by block; several: runs against the first of them;"
    " none: what is measured here",
    measured=(HERE, BOXES),
    unasked=("ceiling",),
    check=check,
)
