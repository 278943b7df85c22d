"""Whether a rung is bound by its server or by its clients, found by experiment (``bench.plan.ceiling``).

Its clients alone: the same way of writing on the null server, which stores nothing. More clients: twice the client
processes on the rung's own server, with the same commits in flight in all. Both are compared with the rung block by
block. Without these trials it is not known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

from bench.analysis.by_block import compared_by_block, estimate
from bench.analysis.counted import middle
from bench.constraints.evidence import busy
from bench.constraints.known.other_programs import SHORT, of_others
from bench.model.fingerprint import Processors
from bench.model.language import later, tr
from bench.model.plan import NULL, Parameters, Trial
from bench.model.record import Record
from bench.plan.ceiling import more_in_flight, served
from bench.plan.rates import numbers_of
from bench.stats.compare import MARGIN, Comparison
from bench.stats.intervals import Estimate, Interval

BEYOND = 1.5
"""So many times the rate clients must reach without the server, for it to be the server that holds them up."""
FULL_PCT = 90.0
"""Of a host that was busier, the null server's part of the processors was missing to the clients."""
MORE_CLIENTS = "client-cpu"
"""What an experiment of ``explain`` takes away where it has twice the client processes."""
NOT_MEASURED = later("not measured: --ceiling measures it (make: CEILING=1)")
ELSEWHERE = later("its clients run on client boxes, where what they reach without the server is not measured")
NO_TWIN = later("twice the client processes were not measured")
HELD_UP = later("its clients alone reach less, but the null server took time of theirs")
CEILING_UNDECIDED = later("whether its clients alone reach 1.5 times its rate takes more blocks (--blocks)")
"""So many times: ``BEYOND``."""
MORE_UNDECIDED = later("whether twice the client processes write more takes more blocks (--blocks)")
IN_FLIGHT = later("its clients alone reach more; what twice of them write, more commits in flight may explain")
SHARED = later("twice the client processes reach more, and get more of the processors that other programs use too")
FEW = later("one block shows no spread: measure three or more (--blocks)")

