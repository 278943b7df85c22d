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

from bench.analysis.adjusting import in_words
from bench.analysis.comparison import CellComparison, ComparisonReport, Pair, Rank
from bench.analysis.crossing import crossings
from bench.analysis.interference import TOLD, cost, dropped, value_of
from bench.analysis.listing import MOST_NAMED, listed, some
from bench.analysis.notes import FEW_BLOCKS
from bench.analysis.pairs import decides
from bench.analysis.promises import risk_of
from bench.engines.postgresql.layout import own_layout
from bench.model.language import later, tr, tr_many
from bench.plan.contrast import LAYOUT, OF_PARAMETERS, TOGETHER, VARIANT, VERSION
from bench.stats.compare import ALPHA, Comparison, Verdict, ratios, verdict_of
from bench.stats.intervals import Interval, t_interval
from bench.stats.missing import not_none

TIMES, TIMES_AT_MOST = 2.0, 3.0
"""From these ratios on, of the lower or the upper end, a gain is told as a factor."""
KINDS = {
    VARIANT: later("configuration"),
    "phase": later("rung"),
    VERSION: later("version"),
    "layout": later("layout"),
    "transport": later("transport"),
    "driver": later("driver"),
    "engine": later("engine"),
    "host": later("host"),
    "run": later("run"),
}
"""What the candidates of a factor are called; of any other by its name."""
SEVERAL = {
    "configuration": later("configurations"),
    "rung": later("rungs"),
    "version": later("versions"),
    "layout": later("layouts"),
    "transport": later("transports"),
    "driver": later("drivers"),
    "engine": later("engines"),
    "host": later("hosts"),
    "run": later("runs"),
}
DECIDED: tuple[Verdict, ...] = ("faster", "slower")
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

    @property
    def candidate(self) -> str:
        """Which it is."""
        return self.pair.candidate

    @property
    def verdict(self) -> Verdict | None:
        """On the candidate."""
        return self.pair.verdict

    @property
    def same_durability(self) -> bool:
        """Whether the candidate promises what the baseline does."""
        return self.grades == self.baseline


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
        if self.pairs == 2:
            return tr("{level}, both at once", level=level)
        return tr("{level}, all {count} at once", level=level, count=self.pairs)


def sentence_of(report: ComparisonReport) -> str:
    """Return what follows from a comparison."""
    if refused := _baseline_refused(report):
        return refused
    parts = []
    single = _cells_scope(report)
    over, turns = _overall_scope(report), crossings(report)
    # Where one overtakes the other, an average over both sides means nothing.
    if over is not None and not turns:
        parts += _of_candidates(over)
        parts += _exceptions(over, single)
    elif len(report.cells) == 1:
        parts += _of_candidates(single)
    else:
        parts += [*turns, *_of_cells(single)]
    parts += _if_left_alone(over or single)
    parts += _unknown(report)
    if tr(FEW_BLOCKS) in report.notes and _with_verdict(single.lines, *DECIDED):
        few = tr("So few blocks may take drift for a difference: measure six or more before acting on it.")
        parts.append(few)
    text = " ".join(parts)
    if not report.complete:
        return tr("So far, of a run that is not complete: {sentence}", sentence=text)
    return text


def undecided(report: ComparisonReport) -> list[Comparison]:
    """Return the comparisons that the sentence leaves open, or rests on too few blocks for."""
    scope = _overall_scope(report) or _cells_scope(report)
    lines = scope.lines
    if tr(FEW_BLOCKS) not in report.notes:
        lines = _with_verdict(lines, "undecided")
    return [line.found for line in lines]


# --- what it is about ------------------------------------------------------------------------------------------------


def _cells_scope(report: ComparisonReport) -> Scope:
    lines = []
    for cell in report.cells:
        grades = {arm.name: arm.durability for arm in cell.arms}
        where = _where(cell, report.cells) if len(report.cells) > 1 else ""
        lines += _lines(report, cell.pairs, grades, where)
    return Scope(report, lines)


def _where(cell: CellComparison, cells: Sequence[CellComparison]) -> str:
    return _at(cell, " ".join(cell.briefly(cells)))


def _at(cell: CellComparison, names: str) -> str:
    """Return where something holds: where rungs are compared, cells are what they run under."""
    return tr("in {cells}", cells=names) if cell.phase else tr("under {cells}", cells=names)


