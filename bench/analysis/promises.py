"""What must be known of a run's durability before its rates are read: why it is none, how steady flushes were."""

from collections.abc import Sequence
from statistics import median

from bench.model.outcome import AnyRecord

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
            notes.append(f"Durability {grade}: {because}.")
        elif because and grade == "in memory":
            notes.append(f"The rows were {grade}: {because}.")
    if flushes and max(flushes) > UNSTEADY * min(flushes):
        notes.append(
            f"The disk's flushes were not steady: {min(flushes):,.0f} to {max(flushes):,.0f} fdatasync/s beside the"
            f" trials, median {median(flushes):,.0f} of {len(flushes)}; rates that wait for flushes are no steadier."
        )
    return notes


def risk_of(grades: Sequence[str]) -> str:
    """Return what one risks who is no safer than this; of one grade or more."""
    [grade, *more] = grades
    if more:
        return f" (durability: {' or '.join(grades)})"
    if grade.startswith("may lose "):
        return f", at the risk of the {grade.removeprefix('may lose ')}"
    words = {"in memory": "but its rows are in memory only", "unknown": "but what a crash would take is not known"}
    return f", {words.get(grade, f'but is {grade}')}"
