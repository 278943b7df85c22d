"""Whether each rung of a ladder is bound by its server or its clients, as a table."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from bench.analysis.bound import BEYOND, NOT_MEASURED
from bench.analysis.ladder import Ladder
from bench.analysis.rung import Rung
from bench.model.language import later, tr
from bench.report.numbers import DASH, rate
from bench.report.tables import add_rows, bare_table, print_whole
from bench.stats.intervals import Estimate

COLUMNS = ("phase", "bound by", "clients alone, rows/s", "over its rate", "twice the clients")
HEADS = ("phase", "bound by", "clients alone,\nrows/s", "over\nits rate", "twice\nthe clients")
VERDICTS = {"server": later("server"), "client": later("client"), "unknown": DASH}


def legend() -> str:
    """Return what the table's words mean."""
    return tr(
        "Alone: on a server that stores nothing. Server, proved: alone its clients reach {beyond:g} times the rate, and"
        " twice the client processes, with as much in flight, write no more. Client: they do not, or twice of them do.",
        beyond=BEYOND,
    )


def how_to_know() -> str:
    """Return how it would be known."""
    return tr("Bound by server or clients: {why}.", why=tr(NOT_MEASURED))


def is_plain(ladder: Ladder) -> bool:
    """Return whether nothing was measured by which any rung's bound could be known."""
    return all(rung.bound_by.why == NOT_MEASURED for rung in ladder.rungs)


def show_bounds(out: Console, ladder: Ladder) -> None:
    """Print what binds each rung, and why that is not known where it is not; of a plain ladder how to know."""
    if is_plain(ladder):
        out.print(Text(how_to_know(), style="dim"))
        return
    out.print()
    table = bare_table(HEADS, left={"phase", "bound by"})
    add_rows(table, map(bound_cells, ladder.rungs))
    print_whole(out, table)
    for sentence in unknown(ladder):
        out.print(Text(sentence))
    out.print(Text(legend(), style="dim"))


def unknown(ladder: Ladder) -> Iterable[str]:
    """Return why it is not known of some rungs, a sentence for each reason."""
    found: dict[str, list[str]] = {}
    for rung in ladder.rungs:
        if rung.bound_by.verdict == "unknown":
            found.setdefault(rung.bound_by.why, []).append(rung.phase)
    for why, phases in found.items():
        yield tr("Not known of {phases}: {why}.", phases=", ".join(phases), why=tr(why))


def bound_cells(rung: Rung) -> list[str]:
    """Return one rung's texts, in the order of the columns."""
    bound = rung.bound_by
    return [
        rung.phase,
        tr(VERDICTS[bound.verdict]),
        _with_ends(bound.ceiling_rows_per_s, "", 1.0),
        _with_ends(bound.ceiling_rows_per_s, "×", rung.rows_per_s),
        _with_ends(bound.more_clients, "×", 1.0),
    ]


def _with_ends(found: Estimate | None, sign: str, over: float | None) -> str:
    if found is None or not over:
        return DASH
    text = rate(found.estimate / over) + sign
    if found.low is not None and found.high is not None:
        text += f" [{rate(found.low / over)}, {rate(found.high / over)}]"
    return text
