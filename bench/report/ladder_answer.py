"""What a ladder comes to, as the last lines of a terminal.

Of a climb the rate and how, what stopped it, whether to trust it, what comes next; of rows at a rate their wait.
"""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from bench.analysis.ladder import LadderReport
from bench.analysis.ladder_answer import LadderAnswer, Next
from bench.model.language import tr
from bench.report.numbers import duration
from bench.report.open_loop import open_loops


def show_answers(out: Console, reports: Sequence[LadderReport]) -> None:
    """Print the answer of each host's run; of several, each under its host."""
    for report in reports:
        at_rates = [sentence for ladder in report.ladders for sentence in open_loops(ladder)]
        first, *others = [*at_rates, *(report.answer.sentences if report.answer else ())] or [""]
        if not first:
            continue
        out.print()
        if len(reports) > 1:
            out.print(Text(f"{report.host.host if report.host else report.run}:", style="bold"))
        if not report.complete:
            out.print(Text(tr("So far, of a run that is not complete:"), style="yellow"))
        out.print(Text(first, style="bold"))
        for sentence in others:
            out.print(Text(sentence))
        # A command is one line, to be copied.
        for line in next_lines(report.answer):
            out.print(Text(line), soft_wrap=True)


def next_lines(answer: LadderAnswer | None) -> Iterable[str]:
    """Yield what comes next, then the command for it."""
    if answer is None or answer.next is None:
        return
    what = next_words(answer.next)
    if answer.next.command is None:
        yield tr("Next: {what}.", what=what)
        return
    yield tr("Next: {what}:", what=what)
    yield f"  {answer.next.command}"


def next_words(step: Next) -> str:
    """Return what comes next, with its time."""
    if step.seconds is None:
        return step.what
    return tr("{what} (about {time})", what=step.what, time=duration(step.seconds))
