"""What stands in the way, proved by taking it away?

Measures each rung again without each thing that may limit it, in the same blocks: a limit is what the rung is faster
without, as was predicted or not.
"""

from dataclasses import replace

from rich.console import Console

from bench.analysis.explain import MARGIN, explain
from bench.analysis.explanation import Explained
from bench.analysis.pulled import PulledRun
from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.plan import Plan
from bench.plan.options import MARGIN_OPTION, WHAT, Option
from bench.questions.question import BOXES, HERE, Answer, Given, Question, runs_in
from bench.report.explain import show_explained
from bench.results.read import read
from bench.store.run_directory import RunDirectory
from bench.targets.target import Results

BLOCKS = 9
"""The first to predict from, eight to compare in."""


def answer(results: Results, given: Given) -> Answer:
    """Return what stands in the way of each rung, a run after the other."""
    # Late: what is measured is known without it.
    from bench.targets.next_step import longer_if_rough

    found = []
    for directory in runs_in(results):
        check(directory.plan(), given)
        run = read(directory)
        explanation = explained(directory, run, given.get("margin") or MARGIN)
        found.append(replace(explanation, next=longer_if_rough("explain", explanation.trust, run, directory, given)))

    def show(out: Console) -> None:
        for each in found:
            show_explained(out, each)

    return Answer(data=found if found[1:] else found[0], show=show, sound=all(each.complete for each in found))


def explained(directory: RunDirectory, run: PulledRun, margin: float = MARGIN) -> Explained:
    """Return what stands in the way of each rung of a run with experiments."""
    return explain(run, directory.plan(), directory.suspects(), margin)


def has_experiments(plan: Plan) -> bool:
    """Return whether a plan takes constraints away."""
    return any(trial.without for trial in plan.trials)


def check(plan: Plan, _: Given) -> None:
    """Refuse a plan without experiments.

    Raises:
        UsageError: says how to have some.

    """
    if not has_experiments(plan):
        raise UsageError(
            tr(
                "Run {run} has no experiments, and what its trials show stands below its ladder: name no plan"
                " and no run, and one with experiments is made.",
                run=plan.run,
            )
        )


QUESTION = Question(
    answer=answer,
    options=(
        MARGIN_OPTION,
        Option("constraints", WHAT, "what is taken away; default: each that can be", metavar="NAME"),
    ),
    directories="[DIR]",
    directories_help="such a run that was pulled; without it, one is made here",
    measured=(HERE, BOXES),
    explains=True,
    usual={"blocks": BLOCKS},
    unasked=("until_decided", "max_blocks", "versions", "ceiling", "repeat_suspect"),
    check=check,
)
