"""What a ladder comes to, as the last lines of a terminal.

Of a climb the rate and how, what stopped it, whether to trust it, what comes next; of rows at a rate their wait.
"""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bench.analysis.ladder import LadderReport
from bench.model.language import tr
from bench.report.ending import show_next
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
        show_next(out, report.answer.next if report.answer else None)
