"""Whether a record has the doubts that its own figures and its samples make.

They are made again by the judges that the agent has (``bench.validity``): who takes a doubt away, or makes it smaller,
and seals the files anew has to change all that it came from. What a record's release did not judge is not asked for,
nor what the files do not keep (who kept the processor busy, CPU quotas, settings).
"""

from collections.abc import Iterable, Sequence
from math import isclose

from hdrh.histogram import HdrHistogram

from bench.model.errors import DataError
from bench.model.fingerprint import Fingerprint
from bench.model.readings import NOT_KEPT, Moment, per_second
from bench.model.record import Reason, Record
from bench.stats.histogram import below, usual_ms
from bench.validity.flushes import check_flush_rate, flushes_at_start, flushes_needed
from bench.validity.judge import check_commits, check_host, check_in_flight, check_others, check_steal, validity
from bench.validity.standstill import MOST_IN_PAUSE, check_gap

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
    facts = host.facts if host else {}
    logical_cpus, kind = facts.get("cpu", {}).get("logical_cpus"), facts.get("disk", {}).get("kind")
    cpus = logical_cpus if isinstance(logical_cpus, int) else None
    named, flushes_per_s = f" on {host.host}" if host else "", flushes_at_start(host)
    for record in records:
        place = f"{where}: trial {record.trial.number}{named}"
        if why := _impossible(record, cpus, kind):
            raise DataError(f"{place} {why}. Pull the run again.")
        _compare(record, _of_record(record, cpus, flushes_per_s), place)


def check_sampled_doubts(record: Record, moments: Sequence[Moment], histogram: HdrHistogram, where: str) -> None:
    """Refuse a record whose samples make a doubt that it lacks; ``where`` is the file it stands in.

    Raises:
        DataError: names the trial and the doubt.

    """
    if record.seconds:
        _compare(record, _of_samples(record, moments, histogram), f"{where}: trial {record.trial.number}")


def _compare(record: Record, wanted: Iterable[Reason], place: str) -> None:
    """Look for each doubt among those of the record, no smaller than it must be."""
    found = {reason.code: reason for reason in record.validity.reasons}
    for reason in wanted:
        if reason.code not in EVER and not of_today(record):
            continue
        there = found.get(reason.code)
        if there is None:
            raise DataError(
                f"{place} lacks the doubt {reason.code!r}, and its figures make it: {reason.detail}."
                " Pull the run again."
            )
        if there.share is not None and reason.share is not None and _smaller(there.share, reason.share):
            raise DataError(
                f"{place} has the doubt {reason.code!r} of {there.share:.2%}, and its figures make {reason.share:.2%}."
                " Pull the run again."
            )
    state = validity(record.validity.reasons).state
    if record.validity.state != state:
        raise DataError(
            f"{place} is {record.validity.state}, and its doubts ({', '.join(found)}) make it {state}."
            " Pull the run again."
        )


def _smaller(share: float, wanted: float) -> bool:
    return share < wanted and not isclose(share, wanted, rel_tol=1e-9)


# --- what needs no samples -------------------------------------------------------------------------------------------


def _of_record(record: Record, cpus: int | None, flushes_per_s: Sequence[float]) -> Iterable[Reason]:
    if record.errors:
        yield Reason(code="client-error", detail=f"{record.errors} errors of the clients")
    if not record.seconds:
        return
    yield from check_commits(record.commits, _together(record))
    if record.steadiness not in (NOT_ASSESSED, "flat"):
        yield Reason(code="not-steady", detail=f"the rate was not steady: {record.steadiness}")
    yield from check_in_flight(record.in_flight_check)
    yield from check_steal(record.cpu.steal_pct, "it is null")
    if cpus is not None:
        yield from check_others(record.cpu, cpus, "it is null", ())
    yield from _flush_rate(record, None, flushes_per_s)
    yield from _least_gap(record)


def _together(record: Record) -> int:
    """Return how many commits make one event: behind a barrier, which lets fewer be under way, all of a round."""
    check = record.in_flight_check
    parameters = record.trial.parameters
    barrier = check is not None and check.expected != parameters.in_flight * parameters.processes
    return parameters.in_flight if barrier else 1


