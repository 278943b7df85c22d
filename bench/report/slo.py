"""The highest rate that keeps a promise, for people: what was tried, and last the answer."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from bench.analysis.comparison import of_version
from bench.analysis.slo import Highest, Slo, Tried, promise_words
from bench.model.language import tr
from bench.report.ending import show_ending
from bench.report.numbers import DASH, percent, rate, short
from bench.report.tables import add_rows, bare_table, filled, print_whole
from bench.report.terminal import describe_host

COLUMNS = ("rows/s", "trials", "kept it", "suspect", "reached", "too late", "waiting")
NOTHING = 0.00005
"""A share that is written as 0 %."""


def show_slo(out: Console, found: Slo) -> None:
    """Print a table of what was tried for each way of writing, then the answer."""
    if found.host:
        out.print(describe_host(found.host))
    for answer in found.answers:
        out.print()
        _show_tried(out, answer, found)
    out.print()
    legend = tr(
        "Too late: what of the rows due took longer than {what} promises; waiting: what was not begun when the window"
        " closed; medians of the trials.",
        what=promise_words(found.percentile, found.within_ms),
    )
    out.print(Text(legend, style="dim"))
    if any(tried.suspect for answer in found.answers for tried in answer.tried):
        out.print(Text(tr("Why trials are suspect stands above their ladder: pgladder ladder DIR."), style="dim"))
    out.print()
    show_ending(out, [answer.sentence for answer in found.answers], found.trust, found.next)


def _show_tried(out: Console, answer: Highest, found: Slo) -> None:
    words = (answer.phase, answer.driver, answer.variant, answer.layout, answer.transport, of_version(answer.version))
    heading = ", ".join(filter(None, words))
    if answer.capacity_rows_per_s:
        reached = rate(answer.capacity_rows_per_s)
        heading = tr("{what}: {rate} rows/s in a closed loop", what=heading, rate=reached)
    if answer.collect_ms is not None:
        heading = tr(
            "{what}; rows come one by one, collected up to {rows:,} or {ms:g} ms",
            what=heading,
            rows=answer.batch,
            ms=answer.collect_ms,
        )
    out.print(Text(heading, style="bold"))
    if not answer.tried:
        out.print(tr("No rate was tried."))
        return
    columns, rows = filled((*COLUMNS, f"{found.percentile} ms", ""), [_row(answer, tried) for tried in answer.tried])
    table = bare_table(columns, left=("",), wraps=("",))
    add_rows(table, rows)
    print_whole(out, table)


def _row(answer: Highest, tried: Tried) -> Sequence[str]:
    return (
        rate(tried.rate),
        str(tried.trials),
        str(tried.kept),
        str(tried.suspect or ""),
        rate(tried.rows_per_s),
        _share(tried.beyond),
        _share(tried.waiting),
        short(tried.latency_ms),
        ", ".join(_marks(answer, tried)),
    )


def _marks(answer: Highest, tried: Tried) -> Iterable[str]:
    if answer.asked and tried.rate == answer.asked.rate:
        yield tr("asked for")
    if answer.highest and tried.rate == answer.highest.rate:
        yield tr("highest")
    if answer.overload and tried.rate == answer.overload.rate:
        yield tr("overload")
    if tried.undecided:
        yield tr("{count} can't tell", count=tried.undecided)


def _share(value: float | None) -> str:
    if value is None:
        return DASH
    return "0 %" if value < NOTHING else percent(value)
