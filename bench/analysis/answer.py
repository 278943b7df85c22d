"""A comparison in one or two sentences that somebody tired can act on; the evidence is the tables'.

Where several candidates are named, each with a range, their intervals hold together (Bonferroni over all pairs that
are looked at, ``α ÷ pairs`` each). "None gains more than" needs no such allowance: only the candidate that truly gains
the most could break it, by lying above the upper end of its own interval, which is no higher than the highest; so the
largest upper end of the plain intervals bounds the largest gain, at the level of one. "The fastest" is said of a
candidate that ranks before every other one, each pair of them compared.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain

from bench.analysis.adjusting import in_words
from bench.analysis.comparison import CellComparison, ComparisonReport, Pair, Rank
from bench.analysis.crossing import crossings
from bench.analysis.interference import TOLD, cost, dropped, value_of
from bench.analysis.listing import MOST_NAMED, listed, some
from bench.analysis.notes import FEW_BLOCKS
from bench.analysis.pairs import decides
from bench.analysis.promises import risk_of
from bench.engines.postgresql.layout import own_layout
from bench.plan.contrast import LAYOUT, OF_PARAMETERS, TOGETHER, VARIANT, VERSION
from bench.stats.compare import ALPHA, Comparison, ratios, verdict_of
from bench.stats.intervals import Interval, t_interval

TIMES, TIMES_AT_MOST = 2.0, 3.0
"""From these ratios on, of the lower or the upper end, a gain is told as a factor."""
KINDS = {VARIANT: "configuration", "phase": "rung", VERSION: "version"}
"""What the candidates of a factor are called where that is not its name."""
DECIDED = ("faster", "slower")
REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """A candidate against the baseline, in a cell or over all of them."""

    pair: Pair
    found: Comparison
    """The comparison that decides."""
    grades: tuple[str, ...]
    """The candidate's durability there."""
    baseline: tuple[str, ...]
    """And the baseline's."""
    where: str
    """Of several cells in which one, or under what; in words."""


@dataclass(frozen=True)
class Scope:
    """The lines that a sentence is about, and how many pairs were looked at to find what it says."""

    report: ComparisonReport
    lines: Sequence[Line]
    over: str = ""
    """Where they hold, in words."""

    @cached_property
    def known(self) -> list[Line]:
        """Those with an interval: one block alone has none."""
        return [line for line in self.lines if line.found.interval]

    @property
    def pairs(self) -> int:
        """How many there are: each has its share of the intervals' error."""
        return len(self.known)

    def interval(self, line: Line) -> Interval:
        """Return the interval of a line that holds together with those of all others."""
        found = line.found
        assert found.interval
        # A run until decided has shared its alpha among its comparisons.
        if self.pairs == 1 or self.report.max_blocks is not None or found.error is None or found.freedom is None:
            return found.interval
        together = t_interval(math.log(found.ratio), found.error, found.freedom, ALPHA / self.pairs)
        # Of two blocks among many pairs no float holds it.
        return ratios(together) or found.interval

    def adjusted(self, line: Line) -> Interval | None:
        """Return the interval of a line's adjusted comparison that holds together with those of all others."""
        found = line.pair.adjusted
        if found is None or found.error is None or found.freedom is None:
            return None
        return ratios(t_interval(math.log(found.ratio), found.error, found.freedom, ALPHA / self.pairs))

    @property
    def level(self) -> str:
        """The coverage, in words."""
        level = f"{100 * (1 - self.report.alpha):g} %"
        if self.pairs == 1:
            return level
        return f"{level}, {'both' if self.pairs == 2 else f'all {self.pairs}'} at once"


def sentence_of(report: ComparisonReport) -> str:
    """Return what follows from a comparison."""
    if refused := _baseline_refused(report):
        return refused
    parts = []
    single = _cells_scope(report)
    over = _overall_scope(report)
    if over is not None:
        parts += _of_candidates(over)
        parts += _exceptions(over, single)
    elif len(report.cells) == 1:
        parts += _of_candidates(single)
    else:
        parts += _of_cells(single)
        parts += crossings(report)
    parts += _if_left_alone(over or single)
    parts += _unknown(report)
    if FEW_BLOCKS in report.notes and any(line.pair.verdict in DECIDED for line in single.lines):
        parts.append("So few blocks may take drift for a difference: measure six or more before acting on it.")
    text = " ".join(parts)
    if not report.complete:
        text = f"So far, of a run that is not complete: {text}"
    return text


