"""Whether what was read of a run belongs together: its plan in itself, and each record to one of its trials.

A box checks a plan before it carries it out (``bench.plan``); these files may have been changed since.
"""

from collections.abc import Sequence
from operator import attrgetter

from bench.model import Plan, Record, Trial, WrongUseError
from bench.plan import check_consistent

WHERE = ("block", "phase", "method", "variant", "layout", "transport")
HOW = ("processes", "in_flight", "pool_min", "pool_max", "batch", "payload_bytes", "event_loop")
"""Of a trial's parameters, repeated on its record."""
LONG = ("preload_rows", "warm_up_s")
"""Of the plan, likewise."""
of_where, of_how, of_long = attrgetter(*WHERE), attrgetter(*HOW), attrgetter(*LONG)


def check_records(plan: Plan, records: Sequence[Record]) -> None:
    """Refuse a plan that contradicts itself, and records that are not of its trials.

    A window is as long as planned, or was never completed: then its length is 0.

    Raises:
        WrongUseError: names the first, and what is not as planned.

    """
    check_consistent(plan)
    if len({(record.trial, record.attempt) for record in records}) < len(records):
        raise WrongUseError(f"A trial of run {plan.run} is recorded twice in trials.jsonl. Pull the run again.")
    texts = {variant.name: variant.sha256 for variant in plan.variants}
    planned = {trial.trial: _planned(plan, trial, texts[trial.variant]) for trial in plan.trials}
    whole, never = (0, plan.window_s), {variant.name for variant in plan.variants if variant.refused}
    for record in records:
        if record.run != plan.run or _of(record) != planned.get(record.trial) or record.seconds not in whole:
            raise WrongUseError(_contradiction(plan, record, planned.get(record.trial)))
        if record.variant in never and (record.validity.state != "void" or record.rows_per_s is not None):
            raise WrongUseError(
                f"Trial {record.trial} of run {plan.run} has a result, and its plan refuses {record.variant}."
                " Pull the run again."
            )


def _of(record: Record) -> tuple[object, ...]:
    return (*of_where(record), *of_how(record), *of_long(record), record.variant_sha256)


def _planned(plan: Plan, trial: Trial, sha256: str) -> tuple[object, ...]:
    return (*of_where(trial), *of_how(trial.parameters), *of_long(plan), sha256)


def _contradiction(plan: Plan, record: Record, planned: tuple[object, ...] | None) -> str:
    sentence = f"trials.jsonl: the record of trial {record.trial} is not of a trial of plan {plan.run}"
    if record.run != plan.run or planned is None:
        return f"{sentence}."
    names = (*WHERE, *HOW, *LONG, "variant_sha256", "seconds")
    pairs = zip(names, (*_of(record), record.seconds), (*planned, plan.window_s), strict=True)
    name, found, wanted = next(each for each in pairs if each[1] != each[2])
    return f"{sentence}: its {name} is {found}, planned is {wanted}. Pull the run again."
