"""What came at a rate, and how long it took: a sentence for each rung of an open loop."""

from collections.abc import Iterable

from bench.analysis.ladder import Ladder
from bench.analysis.rung import Rung
from bench.model.language import later, tr
from bench.model.plan import ACCUMULATE, POISSON, Parameters
from bench.model.record import Latency, OpenLoop
from bench.report.numbers import percentile, rate, short


def open_loops(ladder: Ladder) -> Iterable[str]:
    """Yield a sentence for each rung that was measured at a rate."""
    for rung in ladder.rungs:
        if rung.open_loop is not None:
            yield _sentence(rung)


def _sentence(rung: Rung) -> str:
    found, parameters = rung.open_loop, rung.parameters
    assert found is not None
    assert parameters.rate is not None
    parts = [tr("none acknowledged")]
    if rung.rows_per_s is not None:
        parts = [tr("{rate} acknowledged", rate=rate(rung.rows_per_s))]
    if within := _within(rung.latency_ms):
        parts.append(tr("{within} of when they came", within=tr(" and ").join(within)))
    if found.lag_mean_ms is not None:
        mean, longest = short(found.lag_mean_ms), short(found.lag_max_ms)
        lag = tr("begun {mean} ms after it was due on average, {most} ms at most", mean=mean, most=longest)
        parts.append(lag)
    parts += _shares(found)
    if found.waiting is None:
        parts.append(tr("how much was still waiting at the end is not known"))
    if parameters.surge is not None:
        parts.append(_drained(found.drained_s))
    return tr(
        "{phase} at {rate} rows/s ({how}): {found}.",
        phase=rung.phase,
        rate=rate(parameters.rate),
        how=_how(parameters),
        found="; ".join(parts),
    )


def _how(parameters: Parameters) -> str:
    """Return how rows came."""
    how: str = parameters.arrivals or POISSON
    if parameters.load == ACCUMULATE:
        most, ms = parameters.batch, parameters.collect_ms
        how = tr("{arrivals}, collected up to {rows:,} rows or {ms:g} ms", arrivals=how, rows=most, ms=ms)
    if parameters.surge is not None:
        surge = later("{arrivals}, {times:g} times as many in the first half of the window")
        how = tr(surge, arrivals=how, times=parameters.surge)
    return how


def _within(took: Latency) -> list[str]:
    """Return within which times how many were acknowledged, as far as that is known."""
    within = []
    if took.p50 is not None:
        within.append(tr("half within {ms} ms", ms=percentile(took.p50, took.intervals.get("p50"))))
    if took.p99 is not None:
        within.append(tr("99 % within {ms} ms", ms=percentile(took.p99, took.intervals.get("p99"))))
    return within


def _shares(found: OpenLoop) -> Iterable[str]:
    """Yield which part of what was due was late, skipped, or still waiting at the end; of nothing nothing."""
    for what, times in (
        (later("{percent} % late"), found.late),
        (later("{percent} % skipped"), found.skipped),
        (later("{percent} % still waiting at the end"), found.waiting),
    ):
        if times and found.due:
            yield tr(what, percent=short(100 * times / found.due, 2))


def _drained(drained_s: float | None) -> str:
    if drained_s is None:
        return tr("the queue of that was still there at the end")
    return tr("the queue of that was gone {seconds} s later", seconds=short(drained_s))