def _overall_scope(report: ComparisonReport) -> Scope | None:
    """Return the pairs over all cells; None where there are none, as no block has all candidates in every cell."""
    if report.overall is None:
        return None
    found: dict[str, set[str]] = {}
    for cell in report.cells:
        for arm in cell.arms:
            found.setdefault(arm.name, set()).update(arm.durability)
    grades = {name: tuple(sorted(of_arm)) for name, of_arm in found.items()}
    lines = _lines(report, report.overall.pairs, grades, "")
    if not lines:
        return None
    return Scope(report, lines, tr(" on average over {cells}", cells=_all_cells(report.cells, report.cells)))


def _lines(
    report: ComparisonReport, pairs: Iterable[Pair], grades: Mapping[str, tuple[str, ...]], where: str
) -> list[Line]:
    lines = []
    for pair in pairs:
        found = decides(report, pair)
        if found:
            lines.append(Line(pair, found, grades[pair.candidate], grades[pair.baseline], where))
    return lines


def _with_verdict(lines: Iterable[Line], *verdicts: Verdict) -> list[Line]:
    return [line for line in lines if line.verdict in verdicts]


def _candidates(lines: Iterable[Line]) -> list[str]:
    return [line.candidate for line in lines]


def _by_durability(lines: Iterable[Line]) -> tuple[list[Line], list[Line]]:
    """Return the candidates of the baseline's durability, and those of another."""
    same: list[Line] = []
    others: list[Line] = []
    for line in lines:
        group = same if line.same_durability else others
        group.append(line)
    return same, others


def _all_cells(cells: Sequence[CellComparison], among: Sequence[CellComparison]) -> str:
    names = [" ".join(cell.briefly(among)) for cell in cells]
    if len(names) <= MOST_NAMED:
        return listed(names)
    if _are_rungs(cells):
        return tr("all {count} rungs", count=len(cells))
    return tr("all {count} cells", count=len(cells))


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
    same, others = _by_durability(scope.known)
    return _of_group(scope, same) + _of_group(scope, others)


def _of_group(scope: Scope, group: Sequence[Line]) -> list[str]:
    """Say it of candidates of one durability, the baseline's or another."""
    if not group:
        return []
    if len(group) == 1:
        return [_of_one(scope, group[0])]
    if _with_verdict(group, "faster"):
        return _with_faster(scope, group)
    if group[0].same_durability:
        return [_none_faster(scope, group)]
    return [_none_of_other_durability(group)]


def _no_spread(scope: Scope) -> str:
    blocks = max(line.found.blocks for line in scope.lines)
    return tr_many(
        "One block decides nothing: measure six or more.",
        "{count} blocks decide nothing: measure six or more.",
        blocks,
    )


def _of_one(scope: Scope, line: Line) -> str:
    candidate, baseline = _names(scope.report, line.pair)
    risk, level = _risk(line, baseline), f" ({scope.level})"
    if line.verdict in DECIDED:
        how, by = _differs(line, scope.interval(line))
        return tr(
            DIFFERS[how],
            candidate=candidate,
            by=by,
            baseline=baseline,
            here=_here(scope),
            level=level if scope.pairs > 1 else "",
            ending=f"{risk}{_keep(scope, line)}",
        )
    if line.verdict == "equivalent":
        return tr(
            "{candidate} is within ±{margin} of {baseline}{here}{level}{ending}.",
            candidate=candidate,
            margin=_percent(scope.report.margin),
            baseline=baseline,
            here=_here(scope),
            level=level,
            ending=f"{risk}{_keep(scope, line)}",
        )
    return _of_undecided(scope, line)


def _of_undecided(scope: Scope, line: Line) -> str:
    candidate, baseline = _names(scope.report, line.pair)
    gain, loss = _at_most(scope.interval(line))
    return tr(
        "Undecided: {candidate} gains at most {gain} and loses at most {loss} against {baseline}{here}{level}{risk}.",
        candidate=candidate,
        gain=gain,
        loss=loss,
        baseline=baseline,
        here=scope.over,
        level=f" ({scope.level})",
        risk=_risk(line, baseline),
    )


def _at_a_rate(report: ComparisonReport) -> bool:
    """Return whether rows came at a rate: then what is beside the writers costs time, which no rate shows."""
    return any(cell.parameters.get("rate") is not None for cell in report.cells)


