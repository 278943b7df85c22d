"""Makes the record of a trial: what the clients report of its window, what speaks against it, and both as one.

What was observed while the trial went on is in its ``Outcome``; the judgements are ``bench.validity``'s.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import psutil
from hdrh.histogram import HdrHistogram

from bench.agent.outcome import Outcome
from bench.model import readings
from bench.model.fingerprint import Unreadable, known
from bench.model.plan import Plan, Promise, Trial
from bench.model.record import ClientTime, InFlight, OpenLoop, Reason, Record, Samples
from bench.stats.gaps import Gap, longest_gap
from bench.stats.histogram import count_beyond, decode, merge, percentiles, row_latency_ms
from bench.stats.missing import not_none
from bench.stats.rates import window_rates
from bench.stats.steadiness import Steadiness, assess
from bench.validity import judge
from bench.validity.flushes import check_flush_rate, flushes_needed
from bench.validity.open_loop import check_open_loop
from bench.validity.standstill import check_pauses
from bench.workload.load import loads
from bench.workload.messages import OpenCounts, Result

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What all clients together report of the window."""

    seconds: float
    """Of the window; 0 where it was never completed."""
    rows_per_second: list[int]
    commits_per_second: list[int]
    rows: int
    commits: int
    latency: HdrHistogram
    steady: Steadiness | None
    in_flight: InFlight | None
    open_loop: OpenLoop | None
    pauses: list[Sequence[Gap]]
    """Of each client process."""


def reported(trial: Trial, results: Sequence[Result], seconds: float) -> Reported:
    """Return what the client processes report, added up."""
    commits_per_second = list(map(sum, zip(*(result.commits_per_second for result in results), strict=True)))
    rows_per_second = list(map(sum, zip(*(result.rows_per_second for result in results), strict=True)))
    commits, is_open = sum(commits_per_second), trial.parameters.rate is not None
    return Reported(
        seconds=seconds,
        rows_per_second=rows_per_second,
        commits_per_second=commits_per_second,
        rows=sum(rows_per_second),
        commits=commits,
        latency=merge(decode(result.latency_hdr) for result in results),
        # In an open loop the rate is of what comes, and nobody keeps so many in flight.
        steady=assess(rows_per_second[: int(seconds)]) if seconds and not is_open else None,
        in_flight=None if is_open else in_flight(trial, results, commits, seconds),
        open_loop=open_loop(trial, results) if is_open and results else None,
        pauses=list(not_none(result.gaps for result in results)),
    )


def check_window(
    trial: Trial, clients: Reported, outcome: Outcome, flushes_at_start: Sequence[float]
) -> Iterable[Reason]:
    """Return what speaks against a window that was completed; ``flushes_at_start``: what the disk gave then."""
    parameters = trial.parameters
    yield from judge.check_commits(clients.commits, parameters.in_flight if _barrier(trial) else 1)
    yield from judge.check_steady(clients.steady)
    yield from judge.check_in_flight(clients.in_flight)
    counted_per_s = readings.per_second(outcome.moments, "wal_sync")
    needed_per_s = flushes_needed(parameters, counted_per_s, clients.commits / clients.seconds)
    yield from check_flush_rate(outcome.grade.word, needed_per_s, outcome.fsync_per_s, flushes_at_start)
    if clients.open_loop is None:
        yield from check_pauses(clients.pauses, clients.seconds, clients.latency)
    else:
        # Who stands still keeps waiting what comes: its latency tells it.
        yield from check_open_loop(clients.open_loop, parameters.workers)
    yield from judge.check_steal(outcome.cpu.steal_pct, outcome.cpu_unknown)
    yield from judge.check_others(outcome.cpu, psutil.cpu_count() or 1, outcome.cpu_unknown, outcome.busiest)
    yield from judge.check_quotas(*outcome.quotas)
    yield from judge.check_host(outcome.moments[0].host, outcome.moments[-1].host)


def record_of(
    plan: Plan,
    trial: Trial,
    attempt: int,
    outcome: Outcome,
    clients: Reported,
    *,
    variant_sha256: str,
    energy_j: float | Unreadable,
    pieces: dict[str, str],
) -> Record:
    """Return the record of a trial whose reasons are all in its outcome."""
    checkpoint_s = None if isinstance(outcome.checkpoint_s, Unreadable) else outcome.checkpoint_s
    burst, settled, commits_per_s = window_rates(clients.rows, clients.commits, clients.seconds, checkpoint_s)
    waited = not_none(result.pool_high_water for result in outcome.results)
    return Record(
        run=plan.run,
        trial=trial,
        attempt=attempt,
        engine=trial.engine or plan.engine,
        variant_sha256=variant_sha256,
        pool_high_water=max(waited, default=None),
        preload_rows=plan.preload_rows,
        started=outcome.started,
        warm_up_s=plan.warm_up_s,
        seconds=clients.seconds,
        checkpoint_s=checkpoint_s,
        rows=clients.rows,
        commits=clients.commits,
        errors=sum(len(result.errors) for result in outcome.results),
        rows_per_s=burst,
        settled_rows_per_s=settled,
        commits_per_s=commits_per_s,
        latency_ms=percentiles(clients.latency),
        row_latency_ms=row_latency_ms(clients.latency, trial.parameters.rows_waited_for),
        cpu=outcome.cpu,
        client_time=client_time(outcome.results),
        in_flight_check=clients.in_flight,
        open_loop=held_to(plan.promise, clients),
        reads=outcome.reads,
        retention=outcome.retention,
        steadiness=clients.steady.label if clients.steady else "not assessed",
        start=outcome.start,
        transactions=outcome.transactions,
        counters=readings.counters_between(outcome.moments, outcome.counters.missing),
        observed=outcome.observed.figures,
        wal_files_created=outcome.wal_files_created,
        energy_j=known(energy_j),
        longest_gap_s=longest_gap(clients.pauses) / SECOND_NS if outcome.complete else None,
        not_counted=_not_counted(outcome, energy_j),
        durability=outcome.grade.word,
        durability_because=outcome.grade.because,
        fsync_per_s=tuple(outcome.fsync_per_s),
        pieces=pieces,
        verified=outcome.verified,
        validity=judge.validity(outcome.reasons),
    )