def undecided(report: ComparisonReport) -> list[Comparison]:
    """Return the comparisons that the sentence leaves open, or rests on too few blocks for."""
    scope = _overall_scope(report) or _cells_scope(report)
    few = FEW_BLOCKS in report.notes
    return [line.found for line in scope.lines if few or line.pair.verdict == "undecided"]


# --- what it is about ------------------------------------------------------------------------------------------------


def _cells_scope(report: ComparisonReport) -> Scope:
    lines = []
    for cell in report.cells:
        grades = {arm.name: arm.durability for arm in cell.arms}
        where = _where(cell, report.cells) if len(report.cells) > 1 else ""
        lines += _lines(report, cell.pairs, grades, where)
    return Scope(report, lines)


def _where(cell: CellComparison, cells: Sequence[CellComparison]) -> str:
    return f"{_preposition(cell)} {' '.join(cell.briefly(cells))}"


def _preposition(cell: CellComparison) -> str:
    """Return the word before a cell: where rungs are compared, it is what they run under."""
    return "in" if cell.phase else "under"


def _overall_scope(report: ComparisonReport) -> Scope | None:
    """Return the pairs over all cells; None where there are none, as no block has all candidates in every cell."""
    if report.overall is None:
        return None
    found: dict[str, set[str]] = {}
    for arm in chain.from_iterable(cell.arms for cell in report.cells):
        found.setdefault(arm.name, set()).update(arm.durability)
    grades = {name: tuple(sorted(of_arm)) for name, of_arm in found.items()}
    lines = _lines(report, report.overall.pairs, grades, "")
    if not lines:
        return None
    return Scope(report, lines, f" on average over {_all_cells(report.cells, report.cells)}")


def _lines(
    report: ComparisonReport, pairs: Iterable[Pair], grades: Mapping[str, tuple[str, ...]], where: str
) -> list[Line]:
    return [
        Line(pair, found, grades[pair.candidate], grades[pair.baseline], where)
        for pair in pairs
        if (found := decides(report, pair))
    ]


def _all_cells(cells: Sequence[CellComparison], among: Sequence[CellComparison]) -> str:
    names = [" ".join(cell.briefly(among)) for cell in cells]
    if len(names) <= MOST_NAMED:
        return listed(names)
    return f"all {len(cells)} {'rungs' if _are_rungs(cells) else 'cells'}"


def _one_by_one(cells: Sequence[CellComparison]) -> str:
    return "Rung by rung" if _are_rungs(cells) else "Cell by cell"


def _are_rungs(cells: Sequence[CellComparison]) -> bool:
    return len({cell.phase for cell in cells}) == len(cells)


# --- candidates, in one cell or over all -----------------------------------------------------------------------------


def _of_candidates(scope: Scope) -> list[str]:
    """Say it of the candidates with the baseline's durability, then of others: speed may be bought with it."""
    if scope.lines and not scope.known:
        return [_no_spread(scope)]
    if scope.report.across in TOLD and not _at_a_rate(scope.report):
        return [_of_interference(scope, line) for line in scope.known]
    if _drops_or_deletes(scope):
        return [_of_dropping(scope, line) for line in scope.known]
    same = [line for line in scope.known if line.grades == line.baseline]
    others = [line for line in scope.known if line.grades != line.baseline]
    parts = []
    for group in filter(None, (same, others)):
        if len(group) == 1:
            parts.append(_of_one(scope, group[0]))
        elif any(line.pair.verdict == "faster" for line in group):
            parts += _with_faster(scope, group)
        elif group is same:
            parts.append(_none_faster(scope, group))
        else:
            parts.append(_none_of_other_durability(group))
    return parts


def _no_spread(scope: Scope) -> str:
    blocks = max(line.found.blocks for line in scope.lines)
    measured = "One block decides" if blocks == 1 else f"{blocks} blocks decide"
    return f"{measured} nothing: measure six or more."


