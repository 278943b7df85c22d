"""A comparison for people: what must be known first, then cell by cell who is faster; what follows from it last.

What only a statistician wants (ranks, adjusted p-values, detectable effects, blocks) is shown if detail is asked for.
"""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.analysis.comparison import ArmSummary, CellComparison, CellNoise, ComparisonReport, Longer, Overall
from bench.analysis.noise import NOT_MEASURED
from bench.analysis.ways import method_words
from bench.analysis.worth import worth_sentences
from bench.model.language import Given, later, tr
from bench.report.adjusted import adjusted_lines, adjusted_table
from bench.report.command import caller
from bench.report.costs import NONE_DIFFERS, row_costs_table
from bench.report.numbers import DASH, drift_text, duration, joules, percent, percentile, rate
from bench.report.overall import standing_tables, standings
from bench.report.ratios import (
    STYLES,
    Line,
    any_adjusted,
    candidates,
    colored,
    detected,
    in_matrix,
    lines_of,
    pair_figures,
    plain_figures,
    statistics,
)
from bench.report.tables import add_rows, bare_table, filled, print_whole, width_of
from bench.report.words import settings, shortened, uncounted
from bench.report.worth import show_worth

SIGNS = {"faster": "+", "slower": "−", "equivalent": "=", "undecided": "?"}
LEGEND = later("+ faster, − slower, = equivalent, ? undecided, ! refused or without blocks")
LEGEND_OF_ADJUSTED = later(
    "+ faster, − slower, = equivalent, ? undecided, ! refused or without blocks; a: of adjusted rates"
)
IN_PART = later("Where a cell shows no noise of a box, it is not measured: make noise, or pgladder noise.")
COST_COLUMNS = ("p50 ms", "p99 ms", "rows/s a CPU", "J/1,000 rows")
PAIR_COLUMNS = ("ratio", "interval", "verdict", "decides", "doubts")
DETAILED_COLUMNS = ("rows/s", "sustained", "ratio", "interval", "verdict", "decides")
STATISTICS_COLUMNS = ("rank", "burst\nratio", "p adj.", "min.\neffect", "blocks\n+ more", "doubts")
RATES = {"settled": later("sustained\nrows/s"), "burst": later("burst\nrows/s")}
PRIMARY = {"settled": later("sustained (checkpoint included)"), "burst": later("burst")}
WIDTH = 80
"""Of a terminal: so wide is a table at most where no detail is asked for."""
FACT_WIDTH = 12
SETTINGS = 4
"""So many of those that differ are named below a table."""


def show_comparison(
    out: Console, report: ComparisonReport, *, detail: bool = False, command: str | None = None
) -> None:
    """Print what must be known first, then each cell, what could explain a difference, and last what follows.

    ``command`` is the one that measures longer what is left open; None: nobody but the user can word it.
    """
    for note in report.notes:
        out.print(Text(tr("Note: {note}", note=note), style="yellow"))
    for cell in report.cells:
        _show_cell(out, report, cell, detail=detail)
    if len(report.cells) > 1:
        _show_title(out, tr("The matrix: ratios to {baseline}", baseline=report.cells[0].arms[0].name))
        out.print(Text(tr(LEGEND_OF_ADJUSTED if any_adjusted(report) else LEGEND), style="dim"))
        for table in matrices(report):
            print_whole(out, table)
    for title, ranked in standings(report):
        _show_title(out, title)
        for table in standing_tables(report.across, ranked, detail=detail):
            print_whole(out, table)
    if report.overall:
        _show_adjusted(out, report.overall, detail=detail)
    if report.explanations:
        _show_title(out, tr("What could explain a difference"))
        out.print(explanations_table(report))
    show_worth(out, report.worth)
    out.print()
    out.print(Text(caption(report) if detail else legend(report), style="dim"))
    out.print()
    show_answer(out, report, command)


def _show_cell(out: Console, report: ComparisonReport, cell: CellComparison, *, detail: bool) -> None:
    _show_title(out, heading(cell, report.cells))
    print_whole(out, pairs_table(report, cell, detail=detail))
    if detail:
        print_whole(out, statistics_table(report, cell))
    if report.of_runs:
        print_whole(out, costs_table(report, cell))
    _show_row_costs(out, report, cell, every=detail)
    if detail and (table := adjusted_table(report.across, cell)):
        print_whole(out, table)
    _show_adjusted(out, cell, detail=detail)
    if detail:
        for line in (*settings_lines(cell), *noise_lines(report, cell)):
            out.print(Text(line, style="dim"))


