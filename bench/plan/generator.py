"""Whether the clients can offer a rate at all: what they send when nothing holds them up. Pure.

For each way of writing at a rate, the first trial of a plan is of the same clients in a closed loop on the null server,
which stores nothing. A rate near what they reach there would measure the clients: it is refused, or forced with a
doubt. Those of client boxes are tried on the server's own box; what they then take of their own processors is judged of
each trial (``bench.validity.client_boxes``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.model.outcome import AnyRecord
from bench.model.plan import CLOSED, NO_REPLICA, NULL, POINT, PRIMARY, Parameters, Plan, Trial, Variant
from bench.model.record import Reason
from bench.plan.ceiling import ceilings, served
from bench.plan.rates import counting

MOST_SHARE = 0.7
"""Of what the clients can send: beyond it they queue by themselves (at 70 % of its capacity a queue is 2.3 long)."""


def in_closed_loop(parameters: Parameters) -> Parameters:
    """Return the same way of writing in a closed loop, with nobody beside the writers and no standby."""
    return replace(
        parameters,
        rate=None,
        arrivals=None,
        latency_limit=None,
        collect_ms=None,
        surge=None,
        load=CLOSED,
        readers=0,
        reads=POINT,
        reads_per_100_rows=None,
        retain=0,
        partitions=0,
        replica=NO_REPLICA,
        readers_on=PRIMARY,
    )


def unhurried(parameters: Parameters) -> Parameters:
    """Return it on the server's own box, which alone reaches the null server."""
    return replace(in_closed_loop(parameters), client_boxes=0)


def capacities(asked: Sequence[Trial], variants: Mapping[str, Variant]) -> list[Trial]:
    """Return a trial on the null server for each way of writing at a rate."""
    open_loops = [trial for trial in asked if trial.parameters.rate is not None]
    return ceilings([replace(trial, parameters=unhurried(trial.parameters)) for trial in open_loops], variants)


def check_capacity(plan: Plan, trial: Trial, records: Sequence[AnyRecord]) -> list[Reason]:
    """Return why a rate can't be offered, or is to be doubted, by what the clients reached in closed loops.

    What they reached on the plan's own server they can send too: the null server takes time of theirs, and others may
    have disturbed its one trial. How much more they can send that alone does not tell.
    """
    rate = trial.parameters.most_rate
    if rate is None:
        return []
    like, transports = _way(trial), {trial.transport, served(trial.transport)}
    most, alone, of_boxes = 0.0, False, 0
    for record in counting(records).values():
        own = record.trial
        in_a_closed_loop = own.parameters.rate is None and _way(own) == like and own.transport in transports
        # Records that are read quickly have no ``void`` (``bench.model.outcome``).
        if in_a_closed_loop and record.validity.state != "void" and record.rows_per_s:
            alone = alone or own.engine == NULL
            if record.rows_per_s > most:
                most, of_boxes = record.rows_per_s, own.parameters.client_boxes
    if rate <= MOST_SHARE * most:
        return []
    if not alone:
        detail = "not known whether the clients can offer this rate: what they reach alone was not measured"
        return [Reason(code="client-capacity-unknown", detail=detail)]
    where = " on the server's own box" if trial.parameters.client_boxes and not of_boxes else ""
    what = f"{rate:,.0f} rows/s are {rate / most:.0%} of what these clients can send{where} ({most:,.0f} rows/s)"
    if plan.force:
        return [Reason(code="client-capacity", detail=f"{what}: it was forced", share=rate / most)]
    detail = f"{what}, and {MOST_SHARE:.0%} is allowed: ask for more --processes, or --force it"
    return [Reason(code="refused", detail=detail)]


def _way(trial: Trial) -> tuple[object, ...]:
    return unhurried(trial.parameters), trial.phase, trial.driver