def _of_interference(scope: Scope, line: Line) -> str:
    """Say what costs the writers how much: readers, that so many rows are kept, or what is waited for of a standby."""
    interval = scope.interval(line)
    report = scope.report
    count = _value(report, line.candidate)
    against = _value(report, line.pair.baseline)
    text = cost(report.across, count, against, line.verdict, line.found.ratio, interval, report.margin)
    return _with_where(scope, line, text)


def _value(report: ComparisonReport, arm: str) -> int | str:
    return value_of(report.across, arm.partition("=")[2])


def _drops_or_deletes(scope: Scope) -> bool:
    """Return whether tables are compared that keep so many rows: the first deletes them, each other drops."""
    report = scope.report
    if report.across != LAYOUT or report.of_runs or _at_a_rate(report):
        return False
    if not all(cell.parameters.get("retain") for cell in report.cells):
        return False
    return all(_drops(line.candidate) and not _drops(line.pair.baseline) for line in scope.known)


def _drops(layout: str) -> bool:
    """Return whether a layout keeps so many rows by dropping partitions; one of a user's may, and is not known here."""
    found = own_layout(layout)
    return found is not None and found.by_time


def _of_dropping(scope: Scope, line: Line) -> str:
    """Say what dropping partitions costs the writers, or gains them, against deleting as many rows."""
    text = dropped(line.verdict, line.found.ratio, scope.interval(line), scope.report.margin)
    return _with_where(scope, line, text)


def _with_where(scope: Scope, line: Line, text: str) -> str:
    """Return what is said of the writers as a sentence that tells where it holds, and how surely."""
    where = scope.over if line.verdict == "undecided" else _here(scope)
    if line.verdict not in DECIDED or scope.pairs > 1:
        where += f" ({scope.level})"
    return f"{text[0].upper()}{text[1:]}{where}."


def _none_faster(scope: Scope, group: Sequence[Line]) -> str:
    _, baseline = _names(scope.report, group[0].pair)
    none = tr(
        "none of {count} {kinds} {bound} against {baseline}{here} ({level})",
        count=len(group),
        kinds=_kinds(scope.report),
        bound=_bound_of(group),
        baseline=baseline,
        here=scope.over,
        level=f"{100 * (1 - scope.report.alpha):g} %",
    )
    text = _undecided(group, none)
    slower = _candidates(_with_verdict(group, "slower"))
    if slower:
        names = some(slower)
        text = tr_many("{text}; {names} is slower", "{text}; {names} are slower", len(slower), text=text, names=names)
    keep = "" if _with_verdict(group, "undecided") else _keep(scope, group[0])
    return f"{text[0].upper()}{text[1:]}{keep}."


def _none_of_other_durability(group: Sequence[Line]) -> str:
    who = str(len(group))
    if len(group) <= MOST_NAMED:
        who = listed(_candidates(group))
    none = tr("none of {names} {bound}", names=who, bound=_bound_of(group))
    return tr("Of other durability, {text}.", text=_undecided(group, none))


def _undecided(group: Sequence[Line], text: str) -> str:
    """Return the bounds of candidates, with which of them are not decided."""
    names = _candidates(_with_verdict(group, "undecided"))
    if not names:
        return text
    if len(names) == len(group):
        return tr("undecided: {text}", text=text)
    return tr("undecided for {names}: {text}", names=some(names), text=text)


def _bound_of(group: Iterable[Line]) -> str:
    return _bound([line.found.interval for line in group if line.found.interval])


def _with_faster(scope: Scope, group: Sequence[Line]) -> list[str]:
    faster = _with_verdict(group, "faster")
    others = [line for line in group if line.verdict != "faster"]
    faster.sort(key=lambda line: line.found.ratio, reverse=True)
    _, baseline = _names(scope.report, group[0].pair)
    told = []
    for line in faster[:MOST_NAMED]:
        interval = scope.interval(line)
        candidate, by = _names(scope.report, line.pair)[0], f"{_difference(line, interval)}{_risk(line, baseline)}"
        told.append(tr("{candidate} is {differences}", candidate=candidate, differences=by))
    text = _against(baseline, scope.over, "; ".join(told), scope.level)
    if more := len(faster) - len(told):
        text = tr_many("{text}; {count} more is faster", "{text}; {count} more are faster", more, text=text)
    if others:
        text += f"; {_rest(scope, others)}"
    parts = [f"{text}."]
    if len(faster) > 1:
        parts.append(_fastest(scope, faster))
    return parts