def samples_of(trial: Trial, attempt: int, outcome: Outcome, clients: Reported) -> Samples:
    """Return what is too big for the record."""
    return Samples(
        trial=trial.number,
        attempt=attempt,
        rows_per_second=clients.rows_per_second,
        commits_per_second=clients.commits_per_second,
        readings=outcome.readings,
        beside=outcome.beside,
        latency_hdr=clients.latency.encode().decode(),
    )


def _not_counted(outcome: Outcome, energy_j: float | Unreadable) -> dict[str, str]:
    """Return why figures of the window are null, by their names."""
    reasons: dict[str, str] = {}
    # Of a single reading there are no differences, and so no counter that lacks one.
    if len(outcome.moments) > 1:
        reasons |= outcome.counters.missing
    for name, figure in (("energy_j", energy_j), ("checkpoint_s", outcome.checkpoint_s)):
        if isinstance(figure, Unreadable):
            reasons[name] = figure.unreadable
    return reasons | outcome.observed.missing


def client_time(results: Sequence[Result]) -> ClientTime:
    """Sum the workers' time over the processes."""
    return ClientTime(
        prepare_s=_total(results, "prepare_s"),
        connect_s=_total(results, "connect_s"),
        pool_wait_s=_total(results, "pool_wait_s"),
        insert_s=_total(results, "insert_s"),
        release_s=_total(results, "release_s"),
    )


def open_loop(trial: Trial, results: Sequence[Result]) -> OpenLoop:
    """Return what became of what was due to all client processes."""
    counts = not_none(result.open_loop for result in results)
    begun, skipped = sum(each.begun for each in counts), sum(each.skipped for each in counts)
    waits, limit = [each.waiting for each in counts], trial.parameters.latency_limit
    waiting = sum(not_none(waits))
    return OpenLoop(
        due=begun + skipped + waiting,
        late=sum(each.late for each in counts),
        late_while_free=sum(each.late_while_free for each in counts),
        skipped=skipped,
        beyond_limit=None if limit is None else sum(each.beyond_limit for each in counts),
        waiting=None if None in waits else waiting,
        lag_mean_ms=1000 * sum(each.lag_s for each in counts) / begun if begun else None,
        lag_max_ms=1000 * max(each.most_lag_s for each in counts) if begun else None,
        drained_s=drained_s(counts),
    )


def drained_s(counts: Sequence[OpenCounts]) -> float | None:
    """Return how long after a surge its queue was gone in the last of all client processes; None: not in all."""
    known = not_none(counted.drained_s for counted in counts)
    return max(known) if known and len(known) == len(counts) else None


def held_to(promise: Promise | None, clients: Reported) -> OpenLoop | None:
    """Return an open loop with what of it took longer than is promised."""
    if promise is None or clients.open_loop is None:
        return clients.open_loop
    return replace(clients.open_loop, beyond_promise=count_beyond(clients.latency, 1000 * promise.ms))


def _total(results: Iterable[Result], name: str) -> float:
    total: float = sum(getattr(result, name) for result in results)
    return total


def _barrier(trial: Trial) -> bool:
    return loads()[trial.parameters.load].barrier


def in_flight(trial: Trial, results: Sequence[Result], commits: int, seconds: float) -> InFlight | None:
    """Little's law, N = X · (R + Z): what was under way on average, from the cycles' time inside the window.

    Expected is what the phase keeps under way; behind a barrier, which a round's slowest commit holds up, that many
    times the mean cycle over the mean round.
    """
    if not seconds or not commits:
        return None
    expected = float(trial.parameters.workers)
    rounds = _total(results, "rounds")
    if _barrier(trial) and rounds:
        spent = client_time(results)
        cycles_s = spent.prepare_s + spent.connect_s + spent.pool_wait_s + spent.insert_s + spent.release_s
        mean_cycle_s, mean_round_s = cycles_s / commits, _total(results, "rounds_s") / rounds
        expected *= mean_cycle_s / mean_round_s
    return InFlight(measured=_total(results, "cycle_s") / seconds, expected=expected)
