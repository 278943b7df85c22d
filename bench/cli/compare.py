"""``pgladder compare`` and ``compare-hosts``: arguments and exit codes; the rest is ``bench.questions.compare``'s."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.analysis.comparison import OF_RUNS, ComparisonReport
from bench.model.errors import UsageError
from bench.model.plain import print_json
from bench.questions.compare import compared, runs_below, set_beside, void_or_partial
from bench.report.comparison import show_comparison
from bench.report.terminal import console
from bench.results.read import only_run
from bench.stats.compare import MARGIN

DONE, DOUBTFUL = 0, 1


def compare(options: argparse.Namespace) -> int:
    """Compare the arms of a run, or several runs with the first."""
    directories, across, margin = options.directories, options.across, options.margin
    if options.baseline and (len(directories) > 1 or across in OF_RUNS):
        raise UsageError("--baseline names an arm of one run; whole runs are compared with the first that is named.")
    if len(directories) == 1:
        if options.page:
            raise UsageError(f"The page of one run has its comparison: pgladder report {directories[0]}.")
        if across in OF_RUNS:
            reports = [runs_below(directories[0], across, margin or MARGIN)]
        else:
            reports = compared(directories[0], margin, across, options.baseline)
        return show(reports, json=options.json)
    if across is not None and across not in OF_RUNS:
        raise UsageError(
            f"--across {across} compares the trials of one run: name one directory, not {len(directories)}."
        )
    report = set_beside(directories, across or "run", margin or MARGIN)
    code = show([report], json=options.json)
    if options.page:
        from bench.questions.page import write_page_of  # only who wants a page waits for what draws it

        write_page_of([only_run(each) for each in options.directories], report, options.page)
        console(stderr=options.json).print(f"Page: {options.page}", soft_wrap=True)
    return code


def compare_hosts(options: argparse.Namespace) -> int:
    """Compare hosts with the first."""
    return show([runs_below(options.directory, "host", options.margin or MARGIN)], json=options.json)


def show(reports: Sequence[ComparisonReport], *, json: bool) -> int:
    """Print comparisons, for people or for programs; return the exit code."""
    if json:
        print_json(reports if len(reports) > 1 else reports[0])
    else:
        out = console()
        for report in reports:
            if len(reports) > 1:
                out.print(f"Host {', '.join(report.hosts) or 'unknown'}:", style="bold")
            show_comparison(out, report)
    return DOUBTFUL if void_or_partial(reports) else DONE


def add_compare(parser: argparse.ArgumentParser, margin: Callable[[str], object]) -> None:
    """Add the arguments of ``compare``."""
    parser.set_defaults(action=compare)
    parser.add_argument(
        "directories",
        nargs="+",
        type=Path,
        metavar="DIR",
        help="one: the arms of the runs in it, paired by block; several: runs against the first of them",
    )
    parser.add_argument(
        "--across",
        metavar="FACTOR",
        help="what is compared: variant, layout, transport, phase, driver or a parameter (batch, in_flight, ...) of one"
        " run's trials; run, host, version or engine of whole runs (the variants, or what alone varies; of several DIR:"
        " run)",
    )
    parser.add_argument("--baseline", metavar="NAME", help="the arm that the others of one run are compared with")
    parser.add_argument("--page", type=Path, metavar="FILE", help="of several runs: write the page as well")
    _add_common(parser, margin)


def add_compare_hosts(parser: argparse.ArgumentParser, margin: Callable[[str], object]) -> None:
    """Add the arguments of ``compare-hosts``."""
    parser.set_defaults(action=compare_hosts)
    parser.add_argument("directory", type=Path, metavar="DIR", help="the hosts' runs of one plan, a directory each")
    _add_common(parser, margin)


def _add_common(parser: argparse.ArgumentParser, margin: Callable[[str], object]) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--margin", type=margin, metavar="M", help=f"relative difference that does not matter ({MARGIN})"
    )