def _of_one(scope: Scope, line: Line) -> str:
    candidate, baseline = _names(scope.report, line.pair)
    level, ending = f" ({scope.level})", f"{_risk(line, baseline)}{_keep(scope, line)}."
    interval = scope.interval(line)
    if line.pair.verdict in DECIDED:
        together = level if scope.pairs > 1 else ""
        differs, word = _difference(line, interval)
        return f"{candidate} is {differs} {word} {baseline}{_here(scope)}{together}{ending}"
    if line.pair.verdict == "equivalent":
        margin = _percent(scope.report.margin)
        return f"{candidate} is within ±{margin} of {baseline}{_here(scope)}{level}{ending}"
    gains, loses = _percent(max(interval.high - 1, 0)), _percent(max(1 - interval.low, 0))
    return (
        f"Undecided: {candidate} gains at most {gains} and loses at most {loses} against {baseline}{scope.over}"
        f"{level}{_risk(line, baseline)}."
    )


def _at_a_rate(report: ComparisonReport) -> bool:
    """Return whether rows came at a rate: then what is beside the writers costs time, which no rate shows."""
    return any(cell.parameters.get("rate") is not None for cell in report.cells)


def _of_interference(scope: Scope, line: Line) -> str:
    """Say what costs the writers how much: readers, that so many rows are kept, or what is waited for of a standby."""
    interval = scope.interval(line)
    report, verdict = scope.report, line.pair.verdict
    count, against = (
        value_of(report.across, arm.partition("=")[2]) for arm in (line.pair.candidate, line.pair.baseline)
    )
    text = cost(report.across, count, against, verdict, line.found.ratio, interval, report.margin)
    return _with_where(scope, line, text)


def _drops_or_deletes(scope: Scope) -> bool:
    """Return whether tables are compared that keep so many rows: the first deletes them, each other drops."""
    report = scope.report
    if report.across != LAYOUT or report.of_runs or _at_a_rate(report):
        return False
    if not all(cell.parameters.get("retain") for cell in report.cells):
        return False
    return all(_drops(line.pair.candidate) and not _drops(line.pair.baseline) for line in scope.known)


def _drops(layout: str) -> bool:
    """Return whether a layout keeps so many rows by dropping partitions; one of a user's may, and is not known here."""
    found = own_layout(layout)
    return found is not None and found.by_time


def _of_dropping(scope: Scope, line: Line) -> str:
    """Say what dropping partitions costs the writers, or gains them, against deleting as many rows."""
    text = dropped(line.pair.verdict, line.found.ratio, scope.interval(line), scope.report.margin)
    return _with_where(scope, line, text)


def _with_where(scope: Scope, line: Line, text: str) -> str:
    """Return what is said of the writers as a sentence that tells where it holds, and how surely."""
    verdict = line.pair.verdict
    where = scope.over if verdict == "undecided" else _here(scope)
    if verdict not in DECIDED or scope.pairs > 1:
        where += f" ({scope.level})"
    return f"{text[0].upper()}{text[1:]}{where}."


def _none_faster(scope: Scope, group: Sequence[Line]) -> str:
    _, baseline = _names(scope.report, group[0].pair)
    undecided, level = _undecided(group), f"{100 * (1 - scope.report.alpha):g} %"
    none = f"none of {len(group)} {_kinds(scope.report)} {_bound_of(group)}"
    text = f"{undecided}{none} against {baseline}{scope.over} ({level})"
    slower = [line.pair.candidate for line in group if line.pair.verdict == "slower"]
    if slower:
        text += f"; {some(slower)} {'is' if len(slower) == 1 else 'are'} slower"
    keep = "" if undecided else _keep(scope, group[0])
    return f"{text[0].upper()}{text[1:]}{keep}."


def _none_of_other_durability(group: Sequence[Line]) -> str:
    who = str(len(group))
    if len(group) <= MOST_NAMED:
        who = listed([line.pair.candidate for line in group])
    return f"Of other durability, {_undecided(group)}none of {who} {_bound_of(group)}."


def _undecided(group: Sequence[Line]) -> str:
    """Return what stands before the bounds of candidates of which not each is decided."""
    names = [line.pair.candidate for line in group if line.pair.verdict == "undecided"]
    if not names:
        return ""
    return "undecided: " if len(names) == len(group) else f"undecided for {some(names)}: "


def _bound_of(group: Iterable[Line]) -> str:
    return _bound([line.found.interval for line in group if line.found.interval])


