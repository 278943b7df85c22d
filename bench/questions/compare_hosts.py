"""Which box is faster?

Compares the runs of one plan on several hosts with the first; boxes that share a machine are interleaved.
"""

from bench.plan.options import MARGIN_OPTION
from bench.questions.compare import comparisons, runs_below
from bench.questions.question import BOXES, Answer, Given, Question
from bench.stats.compare import MARGIN
from bench.targets.target import Results


def answer(results: Results, given: Given) -> Answer:
    """Compare hosts with the first."""
    return comparisons([runs_below(results.directories[0], "host", given.get("margin") or MARGIN)])


QUESTION = Question(
    answer=answer,
    options=(MARGIN_OPTION,),
    directories_help="the hosts' runs of one plan, a directory each",
    measured=(BOXES,),
    compares_hosts=True,
)
