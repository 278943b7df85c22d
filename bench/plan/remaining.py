"""What of a plan is left to do, by the records that are there. Pure; agent, box and whoever follows a run ask it."""

from collections.abc import Sequence
from itertools import chain

from bench.model.outcome import AnyRecord
from bench.model.plan import Plan, Trial
from bench.model.suspects import Suspects
from bench.plan.promise import next_trials
from bench.plan.rates import interrupted, numbers_of
from bench.plan.refine import at_most, may_follow, narrowed
from bench.plan.repeat import due
from bench.plan.rule import decided_after
from bench.plan.suspects import left_out

Left = list[tuple[Trial, int]]
"""Trials, and which attempt at each is next."""


def remaining(plan: Plan, records: Sequence[AnyRecord], suspects: Suspects | None = None) -> Left:
    """Return what is still to do: what has no record, was interrupted from outside, or is to be repeated.

    A run until decided has nothing left once it is decided; of experiments those are left that are worth their time. Of
    a search the next trial is left, and those that will probably follow.
    """
    left = undone(plan, records, suspects)
    if left and decided_after(plan, records):
        return []
    return left


def undone(plan: Plan, records: Sequence[AnyRecord], suspects: Suspects | None = None) -> Left:
    """Return what is still to do, were the run to come to its last block."""
    attempts: dict[int, int] = {}
    done: set[int] = set()
    for record in records:
        attempts[record.trial.number] = record.attempt
        if interrupted(record) is None:
            done.add(record.trial.number)
    trials = next_trials(plan, records) if plan.promise else narrowed(plan, records).trials
    left = [trial for trial in trials if trial.number not in done and not left_out(trial, suspects)]
    # A block is repeated before the next one begins.
    return [(trial, attempts.get(trial.number, 0) + 1) for trial in chain(due(plan, records), left)]


def to_come(plan: Plan, records: Sequence[AnyRecord], suspects: Suspects | None = None) -> list[Trial]:
    """Return the trials that are left, and of a sweep that refines those that may yet be chosen."""
    return [*(trial for trial, _ in remaining(plan, records, suspects)), *may_follow(plan, records)]


def in_all(plan: Plan, records: Sequence[AnyRecord], left: Left) -> int:
    """Return how many trials a run takes: of a search what it has taken and probably will, of what refines at most."""
    if plan.promise is None:
        return len(at_most(plan, records).trials)
    return len(numbers_of(records) | {trial.number for trial, _ in left})
