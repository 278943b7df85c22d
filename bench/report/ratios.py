"""How the figures of a comparison are written: ratios, intervals, verdicts, ranks."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from bench.analysis.comparison import ArmSummary, CellComparison, ComparisonReport, CpuRatio, Overall, Pair, Rank
from bench.analysis.pairs import decides
from bench.model.language import later, tr
from bench.report.numbers import DASH, number, p_text, percent
from bench.stats.compare import Comparison

ADJUSTED = later("adjusted")
REFUSED, BASELINE, NO_BLOCKS = later("refused"), later("baseline"), later("no blocks")
STYLES = {
    later("faster"): "green",
    later("slower"): "red",
    later("equivalent"): "cyan",
    later("undecided"): "yellow",
}
VERDICTS = {*STYLES, REFUSED, BASELINE, NO_BLOCKS, ADJUSTED}


@dataclass(frozen=True, slots=True)
class Line:
    """An arm as a table shows it: where it stands, and its pair with the first arm, which has none itself."""

    arm: ArmSummary
    rank: Rank | None
    pair: Pair | None
    decides: Comparison | None

    @property
    def by(self) -> str:
        """What decides, where it is not the rates as they are."""
        return ADJUSTED if self.pair and self.pair.adjusted_decides else ""

    @property
    def verdict(self) -> str:
        """The verdict in a word; with a star where it would be another if this were the only comparison."""
        if self.arm.refused:
            return REFUSED
        if self.pair is None:
            return BASELINE
        if self.pair.verdict is None or self.decides is None:
            return NO_BLOCKS
        if self.decides.verdict != self.pair.verdict:
            return f"{self.pair.verdict}*"
        return self.pair.verdict


def lines_of(report: ComparisonReport, cell: CellComparison) -> list[Line]:
    """Return the arms of a cell."""
    pairs = pairs_of(cell)
    ranks = {rank.arm: rank for rank in cell.ranking}
    return [line_of(report, arm, ranks.get(arm.name), pairs.get(arm.name)) for arm in cell.arms]


def line_of(report: ComparisonReport, arm: ArmSummary, rank: Rank | None, pair: Pair | None) -> Line:
    """Return an arm with the comparison that decides."""
    return Line(arm, rank, pair, decides(report, pair) if pair else None)


def pairs_of(part: CellComparison | Overall) -> dict[str, Pair]:
    """Return the pair of each arm but the first."""
    return {pair.candidate: pair for pair in part.pairs}


def candidates(report: ComparisonReport) -> list[str]:
    """Return the arms that some cell compares with its first, in the order of the cells."""
    names: dict[str, None] = {}
    for cell in report.cells:
        names |= dict.fromkeys(pairs_of(cell))
    return list(names)


def pair_figures(line: Line) -> Sequence[str]:
    """Return ratio, interval, burst ratio, p-value, verdict, what is detected, blocks."""
    pair, decides = line.pair, line.decides
    if pair is None:
        return ("1", "", "", "", line.verdict, "", "")
    return (
        ratio_text(decides),
        interval_text(decides),
        ratio_text(pair.burst),
        p_text(pair.adjusted_p),
        line.verdict,
        detects_text(decides),
        blocks_text(pair, decides),
    )


def statistics(rank: Rank | None, line: Line) -> Sequence[str]:
    """Return rank, burst ratio, p-value, what is detected, blocks."""
    _, _, burst, p_value, _, detects, blocks = pair_figures(line)
    return rank_text(rank), burst, p_value, detects, blocks


def plain_figures(line: Line) -> Sequence[str]:
    """Return ratio, interval, verdict and whether that is by adjusted rates; not what only tells why it is no other."""
    if line.pair is None:
        return ("1", "", line.verdict, "")
    return (ratio_text(line.decides), interval_text(line.decides), line.verdict.removesuffix("*"), line.by)


def in_matrix(report: ComparisonReport, cell: CellComparison) -> dict[str, tuple[str, str, str]]:
    """Return ratio and verdict of each arm that has a pair in a cell, and whether they are by adjusted rates."""
    lines = lines_of(report, cell)
    return {line.arm.name: (ratio_text(line.decides), line.verdict, line.by) for line in lines if line.pair}


def any_adjusted(report: ComparisonReport) -> bool:
    """Return whether an adjusted comparison decides anywhere."""
    pairs = list(report.overall.pairs) if report.overall else []
    for cell in report.cells:
        pairs += cell.pairs
    return any(pair.adjusted_decides for pair in pairs)


def colored(figure: str) -> Text:
    """Return a figure as a cell of a table; a verdict has its colour, and is translated."""
    return Text(verdict_words(figure), style=STYLES.get(figure.removesuffix("*"), ""))


def verdict_words(figure: str) -> str:
    """Return a verdict, or which rates decide, in words; any other figure as it is."""
    plain = figure.removesuffix("*")
    return tr(plain) + figure[len(plain) :] if plain in VERDICTS else figure


def rank_text(rank: Rank | None) -> str:
    """Return a rank, or from where to where it may lie; runs and hosts have none."""
    if rank is None:
        return ""
    if rank.best == rank.worst:
        return str(rank.best)
    return f"{rank.best}–{rank.worst}"


def ratio_text(found: Comparison | CpuRatio | None) -> str:
    """Return a ratio with three digits behind the point, fewer where it is large."""
    if found is None:
        return DASH
    return number(found.ratio)


def interval_text(found: Comparison | CpuRatio | None) -> str:
    """Return an interval of a ratio."""
    if found is None or found.interval is None:
        return DASH
    return f"{number(found.interval.low)}–{number(found.interval.high)}"


def detects_text(found: Comparison | None) -> str:
    """Return the smallest difference that so many blocks find."""
    if found is None or found.detectable is None:
        return DASH
    if found.detectable > 1:
        return ">2×"
    return percent(found.detectable)


def detected(difference: float) -> str:
    """Return a difference that blocks detect, in words: beyond a factor of 2 its figure says nothing more."""
    if difference > 1:
        return tr("more than a factor of 2")
    return percent(difference)


def blocks_text(pair: Pair, found: Comparison | None) -> str:
    """Return the blocks that count and, if undecided, how many more would decide.

    6+12–60: 12 if effect and spread are as seen, up to 60; ``?`` where no reasonable number would.
    """
    if found is None:
        return DASH
    if pair.verdict != "undecided":
        return str(found.blocks)
    likely, most = _more(found.more_blocks), _more(found.more_blocks_at_most)
    if likely == most:
        return f"{found.blocks}+{likely}"
    return f"{found.blocks}+{likely}–{most}"


def _more(blocks: int | None) -> str:
    if blocks is None:
        return "?"
    return str(blocks)
