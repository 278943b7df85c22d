"""One host's run as it was pulled, and how it ended: by its plan, stopped, cut off, or not yet.

Reading the files is ``bench.store.run_directory``'s; what the numbers say is ``ladder``'s and its neighbours'.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from hdrh.histogram import HdrHistogram

from bench.analysis.counted import Key
from bench.model.fingerprint import Fingerprint
from bench.model.outcome import AnyRecord, R
from bench.model.plan import Plan
from bench.model.record import Record, Samples
from bench.plan.rates import CUT, interrupted
from bench.plan.rule import decided_after


@dataclass(frozen=True, kw_only=True)
class RunOutcomes:
    """One host's run, as far as a comparison of its trials needs it."""

    directory: str
    plan: Plan
    host: Fingerprint | None
    records: Sequence[AnyRecord]
    sealed: bool = True
    """The checksums were there, and every file is the one they list."""
    cancelled: bool = False
    """Somebody ended it for good."""

    @property
    def box(self) -> str:
        """The name of its box, its directory's where it has no fingerprint."""
        return self.host.host if self.host else self.directory

    @cached_property
    def decided_after(self) -> int | None:
        """The block after which a run until decided ended before its last one."""
        after = decided_after(self.plan, _whole(self.records))
        if after == self.plan.blocks[-1]:
            return None
        return after

    @cached_property
    def complete(self) -> bool:
        """Every trial that the plan asks for has its record."""
        return complete(self.plan, self.records)


@dataclass(frozen=True, kw_only=True)
class PulledRun(RunOutcomes):
    """Everything there is of one host's run."""

    records: Sequence[Record]
    samples: Mapping[Key, Samples]
    histograms: Mapping[Key, HdrHistogram]
    begun: Collection[Key] = ()
    """Trials that began and have no record."""
    with_samples: bool = True
    """They are there: what is kept in a repository has none."""


def complete(plan: Plan, records: Sequence[AnyRecord]) -> bool:
    """Return whether a run came to its end: that of its plan, or an earlier one by its own rule."""
    if plan.until_decided and decided_after(plan, _whole(records)):
        return True
    return finished(records) >= {trial.number for trial in plan.trials}


def latest(records: Sequence[R]) -> list[R]:
    """Return the last attempt of each trial, by trial: it replaces one that was cut short."""
    last = {record.trial.number: record for record in records}
    return [last[number] for number in sorted(last)]


def finished(records: Sequence[AnyRecord]) -> set[int]:
    """Return the trials that need not be run again; a void one may be among them."""
    return {record.trial.number for record in _whole(records)}


def _whole(records: Sequence[R]) -> list[R]:
    return [record for record in latest(records) if interrupted(record) is None]


def extent_notes(run: RunOutcomes, *, several: bool = False) -> list[str]:
    """Say how far a run came, and whether its files are those that were written; of several each by its name."""
    name = "This run"
    if several:
        name = f"Run {run.plan.run}"
    notes = []
    if not run.complete:
        how = "is not complete"
        if run.cancelled:
            how = "was cancelled and is not complete"
        notes.append(f"{name} {how}: {len(finished(run.records))} of its {len(run.plan.trials)} trials are here.")
    if not run.sealed:
        why = "although all its trials are recorded"
        if not run.complete:
            why = "as it was not closed"
        elif run.cancelled:
            why = "as it was cancelled"
        notes.append(f"{name} has no checksums, {why}: whether a file was changed is not known.")
    return notes


def ending_notes(run: PulledRun) -> list[str]:
    """Return how the run ended, where that was not the end of its plan; ``extent_notes`` tells how much is there."""
    notes = []
    for record in latest(run.records):
        code = interrupted(record)
        if code:
            notes.append(CUT[code].format(trial=record.trial.number))
    if run.begun:
        notes.append(
            f"Begun and without a record here: trial {_numbers(run.begun)}. One was under way when this was pulled, or"
            " was interrupted; where they are more, the pull was: pull the run again."
        )
    repeated = [record.key for record in run.records if record.attempt > 1]
    if repeated:
        notes.append(f"Cut short and run again: trial {_numbers(repeated)}; the last attempt counts.")
    return notes


def _numbers(keys: Iterable[Key]) -> str:
    trials = {trial for trial, _ in keys}
    return ", ".join(map(str, sorted(trials)))
