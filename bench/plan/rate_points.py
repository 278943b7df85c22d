"""Which rates a sweep chooses by itself (``rate=auto``), and between which it looks more closely. Pure.

How many rows a box takes nobody knows before, and a plan is fixed before: it holds a grid of rates for each way of
writing (``bench.plan.candidates``) and, ahead of them, one trial of it in a closed loop. What that reaches says which
the first blocks have: rates each twice the one before, up to somewhat more than it. Where what comes is no longer begun
when it is due is the knee; the later blocks have the rates of the grid about it. What the clients can't send
(``bench.plan.generator``) is none of them.
"""

from bisect import bisect_left
from collections.abc import Sequence
from statistics import fmean

from bench.model.errors import DataError
from bench.model.language import tr
from bench.model.outcome import AnyRecord
from bench.model.plan import Plan, Trial, asked_for
from bench.model.record import WEIGHTY_SHARE, overdue
from bench.plan.generator import check_capacity
from bench.plan.rates import counting
from bench.plan.sweep import RATE, Rung, by_rung, rung_of
from bench.stats.missing import not_none

PARTS = 4
"""Rates of the grid from one to its double: each is 19 % more than the one before."""
STEP = 2 ** (1 / PARTS)
POINTS = 5
"""Of the first blocks, each twice the one before."""
BEYOND = 1.2
"""The highest of these is so many times what the closed loop reached, or more: one trial may have been disturbed."""
KEPT = 1 - WEIGHTY_SHARE
"""Of what is due the part that is begun from which on a rate is kept up."""
Gap = tuple[float, float]
"""Two rates between which others are tried."""


def kept_share(record: AnyRecord) -> float | None:
    """Return which part of what was due had been begun when the window closed; None: nothing was due.

    Where the driver can't tell what waits, it is the part that was acknowledged.
    """
    loop, own = record.open_loop, record.trial.parameters
    if loop is None or not loop.due:
        return None
    waiting = overdue(loop, own.workers)
    if waiting is None:
        return record.rows / (loop.due * own.batch)
    return 1 - (waiting + loop.skipped) / loop.due


def first_rates(plan: Plan, records: Sequence[AnyRecord]) -> dict[Rung, list[float]]:
    """Return the rates of each rung's first blocks, the lowest first.

    Where its closed loop has no rate, or not yet, they end with what the clients can send.
    """
    found = {}
    for rung, rates in _offered(plan, records).items():
        reached = _reached(rung, records)
        top = len(rates) - 1 if reached is None else bisect_left(rates, BEYOND * reached)
        # Two in any case, or it would be no sweep.
        found[rung] = rates[max(top, PARTS) :: -PARTS][:POINTS][::-1]
    return found


def gap_of(
    plan: Plan,
    rung: Rung,
    points: Sequence[float],
    measured: Sequence[Sequence[AnyRecord]],
    records: Sequence[AnyRecord],
) -> Gap | None:
    """Return the last of a rung's first rates that is kept up, and the next, which is tried or not; None: none is.

    ``measured`` are the trials of each that count.
    """
    kept = _kept_up(measured)
    if kept is None:
        return None
    rates = _offered(plan, records)[rung]
    low, *above = rates[rates.index(points[kept]) :][: PARTS + 1]
    return (low, above[-1]) if above else None


def _kept_up(points: Sequence[Sequence[AnyRecord]]) -> int | None:
    """Return the last of rates, the lowest first, up to which each is seen to be kept up; None: the first is not.

    It says where to look more closely, and shows nothing.
    """
    last = None
    for number, records in enumerate(points):
        shares = not_none(map(kept_share, records))
        if not shares or fmean(shares) < KEPT:
            break
        last = number
    return last


def _offered(plan: Plan, records: Sequence[AnyRecord]) -> dict[Rung, list[float]]:
    """Return the rates of each rung's grid that its clients can send; two points in any case: a refusal says why."""
    alone = [record for record in records if record.trial.parameters.rate is None]

    def is_refused(trial: Trial) -> bool:
        return any(reason.code == "refused" for reason in check_capacity(plan, trial, alone))

    found = {}
    for rung, grid in by_rung(asked_for(plan.trials), [RATE]).items():
        count = bisect_left(grid, True, key=is_refused)
        found[rung] = not_none(trial.parameters.rate for trial in grid[: max(count, PARTS + 1)])
    return found


def _reached(rung: Rung, records: Sequence[AnyRecord]) -> float | None:
    """Return the rows/s of a rung's closed loop; None: it has none, or not yet."""
    for record in counting(records).values():
        if record.trial.capacity and rung_of(record.trial) == rung and record.validity.state != "void":
            return record.rows_per_s or None
    return None


def check_closed_loops(plan: Plan) -> None:
    """Refuse a plan that chooses its rates and lacks what tells how high they go.

    Raises:
        DataError: a way of writing has no trial in a closed loop.

    """
    closed = {rung_of(trial) for trial in plan.trials if trial.capacity}
    if closed != set(map(rung_of, asked_for(plan.trials))):
        raise DataError(
            tr("Plan {run} chooses its rates, and has a way of writing without its closed loop.", run=plan.run)
        )
