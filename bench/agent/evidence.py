"""What the agent observes of clients and server by itself, as figures beside those of the probes. Pure.

``event_loop``: how long the clients' loops keep waiting what is ready. ``server_cpu``: the server's cores by kind of
process. ``quota``: how often CPU quotas held clients and server up. Names: ``docs/fields.md``.
"""

from collections.abc import Sequence

from bench.model.fingerprint import Unreadable
from bench.stats.missing import not_none
from bench.validity.judge import Quotas, held_up
from bench.workload.messages import Result

Figures = dict[str, float | Unreadable]

OF_EVENT_LOOP = ("lag_ms", "lag_max_ms", "blocked_share", "turn_share")
NO_LOOP = Unreadable(unreadable="the clients have no event loop, or this system nothing to tell its lag by")
NOT_LOOKED = Unreadable(unreadable="the loop was never looked at in the window")
WHOSE = {"client_throttled_share": "the clients", "server_throttled_share": "the server"}
NOT_SEEN = Unreadable(unreadable="its control group can't be seen from here")


def event_loop(results: Sequence[Result]) -> Figures:
    """Return how long what was ready waited for its turn in the clients' loops."""
    lags = not_none(result.loop_lag for result in results)
    if not lags or len(lags) < len(results):
        return dict.fromkeys(OF_EVENT_LOOP, NO_LOOP)
    moments = sum(lag.moments for lag in lags)
    if not moments:
        return dict.fromkeys(OF_EVENT_LOOP, NOT_LOOKED)
    return {
        "lag_ms": 1000 * sum(lag.lag_s for lag in lags) / moments,
        "lag_max_ms": 1000 * max(lag.most_s for lag in lags),
        "blocked_share": sum(lag.blocked for lag in lags) / moments,
        "turn_share": _turn_share(results),
    }


def _turn_share(results: Sequence[Result]) -> float | Unreadable:
    """Return which part of the time of inserts they waited for the loop: each has one answer at least to wait for."""
    insert_s = sum(result.insert_s for result in results)
    if not insert_s:
        return Unreadable(unreadable="no commit was acknowledged in the window")
    waited_s = 0.0
    for result in results:
        lag = result.loop_lag
        if lag is not None and lag.moments:
            waited_s += sum(result.commits_per_second) * lag.lag_s / lag.moments
    return min(waited_s / insert_s, 1.0)


def of_server(quotas: Quotas) -> Quotas:
    """Return the quotas of the server alone, where its clients are on other machines."""
    return {whose: found for whose, found in quotas.items() if whose == WHOSE["server_throttled_share"]}


def quota(first: Quotas, last: Quotas) -> Figures:
    """Return in which part of the periods of their CPU quota clients and server were held up; 0 without a quota."""
    return {name: _held_up_share(first, last, whose) for name, whose in WHOSE.items()}


def _held_up_share(first: Quotas, last: Quotas, whose: str) -> float | Unreadable:
    then, now = first.get(whose, NOT_SEEN), last.get(whose, NOT_SEEN)
    if isinstance(then, Unreadable):
        return then
    if isinstance(now, Unreadable):
        return now
    return max((throttled / periods for _, throttled, periods in held_up(then, now)), default=0.0)
