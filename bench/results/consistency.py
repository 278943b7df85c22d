"""Whether what was read of a run belongs together: its plan in itself, and each record to one of its trials.

A box checks a plan before it carries it out (``bench.plan``); these files may have been changed since.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache

from bench.analysis.effects import effects_of
from bench.engines.postgresql.layout import own_layout
from bench.engines.postgresql.parameters import Value
from bench.model.errors import DataError
from bench.model.fingerprint import Fingerprint
from bench.model.language import tr
from bench.model.plan import Plan, Trial, Variant
from bench.model.record import Record
from bench.plan.check import check_consistent
from bench.plan.promise import unasked
from bench.plan.refine import measured_unasked
from bench.plan.repeat import repeated_unasked
from bench.stats.rates import window_rates

REPEATED = ("preload_rows", "warm_up_s")
"""Of the plan, on each record."""
RATES = ("rows_per_s", "settled_rows_per_s", "commits_per_s")


def check_records(plan: Plan, records: Sequence[Record], where: str = "trials.jsonl") -> None:
    """Refuse a plan that contradicts itself, and records that are not of its trials or contradict themselves.

    A window is as long as planned, or was never completed: then its length is 0. Rates are what the recorder makes of
    rows, commits and seconds, to the last digit: JSON keeps it.

    A commit is one batch, and what was acknowledged in the window was found.

    Args:
        plan: of the run.
        records: of all lines of a file, in their order.
        where: the file they were read from.

    Raises:
        DataError: names the first by its line, and what is not as planned or recorded.

    """
    check_consistent(plan)
    _check_asked(plan, records, where)
    trials = {trial.number: trial for trial in plan.trials}
    arms = plan.variants_by_arm
    variants = {trial.number: arms[plan.arm_of(trial)] for trial in plan.trials}
    for line, record in enumerate(records, 1):
        trial, why = trials.get(record.trial.number), None
        if trial is None or not _as_planned(record, plan, trial, variants[trial.number]):
            why = _not_planned(record, plan, trial, variants)
        elif variants[trial.number].refused and (record.validity.state != "void" or record.rows_per_s is not None):
            why = tr(
                "trial {number} of run {run} has a result, and its plan refuses {variant}",
                number=trial.number,
                run=plan.run,
                variant=trial.variant,
            )
        elif other := _other_rate(record):
            why = other
        elif found := _contradicts_itself(record):
            why = tr("{what} in trial {number}", what=found, number=trial.number)
        if why:
            raise DataError(tr("{where}, line {line}: {why}. Pull the run again.", where=where, line=line, why=why))


def _check_asked(plan: Plan, records: Sequence[Record], where: str) -> None:
    """Refuse records of trials that the plan does not ask for, or not so often."""
    named: dict[str, object] = {"where": where, "run": plan.run}
    # Nearly always each trial has one record, and records may be very many.
    if len({record.trial.number for record in records}) < len(records):
        _check_again(plan, records, named)
    if number := measured_unasked(plan, records):
        raise DataError(
            tr(
                "{where}: trial {number} of run {run} is recorded, and its first blocks leave it out. Pull the run"
                " again.",
                number=number,
                **named,
            )
        )
    if number := unasked(plan, records):
        raise DataError(
            tr(
                "{where}: trial {number} of run {run} is recorded, and its search did not ask for it. Pull the run"
                " again.",
                number=number,
                **named,
            )
        )


def _check_again(plan: Plan, records: Sequence[Record], named: Mapping[str, object]) -> None:
    if len({(record.trial.number, record.attempt) for record in records}) < len(records):
        raise DataError(tr("{where}: a trial of run {run} is recorded twice. Pull the run again.", **named))
    if number := repeated_unasked(plan, records):
        raise DataError(
            tr(
                "{where}: trial {number} of run {run} is recorded again, and was not to be. Pull the run again.",
                number=number,
                **named,
            )
        )


def _as_planned(record: Record, plan: Plan, trial: Trial, variant: Variant) -> bool:
    """Tell whether a record is of this trial of a plan."""
    # One comparison after another: ``attrgetter`` and tuples take three times as long, and records are many.
    return (
        (record.trial is trial or record.trial == trial)
        and record.variant_sha256 == variant.sha256
        and record.run == plan.run
        and record.preload_rows == plan.preload_rows
        and record.warm_up_s == plan.warm_up_s
        and record.seconds in (0, plan.window_s)
    )


def _not_planned(record: Record, plan: Plan, trial: Trial | None, variants: Mapping[int, Variant]) -> str:
    """Say what of a record is not as planned."""
    sentence = tr(
        "the record of trial {number} is not of a trial of plan {run}", number=record.trial.number, run=plan.run
    )
    if record.run != plan.run or trial is None:
        return sentence
    wanted = _named(trial) | {"variant_sha256": variants[trial.number].sha256, "seconds": plan.window_s}
    found = _named(record.trial) | {"variant_sha256": record.variant_sha256, "seconds": record.seconds}
    for name in REPEATED:
        found[name], wanted[name] = getattr(record, name), getattr(plan, name)
    name = next(name for name in found if found[name] != wanted[name])
    return tr(
        "{sentence}: its {name} is {found}, planned is {wanted}",
        sentence=sentence,
        name=name,
        found=found[name],
        wanted=wanted[name],
    )


def _named(trial: Trial) -> dict[str, object]:
    """Return all that a trial is, its parameters beside the rest."""
    found: dict[str, object] = asdict(trial)
    del found["parameters"]
    return found | asdict(trial.parameters)


def _other_rate(record: Record) -> str | None:
    """Say which rate is not what the recorder makes."""
    recorded = record.rows_per_s, record.settled_rows_per_s, record.commits_per_s
    made = window_rates(record.rows, record.commits, record.seconds, record.checkpoint_s)
    if recorded == made:
        return None
    rates = zip(RATES, recorded, made, strict=True)
    name, found, wanted = next(each for each in rates if each[1] != each[2])
    return tr(
        "the {name} of trial {number} is {found}, and the recorder makes {wanted} of its rows, commits and seconds",
        name=name,
        number=record.trial.number,
        found=found,
        wanted=wanted,
    )


def _contradicts_itself(record: Record) -> str | None:
    """Return what of a record can't be true together."""
    parameters = record.trial.parameters
    most = record.commits * parameters.batch
    # Of rows that are collected a batch may be short.
    least = record.commits if parameters.collect_ms is not None else most
    if not least <= record.rows <= most:
        return tr(
            "{rows} rows are not {commits} commits of {batch}",
            rows=record.rows,
            commits=record.commits,
            batch=parameters.batch,
        )
    state, reasons = record.validity.state, record.validity.reasons
    if reasons or state != "valid":
        grave = sum(not reason.slight for reason in reasons)
        if (state == "valid") != (grave == 0):
            return tr("the state is {state}, and there are {grave} reasons for doubt", state=state, grave=grave)
    if state == "void":
        return None
    return _rows_lacking(record)


