"""Trials by which a rung is told to be bound by its server or by its clients. Pure.

How fast clients could be is measured on the null server, which stores nothing: one trial a block for each way of
writing, as variants, layouts and versions mean nothing there. Whether more clients help is measured by a twin on the
plan's own server. ``bench.analysis.bound`` says what comes of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.model.errors import DataError
from bench.model.language import tr
from bench.model.plan import NULL, SERVED, Parameters, Plan, Trial, Variant
from bench.model.values import Transport


def more_in_flight(parameters: Parameters, twin: Parameters) -> float:
    """Return how many times the commits in flight a twin has: 1, or more where they could not be halved."""
    return twin.workers / parameters.workers


def ceilings(asked: Sequence[Trial], variants: Mapping[str, Variant]) -> list[Trial]:
    """Return a trial on the null server for each way of writing of these; what is reached by TLS is tried by TCP."""
    if not asked:
        return []
    # One of the plan's is named, as of every trial: the first that is not refused.
    able = [trial for trial in asked if variants[trial.variant].refused is None] or list(asked)
    found: dict[object, Trial] = {}
    for trial in asked:
        transport = served(trial.transport)
        like = next((each for each in able if _way(each) == _way(trial)), able[0])
        way = (*_way(trial), transport)
        found.setdefault(way, replace(like, transport=transport, engine=NULL, twin_of=None))
    return list(found.values())


def served(transport: Transport) -> Transport:
    """Return the transport by which the null server is reached in place of another."""
    return transport if transport in SERVED else SERVED[0]


def with_twice_the_clients(parameters: Parameters) -> Parameters:
    """Return a way of writing with twice the client processes and the same commits in flight in all.

    Each process has half of them, and of the pool; an odd number is rounded up.
    """
    return replace(
        parameters,
        processes=2 * parameters.processes,
        in_flight=_half(parameters.in_flight),
        pool_min=parameters.pool_min and _half(parameters.pool_min),
        pool_max=parameters.pool_max and _half(parameters.pool_max),
    )


def _half(number: int) -> int:
    return (number + 1) // 2


def twin(trial: Trial) -> Trial:
    """Return a trial with twice the client processes."""
    return replace(trial, parameters=with_twice_the_clients(trial.parameters), twin_of=trial.number)


def with_twins_named(trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials of a plan with each twin told whose it is, by its number in the first block."""
    first = [trial for trial in trials if trial.block == 1 and not trial.experiment]
    base = {_place(twin(trial)): trial.number for trial in first}
    return [replace(trial, twin_of=base[_place(trial)]) if trial.twin_of else trial for trial in trials]


def check_ceilings(plan: Plan) -> None:
    """Refuse a trial beside others that is on an unknown server, or is no twin of the one that it names.

    Raises:
        DataError: names it.

    """
    first_block, *_ = plan.blocks
    first = {trial.number: trial for trial in plan.trials if trial.block == first_block}
    for trial in plan.trials:
        if trial.engine == NULL and trial.transport not in SERVED:
            raise DataError(
                tr(
                    "Plan {run}: trial {number} is on the null server by {transport}, which serves {served}.",
                    run=plan.run,
                    number=trial.number,
                    transport=trial.transport,
                    served=tr(" and ").join(SERVED),
                )
            )
        if trial.twin_of is None:
            continue
        base = first.get(trial.twin_of)
        if base is None or base.experiment or _place(twin(base)) != _place(trial):
            raise DataError(
                tr(
                    "Plan {run}: trial {number} is no twin of trial {of}.",
                    run=plan.run,
                    number=trial.number,
                    of=trial.twin_of,
                )
            )


def _place(trial: Trial) -> Trial:
    return replace(trial, number=1, block=1, twin_of=1)


def _way(trial: Trial) -> tuple[object, ...]:
    return trial.phase, trial.driver, trial.parameters
