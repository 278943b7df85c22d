"""Which box is faster?

Compares the runs of one plan on several hosts with the first; boxes that share a machine are interleaved.
"""

from bench.plan.options import DETAIL, MARGIN_OPTION
from bench.questions.compare import commands_of, comparisons, runs_below
from bench.questions.question import BOXES, Answer, Given, Question
from bench.stats.compare import MARGIN
from bench.targets.target import Results


def answer(results: Results, given: Given) -> Answer:
    """Compare hosts with the first."""
    directory = results.directories[0]
    reports = [runs_below(directory, "host", given.get("margin") or MARGIN)]
    return comparisons(reports, given, commands=commands_of("compare-hosts", reports, directory, given))


QUESTION = Question(
    answer=answer,
    options=(MARGIN_OPTION, DETAIL),
    directories_help="the hosts' runs of one plan, a directory each",
    measured=(BOXES,),
    unasked=("ceiling",),
    compares_hosts=True,
)
