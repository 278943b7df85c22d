"""Whether the clients of a trial can run on client boxes: what is carried out there, and how many there are. Pure.

How they do: ``bench.workload.client_boxes``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bench.constraints.constraint import Place, Removal, constraints
from bench.model.errors import UsageError
from bench.model.language import later, tr
from bench.model.plan import NULL, POSTGRESQL, Plan, Trial
from bench.plan.contrast import distinct

TLS = "tls"
PGBENCH = "pgbench"
ANOTHER = later("make provision HOST=… CLIENT_OF= with this box's name makes another one its client box")
"""What brings a provisioned box one more."""
MOST_EACH = 10
"""Client processes on one box: sshd lets so many connections begin at once (MaxStartups)."""


def check_client_boxes(trials: Iterable[Trial], alone: str | None) -> None:
    """Refuse client boxes for what is not carried out there.

    Args:
        trials: one of each that is planned.
        alone: what else is asked for that measures what writers do alone, too; None: nothing.

    Raises:
        UsageError: says what can't be, and what would.

    """
    for trial in trials:
        if alone and trial.parameters.client_boxes:
            raise UsageError(
                tr(
                    "{alone} also measures what a trial's clients do on the server's own box: leave out"
                    " --client-boxes.",
                    alone=alone,
                )
            )
        check_trial(trial)


def check_trial(trial: Trial) -> None:
    """Refuse a trial whose clients can't run on client boxes.

    Raises:
        UsageError: says why, and what would do.

    """
    if not trial.parameters.client_boxes:
        return
    why = _not_to_there(trial) or _not_from_there(trial) or _not_dealt(trial)
    if why:
        raise UsageError(why)


def _not_to_there(trial: Trial) -> str | None:
    """Return why client boxes do not reach the server of a trial."""
    if trial.engine is not None:
        return tr(
            "Clients on client boxes write to PostgreSQL, and phase {phase} is on {kind}: leave out --client-boxes.",
            phase=trial.phase,
            kind=tr("the null server") if trial.engine == NULL else trial.engine,
        )
    if trial.transport != TLS:
        return tr(
            "Client boxes reach the server through a network, by TLS alone, and not by {transport}: ask for"
            " --transports tls.",
            transport=trial.transport,
        )
    return None


def _not_from_there(trial: Trial) -> str | None:
    """Return what of a trial is not carried out on client boxes."""
    if trial.driver == PGBENCH:
        return tr("pgbench is not started on client boxes: leave out --drivers pgbench, or --client-boxes.")
    if trial.parameters.mixed:
        return tr("Readers and retention work on the server's own box: leave them out, or --client-boxes.")
    return None


def _not_dealt(trial: Trial) -> str | None:
    """Return why processes can't be dealt out."""
    boxes, processes = trial.parameters.client_boxes, trial.parameters.processes
    most = boxes * MOST_EACH
    if boxes <= processes <= most:
        return None
    return tr(
        "Client processes are dealt out over client boxes, one to {most_each} on each, and phase {phase} has"
        " {processes} for {boxes}: ask for --processes {boxes} to {most}.",
        most_each=MOST_EACH,
        phase=trial.phase,
        processes=processes,
        boxes=boxes,
        most=most,
    )


def removal_of(name: str, base: Trial, place: Place) -> Removal | str | None:
    """Return what takes a constraint away from a trial, as ``Constraint.removal``; client boxes can't do all of it."""
    removal = constraints()[name].removal(base, place)
    if not isinstance(removal, Removal):
        return removal
    trial = replace(
        base,
        driver=removal.driver or base.driver,
        transport=removal.transport or base.transport,
        parameters=replace(base.parameters, **removal.parameters),  # type: ignore[arg-type]  # of its own fields
    )
    try:
        check_trial(trial)
    except UsageError:
        return tr("it is not taken away from clients on client boxes")
    return removal


def check_there(plan: Plan, boxes: Sequence[str], instead: str) -> None:
    """Refuse a plan that takes more client boxes than there are, or pieces of a user's own to them.

    Args:
        plan: whose trials are on that server.
        boxes: the names of those that there are.
        instead: what would bring some.

    Raises:
        UsageError: says what can't be, and what would.

    """
    wanted = most_wanted(plan)
    if not wanted:
        return
    if plan.engine != POSTGRESQL:
        raise UsageError(
            tr("Clients on client boxes write to PostgreSQL, and not to {engine}: leave them out.", engine=plan.engine)
        )
    if plan.pieces:
        named = ", ".join(sorted(plan.pieces))
        raise UsageError(tr("Pieces of your own ({named}) are not on client boxes: leave them out.", named=named))
    if wanted > len(boxes):
        there = tr("none")
        if boxes:
            there = f"{len(boxes)} ({', '.join(boxes)})"
        raise UsageError(
            tr(
                "--client-boxes {wanted} is asked for, and this server has {there}: {instead}.",
                wanted=wanted,
                there=there,
                instead=instead,
            )
        )


def most_wanted(plan: Plan) -> int:
    """Return on how many client boxes a plan's clients run at most; 0: all run on the server's own."""
    return max(trial.parameters.client_boxes for trial in distinct(plan))