def _show_adjusted(out: Console, part: CellComparison | Overall, *, detail: bool) -> None:
    """Print what rates are adjusted for.

    A ratio that is adjusted is not that of the rates beside it, which must be said; else it is a statistician's.
    """
    if detail or any(pair.adjusted_decides for pair in part.pairs):
        for line in adjusted_lines(part):
            out.print(Text(line, style="dim"))


def _show_row_costs(out: Console, report: ComparisonReport, cell: CellComparison, *, every: bool) -> None:
    table = row_costs_table(report, cell, every=every)
    if table is not None:
        print_whole(out, table)
    elif any(pair.costs for pair in cell.pairs):
        out.print(Text(tr(NONE_DIFFERS, margin=100 * report.margin), style="dim"))


def _show_title(out: Console, title: str) -> None:
    out.print()
    out.print(Text(title, style="bold"))


# --- what follows ----------------------------------------------------------------------------------------------------


def show_answer(out: Console, report: ComparisonReport, command: str | None) -> None:
    """Print what follows from a comparison, and the command that would tell more."""
    for sentence in (report.sentence, *worth_sentences(report.worth)):
        out.print(Text(sentence, style="bold"))
    if report.longer is None:
        return
    if command is None:
        out.print(tr("{offer}: ask for {option}.", offer=offer(report.longer), option=_asked(report)))
        return
    out.print(f"{offer(report.longer)}:")
    # In one line whatever the terminal's width is, to be copied.
    out.print(Text(f"  {command}"), soft_wrap=True)


def offer(longer: Longer) -> str:
    """Return what a new run would tell, and how long it takes."""
    time = duration(longer.seconds)
    if longer.tells is None:
        sentence = later("A new run of {blocks} blocks, about {time}, would tell how much they differ")
        return tr(sentence, blocks=longer.blocks, time=time)
    sentence = later("A new run of {blocks} blocks, about {time}, would tell about ±{percent:g} %")
    return tr(sentence, blocks=longer.blocks, time=time, percent=100 * longer.tells)


def _asked(report: ComparisonReport) -> str:
    """Return the option that asks for what is offered."""
    assert report.longer
    option = "blocks" if report.max_blocks is None else "max_blocks"
    if caller() == "make":
        return f"{option.upper()}={report.longer.blocks}"
    return f"--{option.replace('_', '-')} {report.longer.blocks}"


# --- a cell ----------------------------------------------------------------------------------------------------------


def heading(cell: CellComparison, cells: Sequence[CellComparison]) -> str:
    """Return what all arms of a cell have in common, and what tells it from the others of its report."""
    phase = None
    if cell.phase:
        phase = f"{cell.phase} {method_words(cell.method)}".rstrip()
    words = (phase, cell.driver, *cell.differing(cells), cell.layout, cell.transport, cell.variant, cell.server)
    return " · ".join(filter(None, words))


def pairs_table(report: ComparisonReport, cell: CellComparison, *, detail: bool = False) -> Table:
    """Return the candidates of a cell, each against the first one, the baseline."""
    if detail:
        return detailed_table(report, cell)
    columns = (report.across, RATES[report.headline], *PAIR_COLUMNS)
    rows = [_plain(report, line) for line in lines_of(report, cell)]
    return _table_of(report, columns, rows)


