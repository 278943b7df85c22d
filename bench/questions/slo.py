"""What is the highest rate that keeps a promise?

Rows come at a rate, whatever the server does, and so large a share of them is to be stored within so long: --p99 50ms.
The answer is the highest rate that keeps this, confirmed by ten repeats of which at least nine keep it, and what
becomes of 1.2 times as much; of a rate that is asked for (--rate) also whether it is kept.
"""

from dataclasses import replace

from rich.console import Console

from bench.analysis.slo import Slo, promised, slo
from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.parse import milliseconds
from bench.model.plan import Plan
from bench.plan.options import WHAT, Option
from bench.questions.question import BOXES, HERE, Answer, Given, Question, runs_in
from bench.report.slo import show_slo
from bench.results.read import read
from bench.stats.histogram import SHARES
from bench.targets.target import Results

PHASES, PROFILE = ["2-D"], "standard"


def answer(results: Results, given: Given) -> Answer:
    """Return what each run tells."""
    # Late: what is measured is known without it.
    from bench.targets.next_step import longer_if_rough

    found = []
    for directory in runs_in(results):
        run = read(directory)
        answered = slo(run)
        found.append(replace(answered, next=longer_if_rough("slo", answered.trust, run, directory, given)))

    def show(out: Console) -> None:
        for number, each in enumerate(found):
            if number:
                out.print()
            show_slo(out, each)

    return Answer(data=found if found[1:] else found[0], show=show, sound=all(map(sound, found)))


def sound(found: Slo) -> bool:
    """Return whether a search came to its end, and the rate that was asked for keeps the promise."""
    if not found.complete or any(each.refused for each in found.answers):
        return False
    return found.rate is None or all(each.highest and each.highest.rate >= found.rate for each in found.answers)


def check(plan: Plan, given: Given) -> None:
    """Refuse a plan that promises nothing.

    Raises:
        UsageError: says how to have one.

    """
    if plan.promise is None and not given.keys() & {"plan", "resume"}:
        raise UsageError(tr("Say what is promised: --p99 50ms (make: P99=50ms); or --p50, --p90, --p999."))
    promised(plan)


QUESTION = Question(
    answer=answer,
    options=tuple(
        Option(name, WHAT, f"the promise: {100 * share:g} % of rows are stored within this", milliseconds, "TIME")
        for name, share in SHARES.items()
    ),
    directories="[DIR]",
    directories_help="such a run that was pulled; without it, one is made here",
    measured=(HERE, BOXES),
    usual={"phases": PHASES, "profile": PROFILE},
    unasked=(
        *("blocks", "until_decided", "max_blocks", "margin", "repeat_suspect"),
        *("ceiling", "versions", "load", "latency_limit", "surge"),
    ),
    check=check,
)
