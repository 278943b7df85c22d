"""Whether somebody agrees to a run that takes long or writes much, before it begins; of less nobody is asked.

What is much is ``bench.plan.estimate``'s. A run that was begun was agreed to: to resume it asks for nothing.
"""

import sys
from collections.abc import Mapping
from contextlib import suppress

from rich.console import Console
from rich.text import Text

from bench.model.errors import UsageError
from bench.model.language import tr
from bench.plan.estimate import Estimate
from bench.report.command import typed_with
from bench.report.numbers import duration, size


def check_agreed(estimates: Mapping[str, Estimate], out: Console, *, agreed: bool, one_at_a_time: bool = False) -> None:
    """Have somebody agree to what all boxes will do together, where that is much on any of them: one question.

    Args:
        estimates: by the name of each box; here, by none.
        out: where the question is put.
        agreed: somebody said so beforehand (``--yes``).
        one_at_a_time: boxes share a machine, so their times add up.

    Raises:
        UsageError: nobody agreed, or nobody is there who could; says how to begin without a question.

    """
    if agreed or not any(each.is_much for each in estimates.values()):
        return
    for host, each in estimates.items():
        if host:
            out.print(Text(f"{host}: {_amount(each.seconds, each.written_bytes)}."), soft_wrap=True)
    times = [each.seconds for each in estimates.values()]
    most = max(each.written_bytes for each in estimates.values())
    what = _amount(sum(times) if one_at_a_time else max(times), most)
    if len(estimates) > 1:
        what = tr("{what} on a box", what=what)
    begin = tr("Without being asked: {command}", command=typed_with("yes"))
    # Where nobody types, or what is printed goes elsewhere, nobody can say yes.
    if not (sys.stdin.isatty() and out.is_terminal):
        raise UsageError(
            tr("This run takes {what}, and nobody is there to agree to it. {begin}", what=what, begin=begin)
        )
    out.print(Text(tr("This run takes {what}.", what=what)), soft_wrap=True)
    if not said_yes(out):
        raise UsageError(tr("Nothing was begun: nobody said yes. {begin}", begin=begin))


def _amount(seconds: float, written_bytes: int) -> str:
    return tr("up to {time} and writes up to {size}", time=duration(seconds), size=size(written_bytes))


def said_yes(out: Console) -> bool:
    """Ask whether to go on; return whether somebody typed yes. Where nobody types, nobody did."""
    answer = ""
    if sys.stdin.isatty():
        with suppress(EOFError, KeyboardInterrupt):
            answer = out.input(tr("Type yes to go on: "))
    return answer.strip() == "yes"