def _table_of(report: ComparisonReport, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table without its empty columns, verdicts in their colours; doubts of both kinds take two lines."""
    shown, figures = filled(columns, rows)
    table = bare_table(shown, left={report.across, "verdict", "decides", "doubts"}, wraps={"doubts"})
    for name, *rest in figures:
        table.add_row(Text(name), *map(colored, rest))
    return table


def _plain(report: ComparisonReport, line: Line) -> Sequence[str]:
    arm = line.arm
    decides = arm.rows_per_s if report.headline == "burst" else arm.settled_rows_per_s
    return (shortened(arm.name), rate(decides), *plain_figures(line), uncounted(arm))


def detailed_table(report: ComparisonReport, cell: CellComparison) -> Table:
    """Return the candidates of a cell with both rates, each against the baseline."""
    columns = (report.across, *DETAILED_COLUMNS)
    return _table_of(report, columns, [_detailed(line) for line in lines_of(report, cell)])


def _detailed(line: Line) -> Sequence[str]:
    arm = line.arm
    ratio, interval, _, _, verdict, _, _ = pair_figures(line)
    rates = rate(arm.rows_per_s), rate(arm.settled_rows_per_s)
    return (shortened(arm.name), *rates, ratio, interval, verdict, line.by)


def statistics_table(report: ComparisonReport, cell: CellComparison) -> Table:
    """Return what only a statistician wants of the candidates of a cell, and how many trials are doubtful."""
    columns = (report.across, *STATISTICS_COLUMNS)
    rows = [
        (shortened(line.arm.name), *statistics(line.rank, line), uncounted(line.arm)) for line in lines_of(report, cell)
    ]
    return _table_of(report, columns, rows)


def costs_table(report: ComparisonReport, cell: CellComparison) -> Table:
    """Return what each run's or host's rows cost: time, processors, energy."""
    table = bare_table([report.across, *COST_COLUMNS], left={report.across})
    add_rows(table, ([shortened(arm.name), *cost_figures(arm)] for arm in cell.arms))
    return table


def cost_figures(arm: ArmSummary) -> Sequence[str]:
    """Return what an arm's rows cost, in the order of ``COST_COLUMNS``."""
    intervals = arm.latency_intervals
    return (
        percentile(arm.p50_ms, intervals.get("p50")),
        percentile(arm.p99_ms, intervals.get("p99")),
        rate(arm.rows_per_s_per_cpu),
        joules(arm.joules_per_1000_rows),
    )


def settings_lines(cell: CellComparison) -> Iterable[str]:
    """Return, for each pair, the settings that differ in effect."""
    for pair in cell.pairs:
        shown = settings(pair.differs)
        if not shown:
            continue
        named = ", ".join(shown[:SETTINGS])
        if more := len(shown[SETTINGS:]):
            named = tr("{names} and {count} more", names=named, count=more)
        yield tr("{candidate} differs in effect: {settings}.", candidate=pair.candidate, settings=named)


def noise_lines(report: ComparisonReport, cell: CellComparison) -> Iterable[str]:
    """Return what is known of the box's noise here, or of each arm's; the caption says what is not known."""
    boxes = [(tr("this box"), cell.noise)]
    boxes += [(arm.name, arm.noise) for arm in cell.arms]
    for name, noise in boxes:
        if noise is None:
            continue
        parts = [
            tr(
                "Noise floor of {name} (A/A of {blocks} blocks of {variant}, {day}): spread {spread}, drift {drift}",
                name=name,
                blocks=noise.blocks,
                variant=noise.variant,
                day=noise.measured[:10],
                spread=percent(noise.spread),
                drift=drift_text(noise.drift),
            ),
            _floor(noise),
        ]
        if not report.paired:
            parts.append(tr("that is of interleaved blocks, and what drifts between runs comes on top"))
        yield f"{'; '.join(parts)}."


def _floor(noise: CellNoise) -> str:
    takes = tr("the margin takes more blocks than can be run")
    if noise.blocks_for_margin is not None:
        takes = tr("the margin takes {blocks} blocks", blocks=noise.blocks_for_margin)
    if noise.detectable is None:
        return takes
    found = tr("of one pair alone so many blocks detect {difference}", difference=detected(noise.detectable))
    return f"{found}, {takes}"


# --- all cells -------------------------------------------------------------------------------------------------------


def matrices(report: ComparisonReport) -> Iterable[Table]:
    """Yield the matrix in as many parts as a terminal's width takes."""
    left = list(report.cells)
    while left:
        # A column at least, however long its name is.
        columns = len(left)
        while columns > 1 and width_of(matrix(report, left[:columns])) > WIDTH:
            columns -= 1
        yield matrix(report, left[:columns])
        left = left[columns:]


def matrix(report: ComparisonReport, cells: Sequence[CellComparison]) -> Table:
    """Return ratio and verdict of every pair: a line an arm, a column a cell."""
    columns = [report.across]
    found = [in_matrix(report, cell) for cell in cells]
    for cell in cells:
        of_phase = (cell.phase, cell.driver, *cell.differing(report.cells))
        words = (*of_phase, cell.variant, cell.layout, cell.transport, cell.server)
        columns.append(Given("\n".join(filter(None, words))))
    table = bare_table(columns, left={report.across})
    for name in candidates(report):
        table.add_row(Text(shortened(name)), *(_signed(each.get(name)) for each in found))
    return table


def _signed(found: tuple[str, str, str] | None) -> Text:
    if found is None:
        return Text(DASH)
    ratio, verdict, adjusted = found
    plain = verdict.removesuffix("*")
    return Text(f"{ratio} {SIGNS.get(plain, '!')}{adjusted[:1]}", style=STYLES.get(plain, ""))


def explanations_table(report: ComparisonReport) -> Table:
    """Return the facts that differ, a column an arm; what is too long for its column runs over several lines."""
    facts = report.explanations
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    table.add_column(tr("fact"), no_wrap=True, min_width=max((len(fact.name) for fact in facts), default=0))
    for arm in report.cells[0].arms:
        table.add_column(shortened(arm.name), overflow="fold", min_width=FACT_WIDTH)
    add_rows(table, ([fact.name, *fact.values] for fact in facts))
    return table


def legend(report: ComparisonReport) -> str:
    """Return how the numbers are to be read, in a few words."""
    paired = tr("paired by block") if report.paired else tr("not paired")
    pairs = sum(len(cell.pairs) for cell in report.cells)
    parts = [
        tr("ratio: of {rates}, {paired}", rates=_rates(report), paired=paired),
        tr("interval: {level:g} %", level=100 * (1 - report.alpha)),
    ]
    if pairs > 1:
        parts.append(tr("verdicts allow for all {pairs} pairs", pairs=pairs))
    parts.append(tr("equivalent: within ±{margin}.", margin=percent(report.margin)))
    more = "DETAIL=1" if caller() == "make" else "--detail"
    shows = tr("{option} shows ranks, p-values, noise.", option=more)
    return f"{'; '.join(parts)} {shows}\n{_unmeasured(report)}".rstrip()


def caption(report: ComparisonReport) -> str:
    """Return how the numbers are to be read."""
    paired = tr("paired by block") if report.paired else tr("not paired: blocks were not interleaved (Welch)")
    level = 100 * (1 - report.alpha)
    interval = tr("interval: {level:g} %, of all looks and all pairs together", level=level)
    if report.max_blocks is None:
        interval = tr("interval: {level:g} %, marginal (of each pair alone)", level=level)
    parts = [
        tr("rates: geometric means over blocks (a ladder's are of all trials as one: they differ a little)"),
        tr("ratio: of the {rates}, {paired}", rates=_rates(report), paired=paired),
        interval,
        tr("equivalent: wholly within ±{margin}", margin=percent(report.margin)),
        tr("min. effect: the minimum detectable effect, found in 8 of 10 cases (>2×: a factor above 2)"),
        tr(
            "blocks: that count, + those that would decide in 8 of 10 if effect and spread are as seen – or, at most,"
            " if they are others that these blocks allow"
        ),
        tr("a range of ranks is a tie"),
        *_allowances(report),
    ]
    return f"{'; '.join(parts)}.\n{_unmeasured(report)}".rstrip()


def _allowances(report: ComparisonReport) -> Iterable[str]:
    """Yield what figures allow for: the machine's speed, many pairs, several cells."""
    if any(pair.adjusted for cell in report.cells for pair in cell.pairs):
        yield tr(
            "adjusted: the ratio had the machine been as fast under both; it decides where that is shown not to be"
            " the candidates' own doing"
        )
    if report.max_blocks is None:
        yield tr("p adj.: Holm, over all pairs here, and so is equivalence")
        yield tr("min. effect and blocks allow for as many comparisons")
        yield tr("*: another verdict if it were the only pair")
    if report.overall:
        yield tr(
            "over all cells: the geometric mean of a candidate's rates over them, block by block, p adj. over those"
            " pairs alone, ranks within one durability"
        )


def _rates(report: ComparisonReport) -> str:
    """Return which rates are compared."""
    rates = tr(PRIMARY[report.headline])
    return (
        tr("{rates} rates, adjusted where marked", rates=rates)
        if any_adjusted(report)
        else tr("{rates} rates", rates=rates)
    )


def _unmeasured(report: ComparisonReport) -> str:
    """Say where nothing is known of a box's noise."""
    somewhere, everywhere = False, True
    for cell in report.cells:
        of_arms = [arm.noise for arm in cell.arms]
        somewhere |= bool(cell.noise) or any(of_arms)
        everywhere &= bool(cell.noise) or all(of_arms)
    if everywhere:
        return ""
    several_boxes = len(set(report.hosts)) > 1
    return tr(IN_PART if somewhere or several_boxes else NOT_MEASURED)