def _against(baseline: str, here: str, differences: str, level: str) -> str:
    return tr(
        "Against {baseline}{here}, {differences} ({level})",
        baseline=baseline,
        here=here,
        differences=differences,
        level=level,
    )


def _rest(scope: Scope, others: Sequence[Line]) -> str:
    intervals = list(map(scope.interval, others))
    if len(others) > 1:
        return tr("none of the other {count} {bound}", count=len(others), bound=_bound(intervals, loses=False))
    candidate, _ = _names(scope.report, others[0].pair)
    gain, _ = _at_most(intervals[0])
    return tr("{candidate} gains at most {gain}", candidate=candidate, gain=gain)


def _fastest(scope: Scope, faster: Sequence[Line]) -> str:
    """Say which is the fastest, if the comparisons of all pairs bear it."""
    ranks = {rank.arm: rank for rank in _ranking(scope.report, faster[0].candidate)}
    for line in faster:
        rank = ranks.get(line.candidate)
        if rank and rank.worst == 1:
            return tr("{candidate} is the fastest.", candidate=line.candidate)
    return tr("Which of them is the fastest is not decided.")


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
    decided = _with_verdict(scope.known, *DECIDED)
    if not decided:
        return [_nothing_decided(scope)]
    parts = [f"{_against(baseline, '', _mentioned(scope, decided), scope.level)}."]
    if others := [scope.interval(line) for line in scope.known if line.verdict not in DECIDED]:
        parts.append(tr("No other difference is shown: none {bound}.", bound=_bound(others)))
    return parts


def _nothing_decided(scope: Scope) -> str:
    report = scope.report
    candidate, baseline = _names(report, scope.known[0].pair)
    candidates = set(_candidates(scope.known))
    compared = [cell for cell in report.cells if any(map(partial(_is_known, report), cell.pairs))]
    one = len(candidates) == 1
    if len(_with_verdict(scope.known, "equivalent")) == len(scope.known):
        sentence = later("each of {count} {kinds} is within ±{margin} of {baseline} {where} ({level}).")
        if one:
            sentence = later("{candidate} is within ±{margin} of {baseline} {where} ({level}).")
    elif one:
        sentence = later("Undecided: {where} {candidate} nowhere {bound} against {baseline} ({level}).")
    else:
        sentence = later("Undecided: {where} none of {count} {kinds} {bound} against {baseline} ({level}).")
    return tr(
        sentence,
        candidate=candidate,
        count=len(candidates),
        kinds=_kinds(report),
        margin=_percent(report.margin),
        bound=_bound_of(scope.known),
        baseline=baseline,
        where=_at(compared[0], _all_cells(compared, report.cells)),
        level=f"{100 * (1 - report.alpha):g} %",
    )


def _is_known(report: ComparisonReport, pair: Pair) -> bool:
    found = decides(report, pair)
    return found is not None and found.interval is not None


def _exceptions(over: Scope, single: Scope) -> list[str]:
    """Say what is shown in which cells, of the candidates that do not do the same in all of them as on average."""
    on_average = {line.candidate: line.verdict for line in over.lines}
    mixed = {line.candidate for line in single.known if line.verdict != on_average.get(line.candidate)}
    decided = [line for line in single.known if line.candidate in mixed and line.verdict != "undecided"]
    if not decided:
        return []
    differences, level = _mentioned(single, decided), single.level
    if _are_rungs(single.report.cells):
        return [tr("Rung by rung, {differences} ({level}).", differences=differences, level=level)]
    return [tr("Cell by cell, {differences} ({level}).", differences=differences, level=level)]


def _mentioned(scope: Scope, decided: Sequence[Line]) -> str:
    """Return who differs where: those that differ most."""
    by_candidate: dict[str, list[str]] = {}
    by_size = sorted(decided, key=lambda line: abs(math.log(line.found.ratio)), reverse=True)
    for line in by_size[:MOST_NAMED]:
        interval = scope.interval(line)
        candidate, baseline = _names(scope.report, line.pair)
        text = tr("{by} {where}{risk}", by=_difference(line, interval), where=line.where, risk=_risk(line, baseline))
        if line.verdict == "equivalent":
            text = tr("within ±{margin} {where}", margin=_percent(scope.report.margin), where=line.where)
        by_candidate.setdefault(candidate, []).append(text)
    parts = []
    for candidate, texts in by_candidate.items():
        parts.append(tr("{candidate} is {differences}", candidate=candidate, differences=listed(texts)))
    if (more := len(decided) - MOST_NAMED) > 0:
        parts.append(tr("and {count} more", count=more))
    return "; ".join(parts)