def _with_faster(scope: Scope, group: Sequence[Line]) -> list[str]:
    faster = [line for line in group if line.pair.verdict == "faster"]
    others = [line for line in group if line.pair.verdict != "faster"]
    faster.sort(key=lambda line: line.found.ratio, reverse=True)
    _, baseline = _names(scope.report, group[0].pair)
    told = []
    for line in faster[:MOST_NAMED]:
        interval = scope.interval(line)
        told.append(f"{_names(scope.report, line.pair)[0]} is {_difference(line, interval)[0]}{_risk(line, baseline)}")
    text = f"Against {baseline}{scope.over}, {'; '.join(told)} ({scope.level})"
    if more := len(faster) - len(told):
        text += f"; {more} more {'is' if more == 1 else 'are'} faster"
    if others:
        text += f"; {_rest(scope, others)}"
    parts = [f"{text}."]
    if len(faster) > 1:
        parts.append(_fastest(scope, faster))
    return parts


def _rest(scope: Scope, others: Sequence[Line]) -> str:
    intervals = list(map(scope.interval, others))
    if len(others) > 1:
        return f"none of the other {len(others)} {_bound(intervals, loses=False)}"
    candidate, _ = _names(scope.report, others[0].pair)
    return f"{candidate} gains at most {_percent(max(intervals[0].high - 1, 0))}"


def _fastest(scope: Scope, faster: Sequence[Line]) -> str:
    """Say which is the fastest, if the comparisons of all pairs bear it."""
    ranks = {rank.arm: rank for rank in _ranking(scope.report, faster[0].pair.candidate)}
    for line in faster:
        rank = ranks.get(line.pair.candidate)
        if rank and rank.worst == 1:
            return f"{line.pair.candidate} is the fastest."
    return "Which of them is the fastest is not decided."


def _ranking(report: ComparisonReport, candidate: str) -> Sequence[Rank]:
    """Return the ranking that a candidate is in: over all cells among those of its durability."""
    if report.overall is None:
        return report.cells[0].ranking
    for standing in report.overall.standings:
        if any(rank.arm == candidate for rank in standing.ranking):
            return standing.ranking
    return ()


# --- cell by cell ----------------------------------------------------------------------------------------------------


def _of_cells(scope: Scope) -> list[str]:
    """Say where differences are shown; if nowhere, how large they can be."""
    if not scope.known:
        return [_no_spread(scope)] if scope.lines else []
    baseline = _names(scope.report, scope.lines[0].pair)[1]
    decided = [line for line in scope.known if line.pair.verdict in DECIDED]
    if not decided:
        return [_nothing_decided(scope)]
    parts = [f"Against {baseline}, {_mentioned(scope, decided)} ({scope.level})."]
    if others := [scope.interval(line) for line in scope.known if line.pair.verdict not in DECIDED]:
        parts.append(f"No other difference is shown: none {_bound(others)}.")
    return parts


def _nothing_decided(scope: Scope) -> str:
    report = scope.report
    candidate, baseline = _names(report, scope.known[0].pair)
    candidates = {line.pair.candidate for line in scope.known}
    compared = [cell for cell in report.cells if any(map(partial(_is_known, report), cell.pairs))]
    where = f"{_preposition(compared[0])} {_all_cells(compared, report.cells)}"
    level = f"{100 * (1 - report.alpha):g} %"
    several = f"{len(candidates)} {_kinds(report)}"
    if all(line.pair.verdict == "equivalent" for line in scope.known):
        who = candidate if len(candidates) == 1 else f"each of {several}"
        return f"{who} is within ±{_percent(report.margin)} of {baseline} {where} ({level})."
    who = f"{candidate} nowhere" if len(candidates) == 1 else f"none of {several}"
    return f"Undecided: {where} {who} {_bound_of(scope.known)} against {baseline} ({level})."


def _is_known(report: ComparisonReport, pair: Pair) -> bool:
    found = decides(report, pair)
    return found is not None and found.interval is not None


def _exceptions(over: Scope, single: Scope) -> list[str]:
    """Say what is shown in which cells, of the candidates that do not do the same in all of them as on average."""
    on_average = {line.pair.candidate: line.pair.verdict for line in over.lines}
    mixed = {line.pair.candidate for line in single.known if line.pair.verdict != on_average.get(line.pair.candidate)}
    decided = [line for line in single.known if line.pair.candidate in mixed and line.pair.verdict != "undecided"]
    if not decided:
        return []
    return [f"{_one_by_one(single.report.cells)}, {_mentioned(single, decided)} ({single.level})."]


