"""One host's run as it was pulled, and how it ended: by its plan, stopped, cut off, or not yet.

Reading the files is ``bench.store.run_directory``'s; what the numbers say is ``ladder``'s and its neighbours'.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from hdrh.histogram import HdrHistogram

from bench.analysis.counted import Key
from bench.model.fingerprint import Fingerprint
from bench.model.language import later, tr, tr_many
from bench.model.outcome import AnyRecord, R
from bench.model.plan import Plan
from bench.model.record import Record, Samples
from bench.plan.promise import next_trials
from bench.plan.rates import CUT, counting, ended, interrupted, numbers_of
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
    return numbers_of(ended(counting(records).values()))


def extent_notes(run: RunOutcomes, *, several: bool = False) -> list[str]:
    """Say how far a run came, and whether its files are those that were written; of several each by its name."""
    name = tr("Run {run}", run=run.plan.run) if several else tr("This run")
    notes = []
    if not run.complete:
        sentence = later("{name} is not complete: {there}.")
        if run.cancelled:
            sentence = later("{name} was cancelled and is not complete: {there}.")
        notes.append(tr(sentence, name=name, there=_there(run)))
    if not run.sealed:
        sentence = later(
            "{name} has no checksums, although all its trials are recorded: whether a file was changed is not known."
        )
        if not run.complete:
            sentence = later("{name} has no checksums, as it was not closed: whether a file was changed is not known.")
        elif run.cancelled:
            sentence = later("{name} has no checksums, as it was cancelled: whether a file was changed is not known.")
        notes.append(tr(sentence, name=name))
    return notes


def _there(run: RunOutcomes) -> str:
    done, of = len(finished(run.records)), len(run.plan.trials)
    there = tr("{count} of its {of} trials are here", count=done, of=of)
    if run.plan.promise:
        there = tr("{count} trials are here, and its search has not come to its end", count=done)
    if again := due(run.plan, run.records):
        later_on = later("{there}, and {count} that others disturbed were not measured again yet")
        return tr(later_on, there=there, count=len(again))
    return there


def ending_notes(run: PulledRun) -> list[str]:
    """Return how the run ended, where that was not the end of its plan; ``extent_notes`` tells how much is there."""
    notes = []
    for record in latest(run.records):
        code = interrupted(record)
        if code:
            notes.append(tr(CUT[code], trial=record.trial.number))
    if run.begun:
        begun = later(
            "Begun and without a record here: trial {trials}. One was under way when this was pulled, or was"
            " interrupted; where they are more, the pull was: pull the run again."
        )
        notes.append(tr(begun, trials=_numbers(run.begun)))
    cut = {record.trial.number for record in run.records if interrupted(record)}
    run_again = [record.key for record in latest(run.records) if record.trial.number in cut and record.attempt > 1]
    if run_again:
        sentence = later("Cut short and run again: trial {trials}; the last attempt counts.")
        notes.append(tr(sentence, trials=_numbers(run_again)))
    return notes


def repetition_notes(run: RunOutcomes) -> list[str]:
    """Say how many trials were measured again because others disturbed them."""
    if run.plan.repeat_suspect is None or not (again := repeated(run.records)):
        return []
    return [
        tr_many(
            "{count} trial was measured again in the same block, as others took much of the processor: the repetition"
            " counts unless it is void. No rate played a part in the choice.",
            "{count} trials were measured again in the same block, as others took much of the processor: the repetition"
            " counts unless it is void. No rate played a part in the choice.",
            len(again),
        )
    ]


def _numbers(keys: Iterable[Key]) -> str:
    trials = {trial for trial, _ in keys}
    return ", ".join(map(str, sorted(trials)))
