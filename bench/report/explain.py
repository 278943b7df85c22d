"""What stands in the way, for people: a line a constraint, where the time goes, and last the answer."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from bench.analysis.explanation import Explained, Finding, RungExplained
from bench.analysis.limits import UNEXPLAINED, constraint_words
from bench.analysis.sentences import gain_text, percent_text
from bench.analysis.ways import method_words
from bench.model.language import later, tr
from bench.report.ending import show_ending
from bench.report.numbers import DASH, rate
from bench.report.tables import add_rows, bare_table, print_whole
from bench.report.terminal import describe_host

HOW = later("taken away")
COLUMNS = ("constraint", "share", HOW, "predicted", "measured", "conclusion")
CONCLUSIONS = {
    "limit": later("limit"),
    "contributes": later("contributes"),
    "cleared": later("cleared"),
    "undecided": later("undecided"),
    "untested": later("untested"),
}
NO_CONCLUSION = {
    "undecided": later("Undecided, {why}: {constraints}."),
    "untested": later("Untested, {why}: {constraints}."),
}
BOUND = {
    "server": later("Bound by its server: {why}."),
    "client": later("Bound by its client: {why}."),
    "unknown": later("Bound by server or clients: not known, {why}."),
}
PARTS = {
    "connecting": later("connecting"),
    "pool": later("pool"),
    "client-cpu": later("client-cpu"),
    "server-cpu": later("server-cpu"),
    "run-queue": later("run-queue"),
    "wal-flush": later("wal-flush"),
    "wal-write": later("wal-write"),
    "locks": later("locks"),
    "data-io": later("data-io"),
    "network": later("network"),
    UNEXPLAINED: UNEXPLAINED,
}
LEAST_SHARE = 0.005
"""Of the workers' time, below which a part of it is not printed."""


def show_explained(out: Console, found: Explained) -> None:
    """Print each rung's evidence, then the answer of the run."""
    for note in found.notes:
        out.print(Text(tr("Note: {note}", note=note), style="yellow"))
    if found.host:
        out.print(describe_host(found.host))
    for rung in found.rungs:
        out.print()
        _show_rung(out, rung, told=rung.sentence == found.sentence)
    out.print()
    legend = tr(
        "Gains are of rows/s in the window, intervals of 95 %; within {margin:.0%} none matters.", margin=found.margin
    )
    out.print(Text(legend, style="dim"))
    out.print()
    show_ending(out, [found.sentence], found.trust, found.next)


def _show_rung(out: Console, rung: RungExplained, *, told: bool) -> None:
    out.print(Text(heading(rung), style="bold"))
    if not told:
        out.print(Text(rung.sentence))
    columns = [name for name in COLUMNS if name != HOW]
    table = bare_table(columns, left=("constraint", "conclusion"), wraps=("constraint",))
    add_rows(table, map(_narrow, rung.constraints))
    print_whole(out, table)
    for sentence in (*reasons(rung), bound_sentence(rung)):
        out.print(Text(sentence))
    if budget := ", ".join(f"{name} {share:.0%}" for _, name, share in parts(rung)):
        out.print(Text(tr("Where the workers' time goes: {parts}.", parts=budget), style="dim"))


def heading(rung: RungExplained) -> str:
    """Return what a rung is, and its rate."""
    rows_per_s = DASH if rung.rows_per_s is None else rate(rung.rows_per_s)
    return f"{rung.phase} {method_words(rung.method)}, {rung.variant}, {rung.layout}: {rows_per_s} rows/s"


def cells(finding: Finding) -> Sequence[str]:
    """Return one constraint's texts, in the order of the columns."""
    return (
        constraint_words(finding.name),
        _share(finding.share),
        finding.how or "",
        _gain(finding.predicted_gain),
        DASH if finding.measured_gain is None else gain_text(finding.measured_gain),
        tr(CONCLUSIONS[finding.conclusion]),
    )


def _narrow(finding: Finding) -> Sequence[str]:
    """Return a constraint's texts for a terminal: how it was taken away stands below its name, where it was."""
    name, share, how, *gains, conclusion = cells(finding)
    tried = how and finding.conclusion != "untested"
    return (f"{name}\n  {how}" if tried else name, share, *gains, conclusion)


def reasons(rung: RungExplained) -> Iterable[str]:
    """Yield why constraints are undecided or untested, those of one reason together."""
    found: dict[tuple[str, str], list[str]] = {}
    for finding in rung.constraints:
        if finding.conclusion in ("undecided", "untested"):
            found.setdefault((finding.conclusion, finding.why), []).append(constraint_words(finding.name))
    for (conclusion, why), names in found.items():
        yield tr(NO_CONCLUSION[conclusion], why=why, constraints=", ".join(names))


def _share(share: float | None) -> str:
    if share is None:
        return DASH
    return f"{share:.0%}"


def _gain(predicted: float | None) -> str:
    if predicted is None:
        return DASH
    return percent_text(predicted)


def bound_sentence(rung: RungExplained) -> str:
    """Say whether it is the server that binds a rung, or its clients."""
    return tr(BOUND[rung.bound_by.verdict], why=tr(rung.bound_by.why))


def parts(rung: RungExplained) -> list[tuple[str, str, float]]:
    """Return the parts of the workers' time that are worth printing, the largest first: code, words, share."""
    largest_first = sorted(rung.budget.items(), key=lambda part: -part[1])
    return [(name, tr(PARTS[name]), share) for name, share in largest_first if share >= LEAST_SHARE]