def _flush_rate(record: Record, counted_per_s: float | None, at_start_per_s: Sequence[float]) -> Iterable[Reason]:
    needed = flushes_needed(record.trial.parameters, counted_per_s, record.commits / record.seconds)
    return check_flush_rate(record.durability, needed, record.fsync_per_s, at_start_per_s)


def _least_gap(record: Record) -> Iterable[Reason]:
    """Judge the longest pause by all commits: the agent leaves out those that it delayed, which takes longer ones only.

    Of 1,000 commits and more the agent has a percentile that the record may leave out.
    """
    took, gap_s = record.latency_ms, record.longest_gap_s
    if gap_s is None or took.p50 is None or (took.p99 is None and record.commits >= 1000):
        return []
    by_both = [check_gap(gap_s, record.seconds, took.p50, p99) for p99 in (None, took.p99)]
    return min(by_both, key=len)


def _impossible(record: Record, cpus: int | None, kind: object) -> str | None:
    """Return what of a record cannot be true, for people."""
    return _unsafe(record, kind) or (_contradictory(record, cpus) if record.seconds else None)


def _unsafe(record: Record, kind: object) -> str | None:
    if record.durability_because is not None and record.durability == "durable":
        return f"is 'durable' in spite of this: {record.durability_because}"
    # A disk of memory (pmem), or one that a container's server only seems to lie on, is graded by settings and layout.
    if of_today(record) and kind == "memory" and record.durability == "durable":
        return f"is told to be {record.durability!r}, and its data lies in memory"
    return None


def _contradictory(record: Record, cpus: int | None) -> str | None:
    if record.commits and record.in_flight_check is None:
        return "has commits, and no in_flight_check"
    if of_today(record) and record.longest_gap_s is None:
        return "lacks longest_gap_s, which its release measured"
    if record.longest_gap_s is not None and record.longest_gap_s > record.seconds:
        return f"had a pause of {record.longest_gap_s} s in a window of {record.seconds} s"
    return _too_many_cores(record, cpus)


def _too_many_cores(record: Record, cpus: int | None) -> str | None:
    cpu = record.cpu
    for name, share in (("host_pct", cpu.host_pct), ("steal_pct", cpu.steal_pct)):
        if share is not None and not -1 <= share <= 101:  # counters that are not read in one instant
            return f"has a {name} of {share}"
    if cpus is None:
        return None
    used = (cpu.client_cores or 0) + (cpu.server_cores or 0)
    unsure = (ALL_CORES - 1) * cpus + TICK_S * _processes(record) / record.seconds
    if used > cpus + unsure:
        return f"used {used:.2f} cores of {cpus}"
    stolen = cpus * (cpu.steal_pct or 0) / 100  # to some kernels it is the processes' time
    if cpu.host_pct is not None and used > cpus * cpu.host_pct / 100 + stolen + unsure:
        return f"used {used:.2f} cores where all of the host used {cpus * cpu.host_pct / 100:.2f}"
    return None


def _processes(record: Record) -> int:
    """Return how many processes had their CPU time read: clients, and a backend for each commit under way."""
    parameters = record.trial.parameters
    return parameters.processes * (1 + max(parameters.in_flight, parameters.pool_max or 0))


# --- what the samples make -------------------------------------------------------------------------------------------


def _of_samples(record: Record, moments: Sequence[Moment], histogram: HdrHistogram) -> Iterable[Reason]:
    if record.longest_gap_s is not None:
        usual = usual_ms(below(histogram, record.longest_gap_s * MOST_IN_PAUSE))
        yield from check_gap(record.longest_gap_s, record.seconds, *usual)
    if moments:
        yield from _flush_rate(record, per_second(moments, "wal_sync"), ())
        if NOT_KEPT not in (moments[0].host.throttle_counts, moments[0].host.swap):
            yield from check_host(moments[0].host, moments[-1].host)
