"""Whether a record has the doubts that its own figures and its samples make.

They are made again by the judges that the agent has (``bench.validity``): who takes a doubt away, or makes it smaller,
and seals the files anew has to change all that it came from. What a record's release did not judge is not asked for,
nor what the files do not keep (who kept the processor busy, CPU quotas, settings).
"""

from collections.abc import Iterable, Iterator, Sequence
from math import isclose

from hdrh.histogram import HdrHistogram

from bench.model.errors import DataError
from bench.model.fingerprint import Fingerprint, processors_there
from bench.model.readings import NOT_KEPT, Moment, per_second
from bench.model.record import Reason, Record, clients_here
from bench.stats.histogram import below, usual_ms
from bench.validity.flushes import FLUSH_TOLERANCE, check_flush_rate, flushes_at_start, flushes_needed
from bench.validity.judge import (
    FEW_COMMITS,
    IN_FLIGHT_TOLERANCE,
    OTHERS_SHARE,
    SOME_STEAL_PCT,
    check_commits,
    check_host,
    check_in_flight,
    check_others,
    check_steal,
    state_of,
)
from bench.validity.mixed import check_reads, check_retention
from bench.validity.open_loop import check_open_loop
from bench.validity.replica import check_replication
from bench.validity.standstill import MOST_IN_PAUSE, STALLED_SHARE, check_gap

NOT_ASSESSED = "not assessed"
EVER = frozenset(
    {
        "client-error",
        "few-commits",
        "in-flight",
        "no-commits",
        "not-alone",
        "not-steady",
        "steal",
        "swapped",
        "throttled",
    }
)
"""Codes that every release gave for the same figures."""
TICK_S = 0.01
"""The kernel tells a process' CPU time in ticks."""
ALL_CORES = 1.1
"""Cores used over the cores there are, at most: at the ends of a window several clocks are read one after another."""


def of_today(record: Record) -> bool:
    """Return whether a record is of a release that judges as this one does; earlier ones had fewer doubts."""
    return record.longest_gap_s is not None or bool(record.latency_ms.intervals)


def check_doubts(host: Fingerprint | None, records: Iterable[Record], where: str = "trials.jsonl") -> None:
    """Refuse a record whose own figures make a doubt that it lacks, or cannot all be true.

    Args:
        host: its processors and disk are what the records are of; None where it was never looked at.
        records: of one run.
        where: the file they were read from.

    Raises:
        DataError: names host, trial and the doubt.

    """
    cpus = processors_there(host)
    flushes_per_s = flushes_at_start(host)
    in_memory = host is not None and host.facts.get("disk", {}).get("kind") == "memory"
    most_flushes = max(flushes_per_s, default=None)
    for record in records:
        if cpus is not None and not in_memory and plainly_sound(record, cpus, most_flushes):
            continue
        why = next(impossible(record, cpus, in_memory=in_memory), None)
        why = why or lacking(record, doubts_of_record(record, cpus, flushes_per_s))
        if why:
            trial = f"trial {record.trial.number}"
            if host:
                trial += f" on {host.host}"
            raise DataError(f"{where}: {trial} {why}. Pull the run again.")


def check_sampled_doubts(record: Record, moments: Sequence[Moment], histogram: HdrHistogram, where: str) -> None:
    """Refuse a record whose samples make a doubt that it lacks; ``where`` is the file it stands in.

    Raises:
        DataError: names the trial and the doubt.

    """
    if not record.seconds:
        return
    why = lacking(record, _doubts_of_samples(record, moments, histogram))
    if why:
        raise DataError(f"{where}: trial {record.trial.number} {why}. Pull the run again.")


