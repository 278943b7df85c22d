"""Whether a standby can follow the server of a trial, and readers read there. Pure.

How it is made is ``bench.engines.postgresql.standby``'s business; what it makes doubtful ``bench.validity.replica``'s.
"""

from collections.abc import Iterable, Mapping, Sequence

from bench.engines.postgresql.render import texts
from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.plan import NULL, STANDBY, Plan, Trial, Variant
from bench.plan.contrast import distinct

DECIDED = ("synchronous_commit", "synchronous_standby_names")
"""Settings that the level decides, from ``local`` on; the second one is ours wherever there is a standby."""


def check_replicas(trials: Sequence[Trial], variants: Mapping[str, Variant], alone: str | None) -> None:
    """Refuse a standby where none can be, a level that a variant contradicts, and readers on a standby that is not.

    Args:
        trials: one of each that is planned.
        variants: by name.
        alone: what else is asked for that measures what writers do alone, too; None: nothing.

    Raises:
        UsageError: says what can't be, and what would.

    """
    if alone and any(trial.parameters.replicated for trial in trials):
        raise UsageError(
            tr(
                "{option} also measures what a trial's writers do alone, on a server that no standby follows: leave out"
                " --replica.",
                option=alone,
            )
        )
    _check_readers_on(trials)
    for trial in trials:
        check_trial(trial, variants.get(trial.variant))


def _check_readers_on(trials: Iterable[Trial]) -> None:
    """Refuse readers of a standby where nobody reads, or none of the trials has one."""
    asked = [trial.parameters for trial in trials if trial.parameters.readers_on == STANDBY]
    if asked and not any(parameters.readers for parameters in asked):
        raise UsageError(tr("--readers-on is of readers, and there are none: ask for --readers 4, or so many."))


def check_trial(trial: Trial, variant: Variant | None) -> None:
    """Refuse a trial whose standby can't be made, or would not be waited for as it is asked.

    Raises:
        UsageError: says why, and what would do.

    """
    parameters = trial.parameters
    if parameters.reads_standby and not parameters.replicated:
        raise UsageError(
            tr(
                "--readers-on standby takes a standby that they can read from: ask for --replica async, or another"
                " level."
            )
        )
    if not parameters.replicated:
        return
    if trial.engine is not None:
        kind = tr("the null server") if trial.engine == NULL else trial.engine
        raise UsageError(
            tr(
                "A standby is of PostgreSQL, and phase {phase} is on {kind}: leave out --replica.",
                phase=trial.phase,
                kind=kind,
            )
        )
    _check_decided(trial, texts(variant) if variant else {})


def _check_decided(trial: Trial, given: Mapping[str, str]) -> None:
    """Refuse a variant that sets what the level of the standby decides."""
    parameters = trial.parameters
    decided = DECIDED[1:] if parameters.commit_level is None else DECIDED
    for name in decided:
        if name in given:
            raise UsageError(
                tr(
                    "The variant {variant} sets {name}, which --replica {level} decides: leave out the one or the"
                    " other.",
                    variant=trial.variant,
                    name=name,
                    level=parameters.replica,
                )
            )


def check_private(plan: Plan, instead: str) -> None:
    """Refuse a plan with a standby where its server is not a private one; ``instead`` says what would do.

    Raises:
        UsageError: names both.

    """
    for trial in distinct(plan):
        if trial.parameters.replicated:
            raise UsageError(
                tr("A standby is made beside a private server, which this one is not: {instead}.", instead=instead)
            )


def check_standby(plan: Plan, standby: str, instead: str) -> None:
    """Refuse a plan for a box's cluster that says otherwise whether one follows, or reads there.

    Args:
        plan: whose trials are on that cluster.
        standby: the address of the one on another box that it lets in; empty: there is none.
        instead: what makes a private server there.

    Raises:
        UsageError: says what can't be, and what would.

    """
    if not standby:
        check_private(plan, tr("make provision REPLICA_OF= has another box follow it, or {instead}", instead=instead))
        return
    for trial in distinct(plan):
        if not trial.parameters.replicated:
            raise UsageError(
                tr(
                    "The standby at {standby} follows this box's cluster in every trial: say what commits wait for of"
                    " it, --replica async for nothing; or take it away by make teardown on its box.",
                    standby=standby,
                )
            )
        if trial.parameters.reads_standby:
            raise UsageError(
                tr(
                    "The standby at {standby} is on another box, which readers of this one do not reach: leave out"
                    " --readers-on.",
                    standby=standby,
                )
            )
