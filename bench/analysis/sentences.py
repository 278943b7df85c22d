"""An explanation in words: one sentence a rung, and how the limit moves from rung to rung."""

from collections.abc import Sequence
from itertools import groupby

from bench.analysis.budget import INCOMPLETE
from bench.analysis.explanation import Finding, RungExplained
from bench.analysis.limits import UNEXPLAINED, constraint_words
from bench.model.language import tr
from bench.stats.intervals import Estimate

MINUS = "−"


def sentence_of_rung(rung: RungExplained) -> str:
    """Return what stands in the way of a rung: what is proved, what is cleared, what is suspected."""
    parts = [_headline(rung)]
    contributing = [each for each in rung.constraints if _is(each, "contributes")]
    parts += [tr("{constraint} contributes: {gain}", constraint=_words(e), gain=_gained(e)) for e in contributing]
    cleared = [each for each in rung.constraints if _is(each, "cleared")]
    if cleared:
        most = max(cleared, key=lambda each: each.share or 0.0)
        parts.append(tr("{constraint} is not a limit: {gain}", constraint=_words(most), gain=_gained(most)))
    left = rung.budget.get(UNEXPLAINED, 0.0)
    if left > INCOMPLETE:
        parts.append(tr("this is incomplete: {left:.0%} of the workers' time is unexplained", left=left))
    return "; ".join(parts) + "."


def _headline(rung: RungExplained) -> str:
    phase = rung.phase
    for each in rung.constraints:
        if each.conclusion == "limit":
            words, gain = _words(each), _gained(each)
            return tr("{phase} is limited by {constraint}: {gain}", phase=phase, constraint=words, gain=gain)
    suspect = rung.stopped_by
    if rung.verdict == "ceiling":
        return tr("{phase} is at the ceiling of this box: nothing that can be taken away makes it faster", phase=phase)
    if suspect is None or suspect.constraint == UNEXPLAINED:
        return tr(
            "{phase} has no limit that was found: nothing that was taken away made it faster beyond doubt", phase=phase
        )
    return tr(
        "{phase} is suspected to be limited by {constraint} ({share:.0%}), which is not proved",
        phase=phase,
        constraint=constraint_words(suspect.constraint),
        share=suspect.share,
    )


def _is(finding: Finding, conclusion: str) -> bool:
    return finding.conclusion == conclusion


def _words(finding: Finding) -> str:
    return constraint_words(finding.name)


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
    return tr("What stops each rung: {limits}.", limits="; ".join(parts))


def _limit(rung: RungExplained) -> str:
    for each in rung.constraints:
        if each.conclusion == "limit":
            return tr("{constraint} (proved)", constraint=_words(each))
    if rung.verdict == "ceiling":
        return tr("the ceiling of this box")
    suspect = rung.stopped_by
    if suspect is None or suspect.constraint == UNEXPLAINED:
        return tr("not found")
    return tr("{constraint} (suspected)", constraint=constraint_words(suspect.constraint))
