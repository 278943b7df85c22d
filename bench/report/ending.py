"""How an answer ends on a terminal: in bold what it is, then whether to trust it, and what to do next."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from bench.analysis.ending import Next, Trust, trusted
from bench.model.language import tr
from bench.report.numbers import duration


def show_ending(out: Console, answers: Iterable[str], trust: Trust | None, step: Next | None) -> None:
    """Print the last lines of an answer."""
    for sentence in answers:
        out.print(Text(sentence, style="bold"))
    if trust:
        out.print(Text(trusted(trust)))
    show_next(out, step)


def show_next(out: Console, step: Next | None) -> None:
    """Print what comes next; a command is one line, to be copied."""
    for line in next_lines(step):
        out.print(Text(line), soft_wrap=line.startswith(" "))


def next_lines(step: Next | None) -> Iterable[str]:
    """Yield what comes next, then the command for it."""
    if step is None:
        return
    what = next_words(step)
    if step.command is None:
        yield tr("Next: {what}.", what=what)
        return
    yield tr("Next: {what}:", what=what)
    yield f"  {step.command}"


def next_words(step: Next) -> str:
    """Return what comes next, with its time."""
    if step.seconds is None:
        return step.what
    return tr("{what} (about {time})", what=step.what, time=duration(step.seconds))