def _rows_lacking(record: Record) -> str | None:
    """Return which counts of a record's rows, or of its commits, are fewer than they can be."""
    least, seen = record.rows, record.verified
    # What was deleted beside the writers was there.
    found = None if seen.found is None else seen.found + seen.deleted
    counts = seen.acknowledged, found, seen.attempted
    for count in counts:
        if count is None:
            continue
        if count < least:
            known = [str(each) for each in (record.rows, *counts) if each is not None]
            named = ", ".join(known)
            return tr("the rows of the window, acknowledged, found and attempted are {counts}", counts=named)
        least = count
    # More are usual: other sessions take transaction ids too, autovacuum's among them.
    if record.transactions is not None and record.transactions < record.commits:
        return tr(
            "{commits} commits took {transactions} transactions",
            commits=record.commits,
            transactions=record.transactions,
        )
    return None


# --- durability ------------------------------------------------------------------------------------------------------

GRADES = ("not crash-safe", "may lose last", "durable")
"""Rising; what other grades there are promise less than the last."""
SAFETY = {"fsync": "not crash-safe", "full_page_writes": "not crash-safe", "synchronous_commit": "may lose last"}
"""Settings that are on in a durable server, and the best grade with each of them off."""


def check_durability(
    plan: Plan, host: Fingerprint | None, records: Iterable[Record], where: str = "trials.jsonl"
) -> None:
    """Refuse a record that claims to be safer than its layout and settings can make it.

    Those in force are the variant's; of the variant whose settings the fingerprint has, these. Variants in a text that
    we don't know say nothing.

    Raises:
        DataError: names the trial, and the setting.

    """
    settings = {variant: _in_force(variant, effect, host) for variant, effect in effects_of(plan, host).items()}
    # Records of one variant and layout make the same claim: each is judged once, and named by its first trial.
    claims: dict[tuple[str, str, str], int] = {}
    for record in records:
        trial = record.trial
        claims.setdefault((record.durability, trial.layout, trial.variant), trial.number)
    for (grade, layout, variant), number in claims.items():
        if why := _unsafe(grade, layout, settings[variant]):
            raise DataError(
                tr(
                    "{where}: trial {number} is recorded as {grade!r} with {why}. Pull the run again.",
                    where=where,
                    number=number,
                    grade=grade,
                    why=why,
                )
            )


def _in_force(variant: str, effect: Mapping[str, Value], host: Fingerprint | None) -> dict[str, str]:
    settings = {name: str(effect[name]) for name in SAFETY if name in effect}
    if host is None:
        return settings
    server = host.facts.get("postgresql", {})
    found = server.get("settings")
    if server.get("variant") == variant and isinstance(found, dict):
        # What the server reported outweighs what its variant's text should come to.
        settings |= found
    return settings


known_layout = cache(own_layout)
"""Not read again for every run."""


def _unsafe(durability: str, layout: str, settings: Mapping[str, str]) -> str | None:
    """Return what makes a grade impossible; of a user's own layout nothing is said."""
    claimed = 0
    for rank, grade in enumerate(GRADES):
        if durability.startswith(grade):
            claimed = rank
    found = known_layout(layout)
    if claimed and found and found.risk:
        return tr("the layout {layout}: {risk}", layout=layout, risk=found.risk)
    for name, best in SAFETY.items():
        if settings.get(name) == "off" and claimed > GRADES.index(best):
            return f"{name} = off"
    return None
