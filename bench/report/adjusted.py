"""The comparisons adjusted for the machine's speed, beside those that are not: a table a cell, and which decides."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from bench.analysis.comparison import CellComparison, Overall, Pair, Stated
from bench.analysis.listing import some
from bench.model.language import later, tr
from bench.report.numbers import DASH, number
from bench.report.tables import bare_table
from bench.report.words import shortened

MACHINE = later("the machine was")
COLUMNS = ("adjusted", "interval", MACHINE, "decides")
ALIKE = {
    True: later("as fast under both"),
    False: later("not as fast under both"),
    None: later("can't be told"),
}
"""Whether what tells the machine's speed is the same under both candidates."""
ADJUSTED = {
    True: later("Adjusted for the machine's speed, {candidate}: {ratio}; the machine was as fast under both."),
    False: later("Adjusted for the machine's speed, {candidate}: {ratio}; the machine was not as fast under both."),
    None: later(
        "Adjusted for the machine's speed, {candidate}: {ratio}; whether the machine was as fast under both can't be"
        " told."
    ),
}


def adjusted_table(across: str, cell: CellComparison) -> Table | None:
    """Return what each pair is by adjusted rates; None where none could be adjusted."""
    pairs = [pair for pair in cell.pairs if pair.adjusted]
    if not pairs:
        return None
    table = bare_table([across, *COLUMNS], left={across, MACHINE, "decides"})
    for pair in pairs:
        table.add_row(Text(shortened(pair.candidate)), *adjusted_figures(pair))
    return table


def adjusted_sentences(pairs: Sequence[Pair]) -> Iterable[str]:
    """Say of each pair that could be adjusted what it is then, and whether the machine was as fast under both."""
    for pair in pairs:
        if pair.adjusted:
            ratio = f"{number(pair.adjusted.ratio)} ({_interval(pair.adjusted)})"
            yield tr(ADJUSTED[pair.machine_alike], candidate=pair.candidate, ratio=ratio)


def adjusted_figures(pair: Pair) -> Sequence[str]:
    """Return of a pair that could be adjusted ratio, interval, whether the machine was as fast, and which decides."""
    assert pair.adjusted
    decides = tr("adjusted") if pair.adjusted_decides else tr("unadjusted")
    return number(pair.adjusted.ratio), _interval(pair.adjusted), tr(ALIKE[pair.machine_alike]), decides


def adjusted_lines(part: CellComparison | Overall) -> Iterable[str]:
    """Return by what the rates of a cell are adjusted, and of which pairs which decides, each reason once."""
    names: dict[str, None] = {}
    lacking: dict[str, None] = {}
    deciding: list[str] = []
    whys: dict[str, list[str]] = {}
    for pair in part.pairs:
        lacking |= dict.fromkeys(pair.not_adjusted_for)
        for each in pair.covariates:
            names[tr("{name} (slope {slope:.2g})", name=each.name, slope=each.slope)] = None
        if pair.why_unadjusted:
            whys.setdefault(pair.why_unadjusted, []).append(pair.candidate)
        elif pair.adjusted_decides:
            deciding.append(pair.candidate)
    if names:
        yield tr("Adjusted for {names}.", names=", ".join(names))
    for why in lacking:
        yield tr("One covariate fewer: {why}.", why=why)
    if deciding:
        all_of_them = len(deciding) == len(part.pairs)
        sentence = later("The adjusted decides.") if all_of_them else later("The adjusted decides of {names}.")
        yield tr(sentence, names=some(deciding))
    for why, of in whys.items():
        if len(of) == len(part.pairs):
            yield tr("The unadjusted decides: {why}.", why=tr(why))
        else:
            yield tr("The unadjusted decides of {names}: {why}.", names=some(of), why=tr(why))


def _interval(found: Stated) -> str:
    if found.low is None or found.high is None:
        return DASH
    return f"{number(found.low)}–{number(found.high)}"
