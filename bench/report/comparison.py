"""A comparison for people: what must be known first, then cell by cell who is faster and who stands where."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.analysis.comparison import ArmSummary, CellComparison, CellNoise, ComparisonReport, Pair, Rank
from bench.analysis.noise import NOT_MEASURED
from bench.report.overall import standing_table, standings
from bench.report.ratios import (
    STYLES,
    bare_table,
    colored,
    detected,
    filled,
    in_matrix,
    mark,
    pair_figures,
    percent,
    rank_text,
    shortened,
)
from bench.report.terminal import DASH, percentile, print_whole, rate

SIGNS = {"faster": "+", "slower": "−", "equivalent": "=", "undecided": "?"}
LEGEND = "+ faster, − slower, = equivalent, ? undecided, ! refused or without blocks"
IN_PART = "Where a cell tells no noise of a box, it is not measured: make noise, or pgladder noise."
COSTS = ("p50 ms", "p99 ms", "rows/s a CPU", "J/1,000 rows")
MATRIX_COLUMNS = 6
FACT_WIDTH = 12


def show_comparison(out: Console, report: ComparisonReport) -> None:
    """Print what must be known first, then each cell, then what could explain a difference."""
    for note in report.notes:
        out.print(Text(f"Note: {note}", style="yellow"))
    for cell in report.cells:
        out.print()
        out.print(Text(heading(cell), style="bold"))
        print_whole(out, pairs_table(report, cell))
        if report.of_runs:
            print_whole(out, costs_table(report, cell))
        for line in cell_lines(report, cell):
            out.print(Text(line, style="dim"))
    if len(report.cells) > 1:
        out.print()
        out.print(Text(f"The matrix: ratio to the first, {LEGEND}", style="bold"))
        for at in range(0, len(report.cells), MATRIX_COLUMNS):
            print_whole(out, matrix(report, report.cells[at : at + MATRIX_COLUMNS]))
    _show_overall(out, report)
    if report.explanations:
        out.print()
        out.print(Text("What could explain a difference", style="bold"))
        out.print(explanations_table(report))
    out.print()
    out.print(Text(caption(report), style="dim"))


def _show_overall(out: Console, report: ComparisonReport) -> None:
    for title, rows in standings(report):
        out.print()
        out.print(Text(title, style="bold"))
        print_whole(out, standing_table(report.across, rows))


def heading(cell: CellComparison) -> str:
    """Return what all arms have in common."""
    phase = f"{cell.phase} {cell.method}" if cell.phase else None
    return " · ".join(word for word in (phase, cell.driver, cell.layout, cell.transport, cell.variant) if word)


def pairs_table(report: ComparisonReport, cell: CellComparison) -> Table:
    """Return the arms of a cell, each other one against the first."""
    columns = (
        report.across, "rank", "rows/s", "settled", "ratio", "interval", "burst\nratio", "p adj.", "verdict",
        "detects", "blocks\n+ more",
    )  # fmt: skip
    ranks = {rank.arm: rank for rank in cell.ranking}
    pairs = {pair.candidate: pair for pair in cell.pairs}
    rows = [_cells(report, arm, ranks.get(arm.name), pairs.get(arm.name)) for arm in cell.arms]
    told, figures = filled(columns, rows)
    table = bare_table(*told, left={report.across, "verdict"})
    for name, *rest in figures:
        table.add_row(Text(name), *map(colored, rest))
    return table


def _cells(report: ComparisonReport, arm: ArmSummary, rank: Rank | None, pair: Pair | None) -> Sequence[str]:
    left = [shortened(arm.name) + mark(arm), rank_text(rank), rate(arm.rows_per_s), rate(arm.settled_rows_per_s)]
    return (*left, *pair_figures(report, arm, pair))


def costs_table(report: ComparisonReport, cell: CellComparison) -> Table:
    """Return what each run's or host's rows cost: time, processors, energy."""
    table = bare_table(report.across, *COSTS, left={report.across})
    for arm in cell.arms:
        table.add_row(*map(Text, [shortened(arm.name), *cost_figures(arm)]))
    return table


def cost_figures(arm: ArmSummary) -> Sequence[str]:
    """Return what an arm's rows cost, in the order of ``COSTS``."""
    energy = DASH if arm.joules_per_1000_rows is None else f"{arm.joules_per_1000_rows:.3g}"
    p50, p99 = arm.latency_intervals.get("p50"), arm.latency_intervals.get("p99")
    return percentile(arm.p50_ms, p50), percentile(arm.p99_ms, p99), rate(arm.rows_per_s_per_cpu), energy


def cell_lines(report: ComparisonReport, cell: CellComparison) -> Iterable[str]:
    """Return what stands below a table: the settings that differ, and what is known of the noise."""
    return (*settings_lines(cell), *noise_lines(report, cell))


