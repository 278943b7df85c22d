"""What came at a rate, and how long it took: a sentence for each rung of an open loop."""

from collections.abc import Iterable

from bench.analysis.ladder import Ladder
from bench.analysis.rung import Rung
from bench.model.plan import ACCUMULATE, POISSON
from bench.report.numbers import percentile, rate, short


def open_loops(ladder: Ladder) -> Iterable[str]:
    """Yield a sentence for each rung that was measured at a rate."""
    for rung in ladder.rungs:
        if rung.open_loop is not None:
            yield _sentence(rung)


def _sentence(rung: Rung) -> str:
    found, parameters, took = rung.open_loop, rung.parameters, rung.latency_ms
    assert found is not None
    assert parameters.rate is not None
    how: str = parameters.arrivals or POISSON
    if parameters.load == ACCUMULATE:
        how = f"{how}, collected up to {parameters.batch:,} rows or {parameters.collect_ms:g} ms"
    if parameters.surge is not None:
        how = f"{how}, {parameters.surge:g} times as many in the first half of the window"
    within = " and ".join(
        f"{share} within {percentile(value, took.intervals.get(name))} ms"
        for name, share, value in (("p50", "half", took.p50), ("p99", "99 %", took.p99))
        if value is not None
    )
    parts = [f"{rate(rung.rows_per_s)} acknowledged" if rung.rows_per_s is not None else "none acknowledged"]
    if within:
        parts.append(f"{within} of when they came")
    if found.lag_mean_ms is not None:
        mean, most = short(found.lag_mean_ms), short(found.lag_max_ms)
        parts.append(f"begun {mean} ms after it was due on average, {most} ms at most")
    for what, times in (("late", found.late), ("skipped", found.skipped), ("still waiting at the end", found.waiting)):
        if times and found.due:
            parts.append(f"{100 * times / found.due:.2g} % {what}")
    if found.waiting is None:
        parts.append("how much was still waiting at the end is not known")
    if parameters.surge is not None:
        parts.append(_drained(found.drained_s))
    return f"{rung.phase} at {rate(parameters.rate)} rows/s ({how}): {'; '.join(parts)}."


def _drained(drained_s: float | None) -> str:
    if drained_s is None:
        return "the queue of that was still there at the end"
    return f"the queue of that was gone {short(drained_s)} s later"