def _mentioned(scope: Scope, decided: Sequence[Line]) -> str:
    """Return who differs where: those that differ most."""
    by_candidate: dict[str, list[str]] = {}
    by_size = sorted(decided, key=lambda line: abs(math.log(line.found.ratio)), reverse=True)
    for line in by_size[:MOST_NAMED]:
        interval = scope.interval(line)
        candidate, baseline = _names(scope.report, line.pair)
        text = f"{_difference(line, interval)[0]} {line.where}{_risk(line, baseline)}"
        if line.pair.verdict == "equivalent":
            text = f"within ±{_percent(scope.report.margin)} {line.where}"
        by_candidate.setdefault(candidate, []).append(text)
    parts = [f"{candidate} is {listed(texts)}" for candidate, texts in by_candidate.items()]
    if (more := len(decided) - MOST_NAMED) > 0:
        parts.append(f"and {more} more")
    return "; ".join(parts)


# --- what holds on a condition ---------------------------------------------------------------------------------------


def _if_left_alone(scope: Scope) -> list[str]:
    """Say what the adjusted comparisons come to of pairs that are undecided, if their covariates are no outcome."""
    undecided = [line for line in scope.known if line.pair.verdict == "undecided"]
    same = [line for line in undecided if line.grades == line.baseline]
    others = [line for line in undecided if line.grades != line.baseline]
    return list(filter(None, (_on_condition(scope, same), _on_condition(scope, others))))


def _on_condition(scope: Scope, group: Sequence[Line]) -> str | None:
    """Return the sentence on undecided candidates of the baseline's durability, or on those of another one."""
    hinging = [line for line in group if line.pair.hinges_on]
    found = [interval for line in hinging if (interval := scope.adjusted(line))]
    # Where little of the noise is the machine's speed, adjusting costs more than it gains, and says nothing new.
    if len(found) < len(hinging) or not found or _reach(found) >= _reach(list(map(scope.interval, hinging))):
        return None
    covariates = list(dict.fromkeys(chain.from_iterable(line.pair.hinges_on for line in hinging)))
    as_they_are = "as it is" if len(covariates) == 1 else "as they are"
    who, verb = _undecided_candidates(scope, hinging, group)
    condition = f"If {who} {verb} {in_words(covariates)} {as_they_are}, which these blocks can't show"
    if len(hinging) == 1:
        baseline = _names(scope.report, hinging[0].pair)[1]
        comes_to = f"it {_comes_to(found[0], scope.report.margin)}{scope.over}{_risk(hinging[0], baseline)}"
    else:
        comes_to = f"none of them {_bound(found)}{scope.over}"
    return f"{condition}, {comes_to} ({scope.level})."


def _undecided_candidates(scope: Scope, hinging: Sequence[Line], group: Sequence[Line]) -> tuple[str, str]:
    """Return the candidates that hinge on a condition, by name or counted, and the verb that goes with them."""
    names = [" ".join(filter(None, (_names(scope.report, line.pair)[0], line.where))) for line in hinging]
    if len(names) == 1:
        return names[0], "leaves"
    if len(names) <= MOST_NAMED:
        return listed(names), "leave"
    kinds = "comparisons" if hinging[0].where else _kinds(scope.report)
    counted = f"the {len(group)}"
    if len(hinging) < len(group):
        counted = f"{len(hinging)} of {counted}"
    durability = "" if group[0].grades == group[0].baseline else " of other durability"
    return f"{counted} undecided {kinds}{durability}", "leave"


def _reach(intervals: Collection[Interval]) -> float:
    """Return how far it is from the lowest end to the highest."""
    return max(each.high for each in intervals) - min(each.low for each in intervals)


def _comes_to(interval: Interval, margin: float) -> str:
    match verdict_of(Interval(math.log(interval.low), math.log(interval.high)), margin):
        case "faster":
            return f"is {_range(interval.low - 1, interval.high - 1)} faster"
        case "slower":
            return f"is {_range(1 - interval.high, 1 - interval.low)} slower"
        case "equivalent":
            return f"is within ±{_percent(margin)}"
    gains, loses = _percent(max(interval.high - 1, 0)), _percent(max(1 - interval.low, 0))
    return f"gains at most {gains} and loses at most {loses}"


# --- what is not known -----------------------------------------------------------------------------------------------


def _baseline_refused(report: ComparisonReport) -> str | None:
    if not all(cell.arms[0].refused for cell in report.cells):
        return None
    return f"Nothing was compared: the baseline {report.cells[0].arms[0].name} was refused."