Verdict = Literal["server", "client", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a rung is bound by."""

    verdict: Verdict
    ceiling_rows_per_s: Estimate | None
    """What its clients reach on the null server, beside the rung in the same blocks; None: not measured."""
    more_clients: Estimate | None
    """The rate with twice the client processes, over the rung's; None: not measured."""
    why: str


UNKNOWN = Bound(verdict="unknown", ceiling_rows_per_s=None, more_clients=None, why=NOT_MEASURED)


def bound_by(
    trials: Sequence[Record], rate: float | None, experiments: Iterable[Record], cpus: Processors | None = None
) -> Bound:
    """Return what a rung is bound by.

    Args:
        trials: all of the rung's.
        rate: the rung's, in rows a second.
        experiments: of the same run.
        cpus: the box's processors, None where they are not known.

    """
    trial = trials[0].trial
    if trial.parameters.client_boxes:
        return replace(UNKNOWN, why=ELSEWHERE)
    numbers = numbers_of(trials)
    alone: list[Record] = []
    twins: list[Record] = []
    for record in experiments:
        if _is_ceiling_of(record.trial, trial):
            alone.append(record)
        elif _twin_of(record.trial) in numbers and record.trial.driver == trial.driver:
            twins.append(record)
    if not alone or rate is None:
        return UNKNOWN
    ceiling, more = compared_by_block(trials, alone), compared_by_block(trials, twins)
    gain = estimate(more) if more else None
    if ceiling is None:
        return Bound(verdict="unknown", ceiling_rows_per_s=None, more_clients=gain, why=_no_block([*trials, *alone]))
    growth = max((more_in_flight(trial.parameters, record.trial.parameters) for record in twins), default=1.0)
    verdict, why = judged(ceiling, _room(alone, trial.parameters, cpus), more, growth, shared=_shared(trials, cpus))
    return Bound(verdict=verdict, ceiling_rows_per_s=estimate(ceiling, rate), more_clients=gain, why=why)


def judged(
    ceiling: Comparison, room: float, more: Comparison | None, growth: float, *, shared: bool = False
) -> tuple[Verdict, str]:
    """Return the verdict, and why. Pure.

    Args:
        ceiling: what its clients reach without the server, over the rung.
        room: how many times faster they could be at most, had the null server taken no time of theirs.
        more: twice the client processes over the rung; None: not measured.
        growth: how many times the commits in flight these have; a gain of that size they explain alone.
        shared: programs of others use so much of the processors that more processes get more of them.

    """
    if ceiling.interval is None:
        return "unknown", FEW
    times = _ratio(ceiling)
    if ceiling.interval.high * room < BEYOND:
        return "client", tr("without the server its clients reach {times} its rate", times=times)
    if more and more.interval and more.interval.low > growth * (1 + MARGIN):
        if shared:
            return "unknown", SHARED
        return "client", tr("with twice the client processes it reaches {times} its rate", times=_ratio(more))
    if why := _why_unknown(ceiling.interval, more, growth):
        return "unknown", why
    why = tr(
        "without the server its clients reach {times} its rate, and twice the client processes write no more",
        times=times,
    )
    return "server", why


def _why_unknown(ceiling: Interval, more: Comparison | None, growth: float) -> str | None:
    """Return why a rung that its clients were not shown to bind is not shown to be bound by its server either."""
    if ceiling.high < BEYOND:
        return HELD_UP
    if more is None or more.interval is None:
        return FEW if more else NO_TWIN
    if ceiling.low < BEYOND:
        return CEILING_UNDECIDED
    if more.interval.high > 1 + MARGIN:
        return MORE_UNDECIDED if growth == 1 else IN_FLIGHT
    return None


def _ratio(found: Comparison) -> str:
    if found.interval is None:
        return tr("{ratio:.2f} times", ratio=found.ratio)
    low, high = found.interval.low, found.interval.high
    return tr("{ratio:.2f} times [{low:.2f}, {high:.2f}]", ratio=found.ratio, low=low, high=high)


def _shared(trials: Iterable[Record], cpus: Processors | None) -> bool:
    """Return whether programs of others use so much of the processors that these are short."""
    used = middle(of_others(record, cpus) for record in trials)
    return used is not None and used > SHORT


def _room(alone: Iterable[Record], parameters: Parameters, cpus: Processors | None) -> float:
    """Return how many times faster clients could be at most, had the null server taken no time of theirs.

    Of one commit in flight they wait for it; else it takes their processors where there are no more to be used.
    """
    found = [1.0]
    for record in alone:
        of_null, of_clients, of_all = record.cpu.server_cores, record.cpu.client_cores, busy(record, cpus)
        if not of_null or not of_clients or of_all is None:
            continue
        if parameters.workers == 1:
            found.append(1 / max(1 - of_null, 0.01))
        elif 100 * of_all >= FULL_PCT:
            found.append(1 + of_null / of_clients)
    return median(found[1:] or found)


def _no_block(records: Iterable[Record]) -> str:
    """Say why no block has both a rate of the rung and of its clients alone."""
    for record in records:
        if record.void:
            return tr("trial {number} is void, {why}", number=record.trial.number, why=record.validity.why)
    return tr("no block has both a trial of it and one of its clients alone")


def _is_ceiling_of(ceiling: Trial, trial: Trial) -> bool:
    way = ceiling.phase, ceiling.driver, ceiling.parameters, ceiling.transport
    return ceiling.engine == NULL and way == (trial.phase, trial.driver, trial.parameters, served(trial.transport))


def _twin_of(trial: Trial) -> int | None:
    """Return the number of the trial of which this is one with twice the client processes."""
    if trial.without and MORE_CLIENTS in trial.without.constraints:
        return trial.without.base
    return trial.twin_of
