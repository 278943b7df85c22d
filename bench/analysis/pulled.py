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
from bench.plan.promise import next_trials
from bench.plan.rates import CUT, counting, interrupted
from bench.plan.refine import narrowed
from bench.plan.repeat import due, repeated
from bench.plan.rule import decided_after


@dataclass(frozen=True, kw_only=True)
class RunOutcomes:
    """One host's run, as far as a comparison of its trials needs it; experiments (``Without``) are left out."""

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
        after = decided_after(self.plan, self.records)
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
    experiments: Sequence[Record] = ()
    begun: Collection[Key] = ()
    """Trials that began and have no record."""
    with_samples: bool = True
    """They are there: what is kept in a repository has none."""


def complete(plan: Plan, records: Sequence[AnyRecord]) -> bool:
    """Return whether a run came to its end: that of its plan, or an earlier one by its own rule."""
    if plan.promise:
        return not next_trials(plan, records)
    if plan.until_decided and decided_after(plan, records):
        return True
    trials = narrowed(plan, records).trials
    return finished(records) >= {trial.number for trial in trials} and not due(plan, records)


def latest(records: Sequence[R]) -> list[R]:
    """Return the record of each trial that counts, by trial: the last attempt, or its repetition."""
    found = counting(records)
    return [found[number] for number in sorted(found)]


def finished(records: Sequence[AnyRecord]) -> set[int]:
    """Return the trials that need not be run again; a void one may be among them."""
    return {number for number, record in counting(records).items() if interrupted(record) is None}


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
        there = f"{len(finished(run.records))} of its {len(run.plan.trials)} trials are here"
        if run.plan.promise:
            there = f"{len(finished(run.records))} trials are here, and its search has not come to its end"
        if again := due(run.plan, run.records):
            there += f", and {len(again)} that others disturbed were not measured again yet"
        notes.append(f"{name} {how}: {there}.")
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
    cut = {record.trial.number for record in run.records if interrupted(record)}
    run_again = [record.key for record in latest(run.records) if record.trial.number in cut and record.attempt > 1]
    if run_again:
        notes.append(f"Cut short and run again: trial {_numbers(run_again)}; the last attempt counts.")
    return notes


def repetition_notes(run: RunOutcomes) -> list[str]:
    """Say how many trials were measured again because others disturbed them."""
    if run.plan.repeat_suspect is None or not (again := repeated(run.records)):
        return []
    were = "trial was" if len(again) == 1 else "trials were"
    return [
        f"{len(again)} {were} measured again in the same block, as others took much of the processor: the repetition"
        " counts unless it is void. No rate played a part in the choice."
    ]


def _numbers(keys: Iterable[Key]) -> str:
    trials = {trial for trial, _ in keys}
    return ", ".join(map(str, sorted(trials)))