def lacking(record: Record, wanted: Iterable[Reason]) -> str | None:
    """Return which of these doubts is none of the record's, or is smaller there; None where all are there."""
    reasons = record.validity.reasons
    last = {reason.code: reason for reason in reasons}
    for reason in wanted:
        if reason.code not in EVER and not of_today(record):
            continue
        there = last.get(reason.code)
        if there is None:
            return f"lacks the doubt {reason.code!r}, and its figures make it: {reason.detail}"
        if there.share is None or reason.share is None:
            continue
        # Made again, a share may differ in its last digits: floats are summed in another order.
        if there.share < reason.share and not isclose(there.share, reason.share, rel_tol=1e-9):
            return f"has the doubt {reason.code!r} of {there.share:.2%}, and its figures make {reason.share:.2%}"
    state = state_of(reasons)
    if record.validity.state != state:
        return f"is {record.validity.state}, and its doubts ({', '.join(last)}) make it {state}"
    return None


def plainly_sound(record: Record, cpus: int, flushes_per_s: float | None) -> bool:
    """Tell by a few comparisons that no judge below has anything to say: so it is of most, and they are many.

    ``tests/unit/analysis/test_judged.py`` holds it to what the judges say.
    """
    cpu, check, gap_s, seconds = record.cpu, record.in_flight_check, record.longest_gap_s, record.seconds
    if record.errors or record.validity.reasons or record.validity.state != "valid":
        return False
    if not seconds or check is None or gap_s is None:
        return False
    if cpu.host_pct is None or cpu.steal_pct is None or cpu.client_cores is None or cpu.server_cores is None:
        return False
    parameters = record.trial.parameters
    if parameters.mixed or parameters.replicated or parameters.rate is not None or parameters.client_boxes:
        return False
    under_way = parameters.workers
    busy, used = cpu.host_pct / 100 * cpus, cpu.client_cores + cpu.server_cores
    if record.fsync_per_s:
        flushes_per_s = max(record.fsync_per_s)
    return (
        (record.durability != "durable" or record.durability_because is None)
        and record.commits >= FEW_COMMITS * under_way
        and record.steadiness in (NOT_ASSESSED, "flat")
        and abs(check.measured - check.expected) <= IN_FLIGHT_TOLERANCE * check.expected
        and gap_s <= STALLED_SHARE * seconds
        and 0 <= cpu.steal_pct < SOME_STEAL_PCT
        and 0 <= cpu.host_pct <= 100
        and used <= cpus
        and used - busy <= (ALL_CORES - 1) * cpus
        and busy - used <= OTHERS_SHARE * cpus
        and (flushes_per_s is None or record.commits / seconds / under_way <= FLUSH_TOLERANCE * flushes_per_s)
    )


# --- what needs no samples -------------------------------------------------------------------------------------------


def doubts_of_record(record: Record, cpus: int | None, flushes_per_s: Sequence[float]) -> Iterable[Reason]:
    """Judge a record by its own figures."""
    if record.errors:
        yield Reason(code="client-error", detail=f"{record.errors} errors of the clients")
    if not record.seconds:
        return
    check, parameters = record.in_flight_check, record.trial.parameters
    commits_an_event = 1
    # Behind a barrier, which lets fewer be under way, all commits of a round make one event.
    if check is not None and check.expected != parameters.workers:
        commits_an_event = parameters.in_flight
    yield from check_commits(record.commits, commits_an_event)
    if record.steadiness not in (NOT_ASSESSED, "flat"):
        yield Reason(code="not-steady", detail=f"the rate was not steady: {record.steadiness}")
    yield from check_in_flight(check)
    yield from check_steal(record.cpu.steal_pct, "it is null")
    if cpus is not None:
        yield from check_others(record.cpu, cpus, "it is null", ())
    yield from _flush_rate(record, None, flushes_per_s)
    if record.open_loop is not None:
        yield from check_open_loop(record.open_loop, parameters.workers)
    else:
        yield from _least_gap(record)
    yield from check_reads(parameters, record.reads, record.rows)
    yield from check_retention(parameters, record.retention, record.rows, record.seconds)
    yield from check_replication(parameters, record.observed, record.counters, record.seconds)


def _flush_rate(record: Record, counted_per_s: float | None, at_start_per_s: Sequence[float]) -> list[Reason]:
    needed = flushes_needed(record.trial.parameters, counted_per_s, record.commits / record.seconds)
    return check_flush_rate(record.durability, needed, record.fsync_per_s, at_start_per_s)


