"""An explanation in words: one sentence a rung, and how the limit moves from rung to rung."""

from collections.abc import Sequence
from itertools import groupby

from bench.analysis.budget import INCOMPLETE
from bench.analysis.explanation import Finding, RungExplained
from bench.analysis.limits import UNEXPLAINED
from bench.constraints.constraint import constraints
from bench.stats.intervals import Estimate

MINUS = "−"


def sentence_of_rung(rung: RungExplained) -> str:
    """Return what stands in the way of a rung: what is proved, what is cleared, what is suspected."""
    parts = [f"{rung.phase} {_headline(rung)}"]
    parts += [f"{_words(each)} contributes: {_gained(each)}" for each in rung.constraints if _is(each, "contributes")]
    cleared = [each for each in rung.constraints if _is(each, "cleared")]
    if cleared:
        most = max(cleared, key=lambda each: each.share or 0.0)
        parts.append(f"{_words(most)} is not a limit: {_gained(most)}")
    left = rung.budget.get(UNEXPLAINED, 0.0)
    if left > INCOMPLETE:
        parts.append(f"this is incomplete: {left:.0%} of the workers' time is unexplained")
    return "; ".join(parts) + "."


def _headline(rung: RungExplained) -> str:
    for each in rung.constraints:
        if each.conclusion == "limit":
            return f"is limited by {_words(each)}: {_gained(each)}"
    suspect = rung.stopped_by
    if rung.verdict == "ceiling":
        return "is at the ceiling of this box: nothing that can be taken away makes it faster"
    if suspect is None or suspect.constraint == UNEXPLAINED:
        return "has no limit that was found: nothing that was taken away made it faster beyond doubt"
    words = constraints()[suspect.constraint].words
    return f"is suspected to be limited by {words} ({suspect.share:.0%}), which is not proved"


def _is(finding: Finding, conclusion: str) -> bool:
    return finding.conclusion == conclusion


def _words(finding: Finding) -> str:
    return constraints()[finding.name].words


def _gained(finding: Finding) -> str:
    assert finding.measured_gain
    return f"{finding.how} {gain_text(finding.measured_gain)}"


def gain_text(gain: Estimate) -> str:
    """Return a gain with its interval, as ``+61 % [55, 67]``."""
    text = percent_text(gain.estimate)
    if gain.low is None or gain.high is None:
        return text
    return f"{text} [{_percent(gain.low)}, {_percent(gain.high)}]"


def percent_text(ratio: float) -> str:
    """Return what a ratio gains, as ``+61 %``."""
    return f"{_percent(ratio, sign=True)} %"


def _percent(ratio: float, *, sign: bool = False) -> str:
    """Return what a ratio gains in percent."""
    value = round((ratio - 1) * 100)
    if value < 0:
        return f"{MINUS}{-value}"
    return f"+{value}" if sign else str(value)


def sentence_of_ladder(rungs: Sequence[RungExplained]) -> str:
    """Return the sentence of the one rung, or how the limit moves from rung to rung."""
    if len(rungs) == 1:
        return rungs[0].sentence
    parts = []
    for limit, of_limit in groupby(rungs, _limit):
        names = ", ".join(rung.phase for rung in of_limit)
        parts.append(f"{names}: {limit}")
    return "What stops each rung: " + "; ".join(parts) + "."


def _limit(rung: RungExplained) -> str:
    for each in rung.constraints:
        if each.conclusion == "limit":
            return f"{_words(each)} (proved)"
    if rung.verdict == "ceiling":
        return "the ceiling of this box"
    suspect = rung.stopped_by
    if suspect is None or suspect.constraint == UNEXPLAINED:
        return "not found"
    return f"{constraints()[suspect.constraint].words} (suspected)"
