"""Whether a record says what its samples say: who changes one and seals it anew has to change them all.

Looked at wherever samples are read; what a record says of itself and of its plan is ``belongs``' business.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from math import isclose

from hdrh.histogram import HdrHistogram

from bench.analysis.judged import NOT_ASSESSED, check_sampled_doubts, of_today
from bench.model.errors import DataError
from bench.model.fingerprint import Unreadable
from bench.model.plan import Promise
from bench.model.readings import NOT_KEPT, Moment, counters_between, energy_j, host_figures, host_shares, moment_of
from bench.model.record import Record, Samples
from bench.stats.histogram import SHARES, Quantiles, count_beyond, percentiles
from bench.stats.steadiness import assess
from bench.validity.standstill import STALLED_SHARE

Figures = Iterable[tuple[str, object, object]]
"""Each with its name: what a record tells, and what its samples make of it."""
HISTOGRAM_ERROR = 0.002
"""A latency's in its histogram: three digits."""
MICROSECOND = 1e-6
"""Latencies are counted in whole ones."""
CERTAIN_SHARE = 0.5
"""Of seconds without a commit, what a pause has lasted at least."""
CLIENT_PARTS = ("connect_s", "pool_wait_s", "insert_s")
"""Of a commit's time, from having the rows to the acknowledgement: its latency."""


def check_samples(
    record: Record, samples: Samples, histogram: HdrHistogram, where: str, promise: Promise | None = None
) -> None:
    """Refuse a record that its samples contradict; ``where`` is the file it stands in, ``promise`` its plan's.

    Raises:
        DataError: names the first figure that differs.

    """
    try:
        moments = list(map(moment_of, samples.readings))
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{where}: a reading of trial {samples.trial} is damaged: {error}") from error
    figures = chain(_figures(record, samples, moments, histogram), _of_promise(record, histogram, promise))
    for name, recorded, made in figures:
        same = recorded == made
        # Floats that are made again are summed in another order.
        if isinstance(recorded, float) and isinstance(made, int | float):
            same = isclose(recorded, made, rel_tol=1e-9, abs_tol=1e-9)
        if not same:
            raise DataError(
                f"{where}: the {name} of trial {record.trial.number} is {recorded}, and its samples make {made}."
                " Pull the run again."
            )
    check_sampled_doubts(record, moments, histogram, where)


def _figures(record: Record, samples: Samples, moments: Sequence[Moment], histogram: HdrHistogram) -> Figures:
    """Return what a record tells, and what its samples make of it."""
    yield "number", (record.trial.number, record.attempt), (samples.trial, samples.attempt)
    yield "rows", record.rows, sum(samples.rows_per_second)
    yield "commits", record.commits, sum(samples.commits_per_second)
    yield "count of latencies", _told(record), histogram.get_total_count()
    yield from _latencies(record, histogram)
    if record.seconds:
        label, steady = NOT_ASSESSED, assess(samples.rows_per_second[: int(record.seconds)])
        if steady and record.open_loop is None:
            label = steady.label
        yield "steadiness", record.steadiness, label
        yield from _of_host(record, moments)
        yield from longest_pause(record, samples)
    made = counters_between(moments, missing=())
    for name, went in record.counters.items():
        if name in made:
            yield f"counter {name}", went, made[name]


def _told(record: Record) -> int:
    """Return how many latencies a record tells: of its commits, or of all that was due at a rate and not skipped."""
    if record.open_loop is None:
        return record.commits
    return record.open_loop.due - record.open_loop.skipped


def _of_promise(record: Record, histogram: HdrHistogram, promise: Promise | None) -> Figures:
    if record.open_loop:
        beyond = count_beyond(histogram, 1000 * promise.ms) if promise else None
        yield "count beyond the promise", record.open_loop.beyond_promise, beyond


def _latencies(record: Record, histogram: HdrHistogram) -> Figures:
    recorded_ms, made = record.latency_ms, percentiles(histogram)
    quantiles = Quantiles(histogram)
    for name, share in SHARES.items():
        recorded = getattr(recorded_ms, name)
        # How many samples it takes to tell one, and row latency, has changed and may again: null is never refused.
        if recorded is not None:
            yield f"latency's {name}", recorded, quantiles.value(share) if quantiles.count else None
    yield "latency's max", recorded_ms.max, made.max
    yield "latency's mean", recorded_ms.mean, made.mean
    if record.row_latency_ms is not None:
        row_ms = None
        if made.mean is not None:
            row_ms = made.mean / record.trial.parameters.rows_waited_for
        yield "row latency", record.row_latency_ms, row_ms
    # At a rate latency begins before a worker is free.
    if made.mean is None or record.open_loop is not None:
        return
    spent_s = sum(getattr(record.client_time, part) for part in CLIENT_PARTS)
    made_s = made.mean / 1000 * record.commits
    if abs(spent_s - made_s) > HISTOGRAM_ERROR * spent_s + MICROSECOND * record.commits:
        yield "clients' time for its commits, in s", spent_s, made_s


def _of_host(record: Record, moments: Sequence[Moment]) -> Figures:
    """Return what the host did, as far as its readings are kept; a late agent has no CPU time in its record."""
    if not moments or NOT_KEPT in (moments[0].host.cpu, moments[0].host.energy_uj):
        return
    host_pct = steal_pct = None
    if "agent-late" not in record.validity.codes or record.cpu.host_pct is not None:
        host_pct, steal_pct = host_shares(moments)
    yield "host_pct", record.cpu.host_pct, host_pct
    yield "steal_pct", record.cpu.steal_pct, steal_pct
    if of_today(record):
        # Where a counter begins again is not kept: energy that is told over one can't be made again.
        restarted = Unreadable(unreadable="a counter began again meanwhile")
        limits: dict[str, int | Unreadable] = {}
        if not isinstance(moments[0].host.energy_uj, Unreadable):
            limits = dict.fromkeys(moments[0].host.energy_uj, restarted)
        used = energy_j(moments, limits)
        if used != restarted:
            yield "energy_j", record.energy_j, _or_none(used)
    if observed := record.observed.get("host"):
        span_s = moments[-1].at_s - moments[0].at_s
        figures = host_figures([moment.host for moment in moments], span_s)
        for name, figure in figures.items():
            # A record that was made before a figure was thought of lacks it.
            if name in observed:
                yield f"host.{name}", observed[name], _or_none(figure)


def _or_none(figure: float | Unreadable) -> float | None:
    return None if isinstance(figure, Unreadable) else figure


def longest_pause(record: Record, samples: Samples) -> Figures:
    """Return the longest pause, where seconds without any commit make it longer than recorded.

    A commit counts in the second in which it was answered, and ends a pause when its connection was given back: one
    such moment may lie amid the idle seconds, so half of them are certain; and of the pauses of each client process,
    only those that count are sure to be kept.
    """
    idle_s = longest_s = 0
    for commits in samples.commits_per_second[: int(record.seconds)]:
        idle_s = 0 if commits else idle_s + 1
        longest_s = max(longest_s, idle_s)
    certain_s = longest_s * CERTAIN_SHARE
    if record.longest_gap_s is None or certain_s <= STALLED_SHARE * record.seconds:
        return
    if record.longest_gap_s < certain_s:
        yield "longest_gap_s", record.longest_gap_s, f"at least {certain_s:g}"
