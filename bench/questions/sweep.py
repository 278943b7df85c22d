"""From where on does more of it change nothing?

Tries several values of a parameter, or of two as a grid, in the same blocks: batch, pool, in_flight, processes, payload
and every other one. The answer is from where on more changes nothing, or how far the rate still rises; of rates, which
are kept up. Where the values are chosen (auto), points between those at the knee follow.
"""

from dataclasses import replace

from rich.console import Console

from bench.analysis.sweep import sweep
from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.plan import Plan
from bench.plan.options import MARGIN_OPTION, WHAT, Option
from bench.plan.sweep import swept
from bench.questions.question import BOXES, HERE, Answer, Given, Question, runs_in
from bench.report.sweep import show_sweep
from bench.results.read import read
from bench.targets.target import Results

BLOCKS = 6
WHAT_IT_SWEEPS = Option(
    "of",
    WHAT,
    "values of one parameter, or of two: batch=1,10,100 pool=4,16; auto chooses them, and refines around the knee",
    str,
    "NAME=VALUES",
)


def answer(results: Results, given: Given) -> Answer:
    """Return what each run tells."""
    # Late: what is measured is known without it.
    from bench.targets.next_step import longer_if_rough

    found = []
    for directory in runs_in(results):
        run = read(directory)
        answered = sweep(run, given.get("margin"))
        found.append(replace(answered, next=longer_if_rough("sweep", answered.trust, run, directory, given)))

    def show(out: Console) -> None:
        for each in found:
            show_sweep(out, each)

    return Answer(data=found if found[1:] else found[0], show=show, sound=all(each.complete for each in found))


def check(plan: Plan, given: Given) -> None:
    """Refuse a plan that sweeps nothing.

    Raises:
        UsageError: says how to have one.

    """
    if not given.get("of") and "plan" not in given and "resume" not in given:
        raise UsageError(tr("Say what to sweep: --of batch=1,10,100 (make: OF=…), or --of batch=auto."))
    swept(plan.as_asked())


QUESTION = Question(
    answer=answer,
    options=(MARGIN_OPTION, WHAT_IT_SWEEPS),
    directories="[DIR]",
    directories_help="such a run that was pulled; without it, one is made here",
    measured=(HERE, BOXES),
    usual={"blocks": BLOCKS},
    unasked=("until_decided", "max_blocks", "versions", "ceiling"),
    check=check,
)
