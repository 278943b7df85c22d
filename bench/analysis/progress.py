"""A run while it goes on: which trial is under way, what was reached. Pure; records come as they are written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import log
from statistics import median

from bench.analysis.pulled import finished
from bench.model.plan import Plan, Trial
from bench.model.record import Record
from bench.plan.refine import may_follow
from bench.plan.remaining import in_all, undone
from bench.plan.repeat import to_expect

LEVELS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Progress:
    """One host's run so far."""

    plan: Plan
    records: Sequence[Record] = ()

    @property
    def next(self) -> Trial | None:
        """The trial under way, or the next to be: the first that has to be repeated, or has no record that counts."""
        left = undone(self.plan, self.records)
        return left[0][0] if left else None

    @property
    def left(self) -> int:
        """How many trials are to be run at most, those that have to be repeated among them."""
        return len(undone(self.plan, self.records)) + len(may_follow(self.plan, self.records))

    @property
    def of(self) -> int:
        """How many trials it takes in all: of a search probably, of a sweep that refines at most."""
        return in_all(self.plan, self.records, undone(self.plan, self.records))

    @property
    def to_expect(self) -> int:
        """How many more will have to be repeated, if others disturb as many as they did so far."""
        return to_expect(self.plan, self.records)

    @property
    def done(self) -> int:
        """How many trials need not be run again."""
        return len(finished(self.records))

    @property
    def rates(self) -> list[float | None]:
        """Rows/s of each record, in the order in which they came."""
        return [record.rows_per_s for record in self.records]

    @property
    def temperature_c(self) -> float | None:
        """Of the processor, when the last recorded trial began."""
        if not self.records or not self.records[-1].start:
            return None
        return self.records[-1].start.temperature_c

    def with_record(self, record: Record) -> "Progress":
        """Add a record; one that is there already, sent again, changes nothing."""
        if any(known.key == record.key for known in self.records):
            return self
        return Progress(self.plan, [*self.records, record])


def trial_s(records: Iterable[Record]) -> float | None:
    """Return what a trial takes where one is measured at a time, from its start to the next one's: the median."""
    starts = sorted(datetime.fromisoformat(record.started) for record in records)
    if len(starts) < 2:
        return None
    # The median: a run that was resumed has a pause of hours in it.
    return median((after - before).total_seconds() for before, after in pairwise(starts))


def sparkline(values: Sequence[float | None], width: int) -> str:
    """Draw the last values, a character each, on a logarithmic scale; a blank where there is none.

    >>> from bench.analysis.progress import sparkline
    >>> sparkline([10, 100, None, 1000], 10)
    '▁▄ █'
    """
    shown = values[-width:]
    logs = [log(value) for value in shown if value]
    if not logs:
        return ""
    low = min(logs)
    # Values that are all the same span nothing: any height will do.
    span = max(logs) - low or 1.0
    drawn = ""
    for value in shown:
        level = " "
        if value:
            level = LEVELS[int((log(value) - low) / span * (len(LEVELS) - 1))]
        drawn += level
    return drawn