def settings_lines(cell: CellComparison) -> Iterable[str]:
    """Return, for each pair, the settings that differ in effect."""
    for pair in cell.pairs:
        if pair.differs:
            shown = ", ".join(
                f"{each.name} {each.baseline or DASH} → {each.candidate or DASH}" for each in pair.differs[:4]
            )
            more = f" and {len(pair.differs) - 4} more" if pair.differs[4:] else ""
            yield f"{pair.candidate} differs in effect: {shown}{more}."


def noise_lines(report: ComparisonReport, cell: CellComparison) -> Iterable[str]:
    """Return what is known of the box's noise here, or of each arm's; of what is not known the caption tells."""
    apart = "" if report.paired else "; that is of interleaved blocks, and what drifts between runs comes on top"
    for name, noise in (("this box", cell.noise), *((arm.name, arm.noise) for arm in cell.arms)):
        if noise:
            yield f"Noise floor of {name} {_floor(noise)}{apart}."


def _floor(noise: CellNoise) -> str:
    need = "beyond reason" if noise.blocks_for_margin is None else f"{noise.blocks_for_margin} blocks"
    detects = (
        "" if noise.detectable is None else f"of one pair alone so many blocks detect {detected(noise.detectable)}, "
    )
    return (
        f"(A/A of {noise.blocks} blocks of {noise.variant}, {noise.measured[:10]}):"
        f" spread {percent(noise.spread)}, drift {100 * noise.drift:+.1f} %; {detects}the margin takes {need}"
    )


def _unmeasured(report: ComparisonReport) -> str:
    """Say where nothing is known of a box's noise."""
    known = [bool(cell.noise) or all(arm.noise for arm in cell.arms) for cell in report.cells]
    if all(known):
        return ""
    some = any(cell.noise or any(arm.noise for arm in cell.arms) for cell in report.cells)
    return IN_PART if some or len(set(report.hosts)) > 1 else NOT_MEASURED


def matrix(report: ComparisonReport, cells: Sequence[CellComparison]) -> Table:
    """Return ratio and verdict of every pair: a line an arm, a column a cell."""
    table = bare_table(report.across, *(_column(cell) for cell in cells), left={report.across})
    names = dict.fromkeys(pair.candidate for cell in report.cells for pair in cell.pairs)
    for name in names:
        table.add_row(Text(shortened(name)), *(_in_matrix(report, cell, name) for cell in cells))
    return table


def _column(cell: CellComparison) -> str:
    return "\n".join(word for word in (cell.phase, cell.driver, cell.variant, cell.layout, cell.transport) if word)


def _in_matrix(report: ComparisonReport, cell: CellComparison, name: str) -> Text:
    found = in_matrix(report, cell, name)
    if found is None:
        return Text(DASH)
    ratio, verdict = found
    plain = verdict.removesuffix("*")
    return Text(f"{ratio} {SIGNS.get(plain, '!')}", style=STYLES.get(plain, ""))


def explanations_table(report: ComparisonReport) -> Table:
    """Return the facts that differ, a column an arm; what is too long for its column runs over several lines."""
    names = [shortened(arm.name) for arm in report.cells[0].arms]
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    longest = max((len(each.name) for each in report.explanations), default=0)
    table.add_column("fact", no_wrap=True, min_width=longest)
    for name in names:
        table.add_column(name, overflow="fold", min_width=FACT_WIDTH)
    for each in report.explanations:
        table.add_row(*map(Text, [each.name, *each.values]))
    return table


def caption(report: ComparisonReport) -> str:
    """Return how the numbers are to be read."""
    coverage = 100 * (1 - report.alpha)
    paired = "paired by block" if report.paired else "not paired: blocks were not interleaved (Welch)"
    holds = "marginal (of each pair alone)" if report.max_blocks is None else "of all looks and all pairs together"
    text = (
        "rates: geometric means over blocks (a ladder's are of all trials as one: they differ a little);"
        f" ratio: of the {report.headline} ones, {paired}; interval:"
        f" {coverage:g} %, {holds}"
        f"; equivalent: wholly within ±{percent(report.margin)}; detects: the smallest difference"
        " found in 8 of 10 cases (>2×: a factor above 2)"
        "; blocks: that count, + those that would decide in 8 of 10 if effect and spread are as seen – or, at most, if"
        " they are others that these blocks allow; a range of ranks is a tie"
    )
    if report.max_blocks is None:
        text += (
            "; p adj.: Holm, over all pairs here, and so is equivalence; detects and blocks are reckoned with as many"
            "; *: another verdict if it were the only pair"
        )
    if report.overall:
        text += (
            "; over all cells: of each arm the geometric mean of its rates over them, block by block, p adj. over those"
            " pairs alone, ranks among arms of one durability"
        )
    text += ". ? and !: suspect or void trials."
    return f"{text}\n{_unmeasured(report)}".rstrip()
