"""The words and signs that terminal and page share: how doubtful a number is, what a trial is of, names cut short."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.analysis.comparison import ArmSummary, Differing, of_version
from bench.analysis.limits import UNEXPLAINED, Limit, constraint_words
from bench.model.language import later, tr
from bench.model.plan import NULL, Plan, Trial
from bench.model.record import Record
from bench.plan.promise import keeps
from bench.plan.sweep import told_apart
from bench.report.numbers import DASH, duration, rate

if TYPE_CHECKING:
    from bench.analysis.curves import Point
    from bench.analysis.rung import Rung

MARKS = {"void": "!", "suspect": "?"}
STATE_STYLES = {"void": "red", "suspect": "yellow", "slight": "dim", "valid": ""}
"""The worst first."""
NOT_COMPLETE = later("The run is not complete: what it says is of what was measured so far.")
KEPT = {True: later("promise kept"), False: later("promise not kept"), None: later("can't tell")}
LONGEST_NAME = 20
UNITS = {
    "_mb_per_s": "MB/s",
    "_per_s": "/s",
    "_pct": "%",
    "_mhz": "MHz",
    "_bytes": "bytes",
    "_us": "µs",
    "_ms": "ms",
    "_s": "s",
    "_c": "°C",
    "_j": "J",
}
"""At the end of the names of probes' figures, the longest first."""


def limit_words(limit: Limit | None) -> str:
    """Return what a rung is stopped by, with its share; a dash where its trials show nothing of it."""
    if limit is None:
        return DASH
    if limit.constraint == UNEXPLAINED:
        return constraint_words(UNEXPLAINED)
    return f"{constraint_words(limit.constraint)} {limit.share:.0%}"


def mark(part: "Rung | ArmSummary") -> str:
    """Return the sign of what has trials that are not valid."""
    # A void trial weighs more: the number is of fewer trials than planned.
    if part.void:
        return MARKS["void"]
    if part.suspect:
        return MARKS["suspect"]
    return ""


def uncounted(of: "ArmSummary | Point") -> str:
    """Return how many of the trials of a candidate, or of a point, do not count or are doubtful; nothing of none."""
    counts = ((of.void, later("{count} void")), (of.suspect, later("{count} suspect")))
    return ", ".join(tr(words, count=count) for count, words in counts if count)


def of_trial(trial: Trial, of: Plan | None = None) -> str:
    """Return what a trial measures, and by which parameters it differs from others of its plan; without what."""
    phase = tr("{phase} one commit at a time", phase=trial.phase) if trial.alone_of else trial.phase
    if trial.without:
        names = map(constraint_words, trial.without.constraints)
        return tr("{phase} without {constraints}", phase=phase, constraints=tr(" or ").join(names))
    if trial.engine == NULL:
        return tr("{way} {engine} server", way=f"{trial.phase} {trial.transport}", engine=trial.engine)
    more = tr("2× clients") if trial.twin_of else None
    if trial.capacity or (of and of.promise):
        at = trial.parameters.rate
        differs = [tr("closed loop") if at is None else tr("at {rate}/s", rate=rate(at))]
    else:
        differs = told_apart(trial, of) if of and not trial.experiment else []
    words = (phase, *differs, trial.variant, trial.layout, trial.transport, of_version(trial.version), more)
    return " ".join(filter(None, words))


def kept_words(record: Record, of: Plan | None) -> str:
    """Return whether a trial kept what its plan promises; nothing where that promises nothing of it."""
    if of is None or of.promise is None or record.trial.parameters.rate is None:
        return ""
    return tr(KEPT[keeps(of.promise, record)])


def under_way(what: str, left_s: float) -> str:
    """Return what is said of a trial that takes long, where nothing else is printed meanwhile."""
    return tr("under way: {what}, {time} left", what=what, time=duration(left_s))


def doubt_words(record: Record) -> str:
    """Return what follows the state of a trial in a line of progress: why it is void, or the codes of its doubts."""
    if record.void:
        return f": {record.validity.why}"
    codes = sorted(reason.code for reason in record.validity.reasons if not reason.slight)
    # In full, and once for all trials, they stand above the answer.
    return f": {', '.join(codes)}" if codes else ""


def figure_words(name: str) -> tuple[str, str]:
    """Return what a probe's figure is, and its unit, from its name: ``disk_busy_pct`` is disk busy, in %."""
    for suffix, unit in UNITS.items():
        if name.endswith(suffix):
            return name.removesuffix(suffix).replace("_", " "), unit
    return name.replace("_", " "), ""


def shortened(name: str) -> str:
    """Return a name that leaves room for the numbers; the end of it tells runs apart."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"…{name[1 - LONGEST_NAME :]}"


def settings(differs: Sequence[Differing]) -> list[str]:
    """Return each setting that differs in effect, with both values."""
    return [f"{each.name} {each.baseline or DASH} → {each.candidate or DASH}" for each in differs]
