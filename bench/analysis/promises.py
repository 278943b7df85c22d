"""What must be known of a run's durability before its rates are read: why it is none, how steady flushes were."""

from collections.abc import Sequence
from statistics import median

from bench.model.language import later, tr
from bench.model.outcome import AnyRecord

MAY_LOSE = "may lose last "
RISKS = {
    "in memory": later(", but its rows are in memory only"),
    "unknown": later(", but what a crash would take is not known"),
    "not crash-safe": later(", but is not crash-safe"),
}
UNSTEADY = 2.0
"""Most over least fdatasync/s, beside the trials, from which on it is told."""


def promise_notes(records: Sequence[AnyRecord]) -> list[str]:
    """Return what to say of the last attempts of a run's trials."""
    grades: dict[tuple[str, str | None], None] = {}
    flushes: list[float] = []
    for record in records:
        grades[record.durability, record.durability_because] = None
        flushes += record.fsync_per_s
    notes = []
    for grade, because in grades:
        if because and grade == "unknown":
            notes.append(tr("Durability unknown: {because}.", because=because))
        elif because and grade == "in memory":
            notes.append(tr("The rows were in memory: {because}.", because=because))
    if flushes and max(flushes) > UNSTEADY * min(flushes):
        notes.append(
            tr(
                "The disk's flushes were not steady: {least:,.0f} to {most:,.0f} fdatasync/s beside the trials, median"
                " {middle:,.0f} of {readings}; rates that wait for flushes are no steadier.",
                least=min(flushes),
                most=max(flushes),
                middle=median(flushes),
                readings=len(flushes),
            )
        )
    return notes


def risk_of(grades: Sequence[str]) -> str:
    """Return what one risks who is no safer than this; of one grade or more."""
    [grade, *more] = grades
    if more:
        return tr(" (durability: {grades})", grades=tr(" or ").join(grades))
    if grade.startswith(MAY_LOSE):
        return tr(", at the risk of the last {time}", time=grade.removeprefix(MAY_LOSE))
    return tr(RISKS.get(grade, later(", but is {grade}")), grade=grade)
