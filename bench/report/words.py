"""The words and signs that terminal and page share: how doubtful a number is, what a trial is of, names cut short."""

from collections.abc import Mapping, Sequence

from bench.analysis.comparison import ArmSummary, Differing, of_version
from bench.analysis.limits import Constraint, Limit
from bench.analysis.rung import Rung
from bench.model.plan import Trial
from bench.report.numbers import DASH

MARKS = {"void": "!", "suspect": "?"}
STATE_STYLES = {"void": "red", "suspect": "yellow", "slight": "dim", "valid": ""}
"""The worst first."""
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
LIMITS: Mapping[Constraint, str] = {
    "connecting": "connecting",
    "pool": "waiting for the pool",
    "reset-query": "the pool's reset query",
    "wal-flush": "WAL flush",
    "client-cpu": "the client's one core",
    "server-cpu": "processors",
    "other-programs": "shared processors",
    "round-trips": "round trips",
}
"""What a rung is stopped by."""


def limit_words(limit: Limit | None) -> str:
    """Return what a rung is stopped by, with its share; a dash where its trials show nothing of it."""
    if limit is None:
        return DASH
    if limit.constraint == "unexplained":
        return "unexplained"
    return f"{LIMITS[limit.constraint]} {limit.share:.0%}"


def mark(part: Rung | ArmSummary) -> str:
    """Return the sign of what has trials that are not valid."""
    # A void trial weighs more: the number is of fewer trials than planned.
    if part.void:
        return MARKS["void"]
    if part.suspect:
        return MARKS["suspect"]
    return ""


def of_trial(trial: Trial) -> str:
    """Return what a trial measures."""
    words = (trial.phase, trial.variant, trial.layout, trial.transport, of_version(trial.version))
    return " ".join(filter(None, words))


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
