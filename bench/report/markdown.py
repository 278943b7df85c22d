"""A comparison as a page to be kept in a repository: doubts first, then who stands where, then each cell.

The tables are the terminal's.
"""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from bench.analysis.comparison import ComparisonReport
from bench.model.fingerprint import Fingerprint
from bench.model.plan import Plan
from bench.report.comparison import LEGEND, caption, heading, matrix, noise_lines, pairs_table
from bench.report.overall import standing_table, standings
from bench.report.terminal import DASH, describe_host


def comparison_page(title: str, answer: str, report: ComparisonReport, plan: Plan, host: Fingerprint) -> str:
    """Return the page; ``answer`` is what the comparison was made for, in a sentence or two."""
    parts = [
        f"# {title}",
        *(f"> {note}" for note in report.notes),
        answer,
        f"**The machine.** {describe_host(host)}.",
        _how(plan),
        *_standings(report),
        *_cells(report),
        *_settings(report),
        f"{caption(report)[0].upper()}{caption(report)[1:]}",
    ]
    return "\n\n".join(parts) + "\n"


def _how(plan: Plan) -> str:
    blocks = len({trial.block for trial in plan.trials})
    return (
        f"**How.** Run {plan.run}, {plan.created[:10]}: {blocks} randomised blocks, {plan.warm_up_s:g} s of warm-up and"
        f" {plan.window_s:g} s measured a trial, then the closing CHECKPOINT; seed {plan.seed}."
    )


def _standings(report: ComparisonReport) -> Iterable[str]:
    for title, rows in standings(report):
        yield f"## {title}"
        yield table_text(standing_table(report.across, rows))
    if len(report.cells) > 1:
        yield f"## The matrix\n\nRatio to the first; {LEGEND}."
        yield table_text(matrix(report, report.cells))


def _cells(report: ComparisonReport) -> Iterable[str]:
    for cell in report.cells:
        yield f"## {heading(cell)}"
        yield table_text(pairs_table(report, cell))
        yield from noise_lines(report, cell)


def _settings(report: ComparisonReport) -> Iterable[str]:
    """Return what each arm sets otherwise than the first, in full: it is the same in every cell."""
    yield "## Settings that differ in effect"
    pairs = {pair.candidate: pair for cell in report.cells for pair in cell.pairs}
    lines = []
    for name, pair in pairs.items():
        said = ", ".join(f"`{each.name}` {each.baseline or DASH} → {each.candidate or DASH}" for each in pair.differs)
        lines.append(f"- **{name}**: {said or 'none'}")
    yield "\n".join(lines)


def table_text(table: Table) -> str:
    """Return a table in Markdown."""
    names = [_plain(column.header) for column in table.columns]
    rules = ["---" if column.justify == "left" else "--:" for column in table.columns]
    rows = zip(*(map(_plain, column.cells) for column in table.columns), strict=True)
    return "\n".join(map(_line, [names, rules, *rows]))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(cell: object) -> str:
    text = cell.plain if isinstance(cell, Text) else str(cell)
    return text.replace("\n", " ").replace("|", "\\|")
