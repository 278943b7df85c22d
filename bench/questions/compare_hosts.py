"""Which box is faster?

Compares the runs of one plan on several hosts with the first; boxes that share a machine are interleaved.
"""

from dataclasses import replace

from rich.console import Console

from bench.analysis.worth import worths
from bench.plan.options import DETAIL, MARGIN_OPTION
from bench.questions.compare import commands_of, comparisons, runs_below
from bench.questions.question import BOXES, Answer, Given, Question
from bench.report.worth import show_worth
from bench.results.read import outcomes_of
from bench.stats.compare import MARGIN
from bench.store.run_directory import find_runs
from bench.targets.target import Results


def answer(results: Results, given: Given) -> Answer:
    """Compare hosts with the first."""
    directory = results.directories[0]
    report = runs_below(directory, "host", given.get("margin") or MARGIN)
    report = replace(report, worth=tuple(worths(list(map(outcomes_of, find_runs(directory))), report)))
    found = comparisons([report], given, commands=commands_of("compare-hosts", [report], directory, given))

    def show(out: Console) -> None:
        found.show(out)
        show_worth(out, report.worth)

    return replace(found, show=show)


QUESTION = Question(
    answer=answer,
    options=(MARGIN_OPTION, DETAIL),
    directories_help="the hosts' runs of one plan, a directory each",
    measured=(BOXES,),
    unasked=("ceiling",),
    compares_hosts=True,
)