def _unknown(report: ComparisonReport) -> list[str]:
    """Name the candidates of which no cell knows by how much they differ, where of others some does."""
    known: dict[str, bool] = {}
    spread = False
    whys: dict[str, str] = {}
    for cell in report.cells:
        refused = {arm.name for arm in cell.arms if arm.refused}
        for pair in cell.pairs:
            found = decides(report, pair)
            known[pair.candidate] = known.get(pair.candidate, False) or bool(found and found.interval)
            spread = spread or bool(found)
            why = REFUSED if pair.candidate in refused else "without a block that counts"
            whys[pair.candidate] = "one block shows no spread" if found else why
    if spread and not any(known.values()):
        return []
    by_why: dict[str, list[str]] = {}
    for name, is_known in known.items():
        if not is_known:
            by_why.setdefault(whys[name], []).append(name)
    return [_of_unknown(names, why) for why, names in by_why.items()]


def _of_unknown(names: Sequence[str], why: str) -> str:
    if why == REFUSED:
        return f"{some(names)} {'was' if len(names) == 1 else 'were'} refused."
    return f"Nothing is known of {some(names)}: {why}."


# --- words -----------------------------------------------------------------------------------------------------------


def _names(report: ComparisonReport, pair: Pair) -> tuple[str, str]:
    """Return candidate and baseline as a sentence names them."""
    before = ""
    if report.across == VERSION and not report.of_runs:
        before = "PostgreSQL "
    elif report.across == "run":
        before = "run "
    return before + pair.candidate, before + pair.baseline


def _kinds(report: ComparisonReport) -> str:
    if report.across in (*OF_PARAMETERS, *TOGETHER):
        return f"values of {report.across}"
    return f"{KINDS.get(report.across, report.across)}s"


def _here(scope: Scope) -> str:
    return scope.over or ("" if scope.report.of_runs else " here")


def _difference(line: Line, interval: Interval) -> tuple[str, str]:
    """Return by how much a candidate differs, and the word before what it differs from."""
    if line.pair.verdict == "slower":
        return f"{_range(1 - interval.high, 1 - interval.low)} slower", "than"
    if interval.low >= TIMES or interval.high >= TIMES_AT_MOST:
        low, high = math.floor(10 * max(interval.low, 1)) / 10, math.ceil(10 * interval.high) / 10
        return f"{low:g}–{high:g} times as fast", "as"
    return f"{_range(interval.low - 1, interval.high - 1)} faster", "than"


def _range(low: float, high: float) -> str:
    """Return from where to where, never narrower than it is: 9–14 %, 0.4–1.3 %."""
    # A verdict that p-values bear in steps (Holm) may lie a little beyond what all intervals hold at once.
    if low <= 0:
        return f"up to {_percent(high)}"
    scale = _scale(high)
    return f"{math.floor(scale * 100 * low) / scale:g}–{_percent(high)}"


def _percent(share: float) -> str:
    """Return a bound in percent, never below what it is: 14 %, 3.7 %."""
    scale = _scale(share)
    # A share that is a round number of percent stays it: 0.02 is not 2.1 %.
    return f"{math.ceil(round(scale * 100 * share, 6)) / scale:g} %"


def _scale(share: float) -> int:
    return 1 if share >= 0.0995 else 10


def _bound(intervals: Collection[Interval], *, loses: bool = True) -> str:
    """Return what none of these does: gain more, or lose more, than the ends of their intervals."""
    highest = max(interval.high for interval in intervals) - 1
    lowest = 1 - min(interval.low for interval in intervals)
    text = f"gains more than {_percent(highest)}" if highest > 0 else "gains anything"
    if not loses:
        return text
    return f"{text} or loses {f'more than {_percent(lowest)}' if lowest > 0 else 'anything'}"


def _risk(line: Line, baseline: str) -> str:
    """Return what a candidate promises where that is not what the baseline does."""
    if line.grades == line.baseline or not line.grades:
        return ""
    if line.grades == ("durable",):
        return f", and is durable, unlike {baseline}"
    return risk_of(line.grades)


def _keep(scope: Scope, line: Line) -> str:
    """Return what to do where nothing is shown to be faster; of other factors than the configuration the user's."""
    if scope.report.across != VARIANT or scope.report.of_runs or line.pair.verdict == "faster":
        return ""
    if line.grades != line.baseline and line.grades == ("durable",):
        return ""
    return f": keep {line.pair.baseline}"
