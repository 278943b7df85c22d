"""Is it the same again? A run's plan, carried out once more.

Tests whether both runs are equivalent; of a run that was decided early, what was run is repeated.
"""

from bench.model.language import tr
from bench.plan.options import DETAIL, MARGIN_OPTION
from bench.questions.compare import NOT_EQUIVALENT, comparisons, equivalent, side_by_side
from bench.questions.question import BOXES, HERE, Answer, Given, Question
from bench.stats.compare import MARGIN
from bench.targets.target import Results


def answer(results: Results, given: Given) -> Answer:
    """Compare each host's new run with the one that it repeats."""
    reports, notes = [], []
    for host, place in results.hosts.items():
        report = side_by_side([results.repeated[host], place], "run", given.get("margin") or MARGIN)
        reports.append(report)
        if not equivalent(report):
            notes.append(f"{host}: {tr(NOT_EQUIVALENT)}")
    return comparisons(reports, given, sound=not notes, notes=notes)


QUESTION = Question(
    answer=answer,
    options=(MARGIN_OPTION, DETAIL),
    directories_help="a run, on one host",
    measured=(HERE, BOXES),
    repeats=True,
)
