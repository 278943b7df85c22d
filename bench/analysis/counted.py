"""The trials that count, and what they come to over all their windows as one.

Rates, latencies and cores of a rung are pooled alike, so that they tell one story: over any time that was watched,
throughput × mean latency is what was under way (Denning & Buzen, ACM Computing Surveys 10, 1978). The rate of one trial
beside the latency of all would not keep that law.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import exp, log, sqrt
from operator import attrgetter
from statistics import median

from hdrh.histogram import HdrHistogram

from bench.model.outcome import R
from bench.model.record import Latency, OpenLoop, Record
from bench.stats.distributions import student_t_critical
from bench.stats.histogram import SHARES, Quantiles, merge, percentiles, row_latency_ms
from bench.stats.intervals import deviation
from bench.stats.missing import not_none

Key = tuple[int, int]
"""Trial and attempt."""
Read = Callable[[Record], float | None]


def good(records: Iterable[R]) -> list[R]:
    """Return the trials that count."""
    return [record for record in records if not record.void]


def grades_of(records: Iterable[R]) -> tuple[str, ...]:
    """Return the durability of these trials, each grade once."""
    return tuple(sorted({record.durability for record in records}))


def known_grades(records: Iterable[R]) -> tuple[str, ...]:
    """Return the same without that of trials of which it is not known."""
    return tuple(grade for grade in grades_of(records) if grade != "unknown")


def middle(figures: Iterable[float | None]) -> float | None:
    """Return the median of the figures that are known; None where none is."""
    known = not_none(figures)
    return median(known) if known else None


def settled_s(record: Record) -> float | None:
    """Return the length of a trial's window and its closing CHECKPOINT."""
    if record.checkpoint_s is None:
        return None
    return record.seconds + record.checkpoint_s


def pooled(records: Iterable[Record], read: Read, span_s: Read = attrgetter("seconds")) -> float | None:
    """Return a rate over these trials as one, each by the time that it is a rate of; None where none knows it."""
    weighted = whole = 0.0
    for record in records:
        value, span = read(record), span_s(record)
        if value is not None and span:
            weighted += value * span
            whole += span
    if not whole:
        return None
    return weighted / whole


def open_loop(records: Iterable[Record]) -> OpenLoop | None:
    """Return what became of what was due in all these windows; None where nothing came at a rate."""
    each = not_none(record.open_loop for record in records)
    if not each:
        return None
    begun, lag_ms = 0, 0.0
    waits, drained = [], []
    for found in each:
        of_trial = found.due - found.skipped - (found.waiting or 0)
        begun += of_trial
        lag_ms += of_trial * (found.lag_mean_ms or 0)
        waits.append(found.waiting)
        drained.append(found.drained_s)
    beyond = not_none(found.beyond_limit for found in each)
    late = not_none(found.beyond_promise for found in each)
    return OpenLoop(
        due=sum(found.due for found in each),
        late=sum(found.late for found in each),
        late_while_free=sum(found.late_while_free for found in each),
        skipped=sum(found.skipped for found in each),
        beyond_limit=sum(beyond) if beyond else None,
        waiting=None if None in waits else sum(not_none(waits)),
        lag_mean_ms=lag_ms / begun if begun else None,
        lag_max_ms=max(not_none(found.lag_max_ms for found in each), default=None),
        beyond_promise=sum(late) if late else None,
        drained_s=None if None in drained else middle(drained),
    )


def latency(records: Iterable[Record], histograms: Mapping[Key, HdrHistogram]) -> Latency:
    """Return the latency over these trials as one; without histograms no percentiles, as those can't be averaged."""
    counted = list(records)
    if histograms or not counted:
        each = [histograms[record.key] for record in counted]
        return _with_spread(percentiles(merge(each)), each)
    slowest, mean, commits, spent_ms = None, None, 0, 0.0
    for record in counted:
        took = record.latency_ms
        if took.max is not None:
            slowest = max(took.max, slowest or 0.0)
        if took.mean is not None:
            # A mean is of commits, not of trials: each trial's weighs as much as it had commits.
            commits += record.commits
            spent_ms += record.commits * took.mean
    if commits:
        mean = spent_ms / commits
    return Latency(p50=None, p90=None, p99=None, p999=None, max=slowest, mean=mean)


def _with_spread(together: Latency, each: Sequence[HdrHistogram]) -> Latency:
    """Return a latency whose intervals allow for trials that differ, which commits of one trial do not show.

    About the percentile over all trials lies the t interval of the trials' own.
    ``tests/unit/analysis/test_counted.py`` simulates how often it is right.
    """
    quantiles = [found for found in map(Quantiles, each) if found.count]
    trials = len(quantiles)
    if trials < 2:
        return together
    # Of logarithms: latencies differ by factors, and the interval can't reach below 0.
    t_critical = student_t_critical(0.05, trials - 1)
    wider = {}
    for name, (low, high) in together.intervals.items():
        value = getattr(together, name)
        logs = [log(found.value(SHARES[name])) for found in quantiles]
        reach = t_critical * deviation(logs) / sqrt(trials)
        # Never narrower than commits alone make it: two trials may agree by chance.
        wider[name] = (min(low, value * exp(-reach)), max(high, value * exp(reach)))
    return replace(together, intervals=wider)


def row_latency(records: Iterable[Record], histograms: Mapping[Key, HdrHistogram]) -> float | None:
    """Return the mean latency by row of trials of one kind; without histograms where each of them has one."""
    counted = list(records)
    if not counted:
        return None
    rows = counted[0].trial.parameters.rows_waited_for
    if histograms:
        return row_latency_ms(merge(histograms[record.key] for record in counted), rows)
    # A trial leaves it out where its samples do not suffice: their mean would be no better.
    if any(record.row_latency_ms is None for record in counted):
        return None
    mean = latency(counted, histograms).mean
    if mean is None:
        return None
    return mean / rows
