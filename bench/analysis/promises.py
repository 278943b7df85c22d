"""What must be known of a run's durability before its rates are read: why it is none, how steady flushes were."""

from collections.abc import Iterable, Sequence
from statistics import median

from bench.model.outcome import AnyRecord

UNSTEADY = 2.0
"""Most over least fdatasync/s, beside the trials, from which on it is told."""


def promise_notes(records: Sequence[AnyRecord]) -> list[str]:
    """Return what to say of the last attempts of a run's trials."""
    return [*_grades(records), *_flushes([rate for record in records for rate in record.fsync_per_s])]


def _grades(records: Iterable[AnyRecord]) -> Iterable[str]:
    """Say of what is promised less than a flush, or could not be told, why."""
    found = dict.fromkeys((record.durability, record.durability_because) for record in records)
    for word, because in found:
        if because and word in ("in memory", "unknown"):
            yield f"Durability {word}: {because}." if word == "unknown" else f"The rows were {word}: {because}."


def _flushes(rates: Sequence[float]) -> Iterable[str]:
    if rates and max(rates) > UNSTEADY * min(rates):
        yield (
            f"The disk's flushes were not steady: {min(rates):,.0f} to {max(rates):,.0f} fdatasync/s beside the"
            f" trials, median {median(rates):,.0f} of {len(rates)}; rates that wait for flushes are no steadier."
        )
