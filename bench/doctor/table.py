"""What the doctor found, for people: a line a check, and last what follows. ``checks`` judges."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.doctor.checks import CHECKS, GRADES, Finding, Grade
from bench.model.language import tr, tr_many
from bench.model.plain import harmless

STYLES = {"ok": "green", "warning": "yellow", "failure": "bold red", "unknown": "dim"}
COLUMNS = ("box", "check", "", "found")
EACH_COLUMNS = ("box", "check", "grade", "found")
WRAP = {"box", "found"}
"""May run over several lines."""


def show_findings(out: Console, findings: Mapping[str, Sequence[Finding]], *, each: bool = False) -> None:
    """Print the findings of each box, then what follows from all of them; ``each`` line with its box, for programs."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for name in EACH_COLUMNS if each else COLUMNS:
        table.add_column(tr(name), no_wrap=name not in WRAP, overflow="fold")
    for name, found in findings.items():
        for number, one in enumerate(found):
            grade = Text(tr(GRADES[one.grade]), style=STYLES[one.grade])
            box = "" if number and not each else harmless(name)
            table.add_row(Text(box), tr(CHECKS.get(one.check, one.check)), grade, Text(harmless(one.detail)))
    out.print(table)
    out.print()
    out.print(Text(answer_of(findings), style="bold"))


def answer_of(findings: Mapping[str, Sequence[Finding]]) -> str:
    """Say whether anything stops a run, and of what to beware."""
    stops = tr("Nothing stops a run")
    if failures := _named(findings, "failure"):
        stops = tr_many(
            "{count} thing stops a run: {names}",
            "{count} things stop a run: {names}",
            len(failures),
            names=", ".join(failures),
        )
    parts = [stops]
    if warnings := _named(findings, "warning"):
        parts.append(
            tr_many("{count} warning: {names}", "{count} warnings: {names}", len(warnings), names=", ".join(warnings))
        )
    return f"{'; '.join(parts)}."


def _named(findings: Mapping[str, Sequence[Finding]], grade: Grade) -> list[str]:
    """Return the checks of a grade; of several boxes each with its own."""
    names = []
    for box, found in findings.items():
        of_box = f"{harmless(box)} " if len(findings) > 1 else ""
        names += [f"{of_box}{tr(CHECKS.get(one.check, one.check))}" for one in found if one.grade == grade]
    return names
