"""What cuts of the power show, for people: what was counted, then a sentence for each variant."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bench.analysis.durability import MAY_LOSE, DurabilityReport, MsLost, OfKind, OfVariant
from bench.model.language import later, tr
from bench.report.ending import show_ending
from bench.report.numbers import DASH, count, rate, short
from bench.report.tables import add_rows, bare_table, print_whole
from bench.stats.missing import not_none

COLUMNS = ("variant", "promise", "cut", "rows/s", "at risk", "lost", "ms lost", "most", "convicted")
LEFT = ("variant", "promise", "cut")
PROMISES = {"not crash-safe": later("none")}
HOW = {"power": later("power"), "torn": later("torn"), "machine": later("machine"), "kill": later("kill")}
MOST_REASONS = 4
LEGEND = later(
    "Power: what was not flushed is forgotten; torn: chance keeps some of it; kill: the server alone. Rows/s are of a"
    " disk that forgets, not of this box; at risk: the most rows one cut took; ms lost: from the first lost to it, mean"
    " and most."
)

OF_MACHINES = later(
    "Machine: the whole box lost its power. Rows/s are of one commit after the other through a tunnel, not what the box"
    " can do; at risk: the most rows one cut took; ms lost: from the first lost to the last acknowledged, mean and"
    " most."
)


def show_durability(out: Console, found: DurabilityReport) -> None:
    """Print the counts, what was said, and last the answer: a sentence for each variant."""
    heading = tr(
        "Cuts of PostgreSQL {version} on {host}, run {run}", version=found.version, host=found.host, run=found.run
    )
    out.print(Text(heading, style="bold"))
    table = bare_table(COLUMNS, left=LEFT, wraps=LEFT[:1])
    for variant in found.variants:
        add_rows(table, _rows(variant))
    print_whole(out, table)
    machines = any(kind.how == "machine" for variant in found.variants for kind in variant.kinds)
    out.print(Text(tr(OF_MACHINES if machines else LEGEND), style="dim"))
    for variant in found.variants:
        _show_reasons(out, variant)
    out.print()
    for variant in found.variants:
        out.print(Text(variant.sentence, style="bold" if variant.kept else "bold red"))
    show_ending(out, [], found.trust, found.next)


def _rows(variant: OfVariant) -> list[Sequence[str]]:
    name = variant.variant if variant.layout == "plain" else f"{variant.variant}/{variant.layout}"
    rows: list[Sequence[str]] = []
    for kind in variant.kinds:
        first = not rows
        named = (name, _promise(variant)) if first else ("", "")
        speed = rate(variant.rows_per_s) if kind.how in ("power", "machine") else ""
        risk = at_risk(variant, tr("all")) if first else ""
        rows.append((*named, tr(HOW[kind.how]), speed, risk, *_figures(kind)))
    return rows


def _promise(variant: OfVariant) -> str:
    if let := MAY_LOSE.fullmatch(variant.durability):
        return f"{let[1]} ms"
    return tr(PROMISES.get(variant.durability, variant.durability))


def at_risk(variant: OfVariant, everything: str) -> str:
    """Return the most rows that one cut took; ``everything`` where the database was not whole after one."""
    if variant.did_not_start or variant.corrupt:
        return everything
    return count(max(not_none(variant.per_cut), default=None))


def _figures(kind: OfKind) -> Sequence[str]:
    ms = (DASH, DASH) if kind.ms_lost is None else _ms(kind.ms_lost)
    return count(kind.rows_lost), *ms, f"{kind.convicted}/{kind.cuts}"


def _ms(lost: MsLost) -> tuple[str, str]:
    return short(lost.mean), short(lost.most)


def _show_reasons(out: Console, variant: OfVariant) -> None:
    for reason in variant.reasons[:MOST_REASONS]:
        out.print(Text(f"{variant.variant}: {reason}", style="dim"))
    if more := variant.reasons[MOST_REASONS:]:
        others = tr("{name}: and {count} more (--json)", name=variant.variant, count=len(more))
        out.print(Text(others, style="dim"))
