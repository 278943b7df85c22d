"""How many rows a second, rung by rung?

Climbs the ladder, or prints that of runs which are there already.
"""

from rich.console import Console

from bench.plan.options import DETAIL
from bench.questions.question import BOXES, HERE, Answer, Given, Question, runs_in
from bench.targets.target import Results


def answer(results: Results, given: Given) -> Answer:
    """Return the ladder of each run."""
    # Late: what is measured is known without it.
    from bench.analysis.ladder import Ladders
    from bench.report.ladder_answer import show_answers
    from bench.report.terminal import show_ladders
    from bench.results.read import doubtful, ladder_of, read
    from bench.targets.next_step import with_next

    reports = [with_next(ladder_of(read(run)), run, given) for run in runs_in(results)]
    detail = "detail" in given

    def show(out: Console) -> None:
        for report in reports:
            show_ladders(out, report, detail=detail)
        show_answers(out, reports)

    return Answer(data=Ladders(hosts=tuple(reports)), show=show, sound=not doubtful(reports))


QUESTION = Question(answer=answer, measured=(HERE, BOXES), options=(DETAIL,))
