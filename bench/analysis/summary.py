"""One arm in one cell in medians: what it reached, under which durability, at what cost."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from statistics import median

from bench.analysis.comparison import ArmSummary
from bench.analysis.rungs import good
from bench.arms import refused
from bench.model import Record


def summary(name: str, trials: Iterable[Record]) -> ArmSummary:
    """Return what an arm's trials say; void ones count for nothing but are counted."""
    records = list(trials)
    counted = good(records)
    return ArmSummary(
        name=name,
        durability=tuple(sorted({record.durability for record in counted})),
        trials=len(records),
        void=len(records) - len(counted),
        suspect=sum(record.validity.state == "suspect" for record in counted),
        refused=refused(records),
        rows_per_s=_middle(counted, attrgetter("rows_per_s")),
        settled_rows_per_s=_middle(counted, attrgetter("settled_rows_per_s")),
        wal_files_created=max(
            (record.wal_files_created for record in counted if record.wal_files_created is not None), default=None
        ),
        joules_per_1000_rows=_middle(counted, joules_per_1000_rows),
    )


def joules_per_1000_rows(record: Record) -> float | None:
    """Return the energy of the window over its rows; None where the counters could not be read."""
    return 1000 * record.energy_j / record.rows if record.energy_j is not None and record.rows else None


def _middle(records: Iterable[Record], read: Callable[[Record], float | None]) -> float | None:
    values = [value for value in map(read, records) if value is not None]
    return median(values) if values else None
