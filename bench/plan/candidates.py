"""A plan that chooses its rates as it goes: every trial that it may come to want. Pure.

It searches the highest that keeps a promise (``bench.plan.promise``), or sweeps those about the knee
(``bench.plan.rate_points``).

A plan is fixed beforehand and complete in itself: what is tried at which rates, and how often at most, is decided
before the first trial.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.plan import KNOBS, MAX_TRIALS, Parameters, Promise, Trial
from bench.plan.check import effective
from bench.plan.estimate import upper_rate
from bench.plan.generator import in_closed_loop
from bench.plan.promise import FIRST, STEPS, blocks_of, in_window, window_for
from bench.plan.rate_points import BEYOND, POINTS, STEP
from bench.stats.histogram import SHARES

MOST_BELOW = 200
"""A rate this many times below what a fast box takes is not tried: 175 rates are."""
BELOW_ASKED = 10
"""But for those down to so many times below the one that is asked for."""
BELOW_FAST = 10
"""Where a window is too short for any rate, it is asked to be long enough for a tenth of what a fast box takes."""
COLLECTING = 0.5
"""Of the time that is promised: so long rows wait for others of their batch; the rest is left for writing them."""
ROUNDING = 1e-9
PGBENCH = "pgbench"
Arriving = Mapping[str, float | str]
"""Parameters of how rows come at a rate, beside it."""


def with_candidates(asked: Sequence[Trial], promise: Promise, arriving: Arriving, window_s: float) -> list[Trial]:
    """Return every trial that a search may come to want.

    Args:
        asked: one trial for each way of writing.
        promise: that is to be kept.
        arriving: how rows come, as far as it was asked for.
        window_s: seconds that are measured.

    Raises:
        UsageError: the window is too short, or there are too many.

    """
    # What is asked for has to mean something to one of them.
    effective({trial.phase: trial.parameters for trial in asked}, {**arriving, "rate": 1.0})
    candidates = [_at_rates(trial, promise, arriving, window_s) for trial in asked]
    *_, last = blocks_of(promise)
    if (count := len(asked) + last * sum(map(len, candidates))) > MAX_TRIALS:
        raise UsageError(
            tr(
                "The search would choose from {count:,} trials, and a plan may have {most:,}; ask for fewer --phases or"
                " --variants.",
                count=count,
                most=MAX_TRIALS,
            )
        )
    trials = [replace(trial, parameters=in_closed_loop(trial.parameters)) for trial in asked]
    for block in range(FIRST, last + 1):
        for of_way in candidates:
            trials += [replace(trial, block=block) for trial in of_way]
    trials = [_surging(trial, promise) if trial.block == last else trial for trial in trials]
    return [replace(trial, number=number) for number, trial in enumerate(trials, 1)]


def _surging(trial: Trial, promise: Promise) -> Trial:
    """Return a trial with its overload in the first half of the window; pgbench keeps to one rate."""
    if trial.driver == PGBENCH:
        return trial
    return replace(trial, parameters=replace(trial.parameters, surge=promise.overload))


def _at_rates(asked: Trial, promise: Promise, arriving: Arriving, window_s: float) -> list[Trial]:
    """Return a way of writing at each rate of its grid, the lowest first."""
    # A promise is about rows: they come one by one, whatever a commit takes of them. pgbench collects none.
    usual: Arriving = {} if asked.driver == PGBENCH else {"collect_ms": promise.ms * COLLECTING}
    meant = {name: value for name, value in {**usual, **arriving}.items() if KNOBS[name].applies(asked.parameters)}

    def at_rate(rate: float) -> Parameters:
        return effective({asked.phase: asked.parameters}, {**meant, "rate": rate})[asked.phase]

    rates = grid(replace(asked, parameters=at_rate(1.0)), promise, window_s)
    return [replace(asked, parameters=at_rate(rate)) for rate in rates]


def grid(trial: Trial, promise: Promise, window_s: float) -> list[float]:
    """Return the rates at which a trial may be tried, in rows/s, the lowest first; ``trial`` is at one row a second.

    They reach from the least of which a window holds enough for the promise's share to beyond what a fast box takes, so
    that each that may be found there has its overload.

    Raises:
        UsageError: the window is too short; says how long a one would do.

    """
    due_per_row = trial.parameters.due_per_s
    assert due_per_row
    fast = upper_rate(trial.driver, in_closed_loop(trial.parameters))
    least = in_window(promise) / window_s / due_per_row
    _check_window(trial, promise, window_s, least, fast)
    top = max(fast, promise.rate or 0.0) * promise.overload
    lowest = max(least, top / MOST_BELOW)
    if promise.rate is not None:
        lowest = min(max(least, min(lowest, promise.rate / BELOW_ASKED)), promise.rate)
    # Whoever asks for a rate has it tried as it is; all others are of one grid, whatever the box.
    return _powers(promise.overload ** (1 / STEPS), lowest, top, promise.rate or 1.0)


def _powers(step: float, lowest: float, top: float, anchor: float = 1.0) -> list[float]:
    """Return rates from the lowest to the top, each so many times the one before; the anchor is one of them."""
    # A logarithm of a power of the step is whole but for its rounding.
    first, last = (math.ceil(math.log(rate / anchor, step) - ROUNDING) for rate in (lowest, top))
    return [anchor if number == 0 else _rounded(anchor * step**number) for number in range(first, last + 1)]


def _check_window(trial: Trial, promise: Promise, window_s: float, least: float, fast: float) -> None:
    """Refuse a window that can't tell of the rate that is asked for, or of any; rates are in rows/s."""
    due_per_row = trial.parameters.due_per_s
    assert due_per_row
    said: dict[str, object] = {
        "phase": trial.phase,
        "share": f"{100 * SHARES[promise.percentile]:g} %",
        "needed": in_window(promise),
        "what": tr("commits") if trial.parameters.collect_ms is None else tr("rows"),
        "seconds": window_s,
    }
    if promise.rate is not None and promise.rate < least:
        there = promise.rate * due_per_row
        raise UsageError(
            tr(
                "Phase {phase}: {share} can be told of {needed:,.0f} {what} due in a window or more, and at {rate:,g}"
                " rows/s {seconds:g} s have {there:,.0f}; ask for --window {window}, a smaller --batch or a lower"
                " percentile.",
                rate=promise.rate,
                there=there * window_s,
                window=window_for(promise, there),
                **said,
            )
        )
    if least > fast:
        raise UsageError(
            tr(
                "Phase {phase}: {share} can be told of {needed:,.0f} {what} due in a window or more, and in"
                " {seconds:g} s even a fast box makes fewer; ask for --window {window} or longer, a smaller --batch or"
                " a lower percentile.",
                window=window_for(promise, fast / BELOW_FAST * due_per_row),
                **said,
            )
        )


def _rounded(rate: float) -> float:
    """Return a rate in three figures: what people read is what was tried."""
    return float(f"{rate:.3g}")


# --- a sweep ---------------------------------------------------------------------------------------------------------


def at_rates(asked: Sequence[Trial]) -> list[Trial]:
    """Return each way of writing at every rate of which a sweep may choose some, the lowest first."""
    found: list[Trial] = []
    for trial in asked:
        fast = upper_rate(trial.driver, in_closed_loop(trial.parameters))
        # Below what a slow box takes there are as many as below that of a fast one.
        lowest = fast / MOST_BELOW / 2 ** (POINTS - 1)
        at_each = [replace(trial.parameters, rate=rate) for rate in _powers(STEP, lowest, BEYOND * fast)]
        found += [replace(trial, parameters=parameters) for parameters in at_each]
    return found


def closed_loops(trials: Sequence[Trial]) -> list[Trial]:
    """Return one trial of each way of writing in a closed loop: it tells up to where its rates go."""
    alone = [replace(trial, parameters=in_closed_loop(trial.parameters), capacity=True) for trial in trials]
    return list(dict.fromkeys(alone))