def _least_gap(record: Record) -> list[Reason]:
    """Judge the longest pause by all commits: the agent leaves out those that it delayed, which takes longer ones only.

    Of 1,000 commits and more the agent has a percentile that the record may leave out.
    """
    took, gap_s = record.latency_ms, record.longest_gap_s
    if gap_s is None or took.p50 is None or (took.p99 is None and record.commits >= 1000):
        return []
    by_half = check_gap(gap_s, record.seconds, took.p50, None)
    if check_gap(gap_s, record.seconds, took.p50, took.p99):
        return by_half
    return []


def impossible(record: Record, cpus: int | None, *, in_memory: bool) -> Iterator[str]:
    """Return what of a record cannot be true, for people."""
    if record.durability == "durable":
        if record.durability_because is not None:
            yield f"is 'durable' in spite of this: {record.durability_because}"
        # A disk of memory (pmem), or one that a container's server only seems to lie on, is graded by settings and
        # layout.
        elif in_memory and of_today(record):
            yield f"is recorded as {record.durability!r}, and its data lies in memory"
    if not record.seconds:
        return
    at_a_rate = record.trial.parameters.rate is not None
    if record.commits and record.in_flight_check is None and not at_a_rate:
        yield "has commits, and no in_flight_check"
    if record.commits and record.open_loop is None and at_a_rate:
        yield "is at a rate, and has no open_loop"
    if record.trial.parameters.readers and record.reads is None:
        yield "has readers, and no reads"
    if record.trial.parameters.retain and record.retention is None:
        yield "is to keep so many rows, and lacks its retention"
    if record.longest_gap_s is None:
        if of_today(record):
            yield "lacks longest_gap_s, which its release measured"
    elif record.longest_gap_s > record.seconds:
        yield f"had a pause of {record.longest_gap_s} s in a window of {record.seconds} s"
    yield from _too_many_cores(record, cpus)


def _too_many_cores(record: Record, cpus: int | None) -> Iterable[str]:
    cpu = record.cpu
    # Counters are not read in one instant: a little less than nothing, and more than all, is possible.
    for name, percent in (("host_pct", cpu.host_pct), ("steal_pct", cpu.steal_pct)):
        if percent is not None and not -1 <= percent <= 101:
            yield f"has a {name} of {percent}"
    if cpus is None:
        return
    used = (clients_here(cpu) or 0) + (cpu.server_cores or 0) + (cpu.standby_cores or 0)
    parameters = record.trial.parameters
    # Clients, and a backend for each commit under way: of each the CPU time was read, in ticks.
    processes = parameters.processes * (1 + max(parameters.in_flight, parameters.pool_max or 0))
    processes += 2 * parameters.connections_beside
    unsure = (ALL_CORES - 1) * cpus + TICK_S * processes / record.seconds
    if used > cpus + unsure:
        yield f"used {used:.2f} cores of {cpus}"
    if cpu.host_pct is None:
        return
    busy = cpus * cpu.host_pct / 100
    # To some kernels stolen time is the processes' time.
    stolen = cpus * (cpu.steal_pct or 0) / 100
    if used > busy + stolen + unsure:
        yield f"used {used:.2f} cores where all of the host used {busy:.2f}"


# --- what the samples make -------------------------------------------------------------------------------------------


def _doubts_of_samples(record: Record, moments: Sequence[Moment], histogram: HdrHistogram) -> Iterable[Reason]:
    if record.longest_gap_s is not None and record.open_loop is None:
        usual = usual_ms(below(histogram, record.longest_gap_s * MOST_IN_PAUSE))
        yield from check_gap(record.longest_gap_s, record.seconds, *usual)
    if moments:
        yield from _flush_rate(record, per_second(moments, "wal_sync"), ())
        if NOT_KEPT not in (moments[0].host.throttle_counts, moments[0].host.swap):
            yield from check_host(moments[0].host, moments[-1].host)
