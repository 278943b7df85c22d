"""The trials that count, and what they come to over all their windows as one.

Rates, latencies and cores of a rung are pooled alike, so that they tell one story: over any time that was watched,
throughput × mean latency is what was under way (Denning & Buzen, ACM Computing Surveys 10, 1978). The rate of one trial
beside the latency of all would not keep that law.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import exp, log, sqrt

from hdrh.histogram import HdrHistogram

from bench.model.outcome import R
from bench.model.record import Latency, Record
from bench.stats.distributions import student_t_critical
from bench.stats.histogram import SHARES, Quantiles, merge, percentiles, row_latency_ms
from bench.stats.intervals import deviation

Key = tuple[int, int]
"""Trial and attempt."""
Read = Callable[[Record], float | None]


def good(records: Iterable[R]) -> list[R]:
    """Return the trials that count."""
    return [record for record in records if not record.void]


def window_s(record: Record) -> float:
    """Return the length of a trial's window."""
    return record.seconds


def settled_s(record: Record) -> float | None:
    """Return the length of a trial's window and its closing CHECKPOINT."""
    return None if record.checkpoint_s is None else record.seconds + record.checkpoint_s


def pooled(records: Iterable[Record], read: Read, span_s: Read = window_s) -> float | None:
    """Return a rate over these trials as one, each by the time that it is a rate of; None where none knows it."""
    weighted = whole = 0.0
    for each in records:
        value, span = read(each), span_s(each)
        if value is not None and span:
            weighted += value * span
            whole += span
    return weighted / whole if whole else None


def latency(records: Iterable[Record], histograms: Mapping[Key, HdrHistogram]) -> Latency:
    """Return the latency over these trials as one; without histograms no percentiles, as those can't be averaged."""
    counted = list(records)
    if histograms or not counted:
        each = [histograms[record.key] for record in counted]
        return _with_spread(percentiles(merge(each)), each)
    slowest, commits, spent_ms = None, 0, 0.0
    for record in counted:
        took = record.latency_ms
        if took.max is not None:
            slowest = max(took.max, slowest or 0.0)
        if took.mean is not None:
            commits += record.commits
            spent_ms += record.commits * took.mean
    return Latency(
        p50=None,
        p90=None,
        p99=None,
        p999=None,
        max=slowest,
        mean=spent_ms / commits if commits else None,
    )


def _with_spread(together: Latency, each: Sequence[HdrHistogram]) -> Latency:
    """Return a latency whose intervals allow for trials that differ, which commits of one trial do not show.

    About the percentile over all trials lies the t interval of the trials' own, by their logarithms; it is not made
    narrower than commits alone make it. ``tests/unit/analysis/test_counted.py`` simulates how often it is right.
    """
    quantiles = [found for histogram in each if (found := Quantiles(histogram)).count]
    if len(quantiles) < 2:
        return together
    wider = {}
    for name, (low, high) in together.intervals.items():
        value = getattr(together, name)
        logs = [log(one.value(SHARES[name])) for one in quantiles]
        reach = student_t_critical(0.05, len(logs) - 1) * deviation(logs) / sqrt(len(logs))
        wider[name] = (min(low, value * exp(-reach)), max(high, value * exp(reach)))
    return replace(together, intervals=wider)


def row_latency(records: Iterable[Record], histograms: Mapping[Key, HdrHistogram]) -> float | None:
    """Return the mean latency by row of trials of one batch; without histograms where each of them has one."""
    counted = list(records)
    if not counted:
        return None
    batch = counted[0].trial.parameters.batch
    if histograms:
        return row_latency_ms(merge(histograms[record.key] for record in counted), batch)
    told, took = [record.row_latency_ms for record in counted], latency(counted, histograms)
    return None if None in told or took.mean is None else took.mean / batch