# --- what holds on a condition ---------------------------------------------------------------------------------------


def _if_left_alone(scope: Scope) -> list[str]:
    """Say what the adjusted comparisons come to of pairs that are undecided, if their covariates are no outcome."""
    sentences = []
    for group in _by_durability(_with_verdict(scope.known, "undecided")):
        sentence = _on_condition(scope, group)
        if sentence:
            sentences.append(sentence)
    return sentences


def _on_condition(scope: Scope, group: Sequence[Line]) -> str | None:
    """Return the sentence on undecided candidates of the baseline's durability, or on those of another one."""
    hinging = [line for line in group if line.pair.hinges_on]
    found = not_none(map(scope.adjusted, hinging))
    # Where little of the noise is the machine's speed, adjusting costs more than it gains, and says nothing new.
    if len(found) < len(hinging) or not found or _reach(found) >= _reach(list(map(scope.interval, hinging))):
        return None
    covariates: dict[str, None] = {}
    for line in hinging:
        covariates |= dict.fromkeys(line.pair.hinges_on)
    if len(hinging) == 1:
        comes_to = _comes_to(found[0], scope.report.margin)
        risk = _risk(hinging[0], _names(scope.report, hinging[0].pair)[1])
        claim = tr("it {comes_to}{here}{risk}", comes_to=comes_to, here=scope.over, risk=risk)
    else:
        claim = tr("none of them {bound}{here}", bound=_bound(found), here=scope.over)
    return tr(
        CONDITIONS[len(hinging) == 1, len(covariates) == 1],
        who=_undecided_candidates(scope, hinging, group),
        covariates=in_words(list(covariates)),
        claim=claim,
        level=scope.level,
    )


CONDITIONS = {
    (True, True): later("If {who} leaves {covariates} as it is, which these blocks can't show, {claim} ({level})."),
    (True, False): later("If {who} leaves {covariates} as they are, which these blocks can't show, {claim} ({level})."),
    (False, True): later("If {who} leave {covariates} as it is, which these blocks can't show, {claim} ({level})."),
    (False, False): later("If {who} leave {covariates} as they are, which these blocks can't show, {claim} ({level})."),
}
"""By whether it is one candidate, and one covariate."""


def _undecided_candidates(scope: Scope, hinging: Sequence[Line], group: Sequence[Line]) -> str:
    """Return the candidates that hinge on a condition, by name or counted."""
    names = []
    for line in hinging:
        candidate, _ = _names(scope.report, line.pair)
        names.append(f"{candidate} {line.where}".strip())
    if len(names) <= MOST_NAMED:
        return listed(names)
    kinds = tr("comparisons") if hinging[0].where else _kinds(scope.report)
    if not group[0].same_durability:
        kinds = tr("{kinds} of other durability", kinds=kinds)
    if len(hinging) < len(group):
        return tr("{count} of the {of} undecided {kinds}", count=len(hinging), of=len(group), kinds=kinds)
    return tr("the {count} undecided {kinds}", count=len(group), kinds=kinds)


def _reach(intervals: Collection[Interval]) -> float:
    """Return how far it is from the lowest end to the highest."""
    return max(each.high for each in intervals) - min(each.low for each in intervals)


def _comes_to(interval: Interval, margin: float) -> str:
    match verdict_of(Interval(math.log(interval.low), math.log(interval.high)), margin):
        case "faster":
            return tr("is {range} faster", range=_range(interval.low - 1, interval.high - 1))
        case "slower":
            return tr("is {range} slower", range=_range(1 - interval.high, 1 - interval.low))
        case "equivalent":
            return tr("is within ±{margin}", margin=_percent(margin))
    gain, loss = _at_most(interval)
    return tr("gains at most {gain} and loses at most {loss}", gain=gain, loss=loss)


# --- what is not known -----------------------------------------------------------------------------------------------


def _baseline_refused(report: ComparisonReport) -> str | None:
    if not all(cell.arms[0].refused for cell in report.cells):
        return None
    return tr("Nothing was compared: the baseline {name} was refused.", name=report.cells[0].arms[0].name)


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
            why = REFUSED if pair.candidate in refused else tr("without a block that counts")
            whys[pair.candidate] = tr("one block shows no spread") if found else why
    if spread and not any(known.values()):
        return []
    by_why: dict[str, list[str]] = {}
    for name, is_known in known.items():
        if not is_known:
            by_why.setdefault(whys[name], []).append(name)
    return [_of_unknown(names, why) for why, names in by_why.items()]


