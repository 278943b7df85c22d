"""What a page begins with: the question that its runs were made for, and the sentences that answer it.

The sentences are those that the terminal ends with. A climb has none here: it is answered by a number (``top``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.analysis.answer import KINDS
from bench.analysis.ladder import LadderReport
from bench.analysis.listing import listed
from bench.analysis.slo import Slo, promise_words
from bench.model.language import tr
from bench.report.open_loop import open_loops
from bench.report.page.comparing import ComparisonView
from bench.report.page.explaining import ExplainedView
from bench.report.page.sweeping import SweepView


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A sentence that answers the question."""

    of: str
    """What it is of: a host, or what is compared."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a page begins with."""

    question: str
    """Empty: how many rows a second, which a number says."""
    answers: Sequence[Answer] = ()

    @property
    def of_several(self) -> bool:
        """What each answer is of has to be said."""
        return len({answer.of for answer in self.answers}) > 1

    @property
    def sentences(self) -> list[str]:
        """The answers without what they are of: what is said here stands nowhere else."""
        return [answer.sentence for answer in self.answers]


def header_of(
    names: Sequence[str],
    reports: Sequence[LadderReport],
    comparisons: Sequence[ComparisonView],
    sweeps: Sequence[SweepView],
    explanations: Sequence[ExplainedView],
    searches: Sequence[tuple[Slo, str]],
    noises: Sequence[tuple[str, str]],
) -> Header:
    """Return the header of the page of these hosts; searches, and what is said of noise, each have their host."""
    where = listed(names)
    if searches:
        return _of_searches(searches, where)
    if noises:
        answers = [Answer(of=name, sentence=sentence) for sentence, name in noises]
        return Header(question=tr("How much do equal runs differ on {where}?", where=where), answers=answers)
    answers = [
        *(Answer(of=each.title, sentence=each.answer) for each in comparisons),
        *(Answer(of=each.name, sentence=each.found.sentence) for each in sweeps),
        *(Answer(of=each.run.box, sentence=each.found.sentence) for each in explanations),
    ]
    if answers:
        return Header(question=_question(where, comparisons, sweeps, explanations), answers=answers)
    at_rates = _at_rates(names, reports)
    if not at_rates or any(report.answer for report in reports):
        return Header(question="", answers=at_rates)
    question = tr("How long do rows take on {where} when they come at a rate?", where=where)
    return Header(question=question, answers=at_rates)


def _of_searches(searches: Sequence[tuple[Slo, str]], where: str) -> Header:
    first, _ = searches[0]
    promise = promise_words(first.percentile, first.within_ms)
    question = tr("What is the highest rate on {where} that keeps {promise}?", where=where, promise=promise)
    answers = []
    for found, name in searches:
        answers += [Answer(of=name, sentence=each.sentence) for each in found.answers]
    return Header(question=question, answers=answers)


def _question(
    where: str,
    comparisons: Sequence[ComparisonView],
    sweeps: Sequence[SweepView],
    explanations: Sequence[ExplainedView],
) -> str:
    if comparisons:
        report = comparisons[-1].report
        kind = KINDS.get(report.across, report.across)
        if report.of_runs:
            names_of_arms = listed([arm.name for arm in report.cells[0].arms], "or")
            return tr("Which {kind} is faster: {names}?", kind=tr(kind), names=names_of_arms)
        return tr("Which {kind} is faster on {where}?", kind=tr(kind), where=where)
    if sweeps:
        return tr("{question} on {where}?", question=sweeps[0].title.rstrip("?."), where=where)
    phases = listed([rung.phase for rung in explanations[0].found.rungs])
    return tr("What stands in the way of {phases} on {where}?", phases=phases, where=where)


def _at_rates(names: Sequence[str], reports: Sequence[LadderReport]) -> list[Answer]:
    """Return what came at a rate, and how long it took."""
    answers = []
    for name, report in zip(names, reports, strict=True):
        for ladder in report.ladders:
            answers += [Answer(of=name, sentence=sentence) for sentence in open_loops(ladder)]
    return answers