def _of_unknown(names: Sequence[str], why: str) -> str:
    if why == REFUSED:
        return tr_many("{names} was refused.", "{names} were refused.", len(names), names=some(names))
    return tr("Nothing is known of {names}: {why}.", names=some(names), why=why)


# --- words -----------------------------------------------------------------------------------------------------------


def _names(report: ComparisonReport, pair: Pair) -> tuple[str, str]:
    """Return candidate and baseline as a sentence names them."""
    before = ""
    if report.across == VERSION and not report.of_runs:
        before = "PostgreSQL "
    elif report.across == "run":
        return tr("run {name}", name=pair.candidate), tr("run {name}", name=pair.baseline)
    return before + pair.candidate, before + pair.baseline


def _kinds(report: ComparisonReport) -> str:
    if report.across in (*OF_PARAMETERS, *TOGETHER):
        return tr("values of {parameter}", parameter=report.across)
    kind = KINDS.get(report.across, report.across)
    return tr(SEVERAL.get(kind, f"{kind}s"))


def _here(scope: Scope) -> str:
    return scope.over or ("" if scope.report.of_runs else tr(" here"))


DIFFERS = {
    "faster": later("{candidate} is {by} faster than {baseline}{here}{level}{ending}."),
    "times": later("{candidate} is {by} times as fast as {baseline}{here}{level}{ending}."),
    "slower": later("{candidate} is {by} slower than {baseline}{here}{level}{ending}."),
}
DIFFERENCES = {"faster": later("{by} faster"), "times": later("{by} times as fast"), "slower": later("{by} slower")}
"""The same, where its baseline is named already."""


def _differs(line: Line, interval: Interval) -> tuple[str, str]:
    """Return how a candidate differs, and by how much."""
    if line.verdict == "slower":
        return "slower", _range(1 - interval.high, 1 - interval.low)
    if interval.low >= TIMES or interval.high >= TIMES_AT_MOST:
        low, high = math.floor(10 * max(interval.low, 1)) / 10, math.ceil(10 * interval.high) / 10
        return "times", f"{low:g}–{high:g}"
    return "faster", _range(interval.low - 1, interval.high - 1)


def _difference(line: Line, interval: Interval) -> str:
    how, by = _differs(line, interval)
    return tr(DIFFERENCES[how], by=by)


def _at_most(interval: Interval) -> tuple[str, str]:
    """Return how much is gained at most, and lost."""
    return _percent(max(interval.high - 1, 0)), _percent(max(1 - interval.low, 0))


def _range(low: float, high: float) -> str:
    """Return from where to where, never narrower than it is: 9–14 %, 0.4–1.3 %."""
    # A verdict that p-values bear in steps (Holm) may lie a little beyond what all intervals hold at once.
    if low <= 0:
        return tr("up to {percent}", percent=_percent(high))
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
    gain, loss = _percent(highest), _percent(lowest)
    if not loses:
        return tr("gains more than {gain}", gain=gain) if highest > 0 else tr("gains anything")
    return tr(BOUNDS[highest > 0, lowest > 0], gain=gain, loss=loss)


BOUNDS = {
    (True, True): later("gains more than {gain} or loses more than {loss}"),
    (True, False): later("gains more than {gain} or loses anything"),
    (False, True): later("gains anything or loses more than {loss}"),
    (False, False): later("gains anything or loses anything"),
}
"""By whether something may be gained, and lost."""


def _risk(line: Line, baseline: str) -> str:
    """Return what a candidate promises where that is not what the baseline does."""
    if line.same_durability or not line.grades:
        return ""
    if line.grades == ("durable",):
        return tr(", and is durable, unlike {baseline}", baseline=baseline)
    return risk_of(line.grades)


def _keep(scope: Scope, line: Line) -> str:
    """Return what to do where nothing is shown to be faster; of other factors than the configuration the user's."""
    if scope.report.across != VARIANT or scope.report.of_runs or line.verdict == "faster":
        return ""
    if not line.same_durability and line.grades == ("durable",):
        return ""
    return tr(": keep {baseline}", baseline=line.pair.baseline)
