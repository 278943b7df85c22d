"""What a trial that counts shows of its work: the shares of its workers' time, and a commit's work. Pure."""

from bench.constraints.constraint import SATURATED
from bench.constraints.work import Work, fitted
from bench.model.fingerprint import Processors
from bench.model.record import Record, cores_of_ours

WAITS = "waits"
"""The probe that samples what backends wait for."""
WAITED_FOR = {
    "wal-flush": ("wal_flush",),
    "wal-write": ("wal_write",),
    "locks": ("lock", "extend", "lwlock"),
    "data-io": ("data_io",),
}
"""By constraint, the states of backends in which they wait for it."""


def share_of_workers(record: Record, name: str) -> float | None:
    """Return a part of the workers' time by its name in ``client_time``; None where no commit was acknowledged."""
    spent = record.client_time
    whole = spent.prepare_s + spent.connect_s + spent.pool_wait_s + spent.insert_s + spent.release_s
    if not whole:
        return None
    part: float = getattr(spent, name)
    return part / whole


def is_alone(record: Record) -> bool:
    """Return whether one commit is under way at a time: nothing of it happens at once, its time is a sum of parts."""
    parameters = record.trial.parameters
    return parameters.workers == 1


def under_way(record: Record) -> float | None:
    """Return how many commits were under way on average; None where nothing was acknowledged."""
    if record.in_flight_check:
        return record.in_flight_check.measured
    if is_alone(record) and record.commits:
        return 1.0
    return None


def waiting(record: Record, *figures: str) -> float | None:
    """Return how many backends were in these states on average; None where they were not sampled."""
    sampled = record.observed.get(WAITS, {})
    found = [sampled.get(name) for name in figures]
    known = [each for each in found if each is not None]
    if not known:
        return None
    return sum(known)


def share_waiting(record: Record, *figures: str) -> float | None:
    """Return the part of the commits under way that were in these states of the server."""
    waited, all_of_them = waiting(record, *figures), under_way(record)
    if waited is None or not all_of_them:
        return None
    return min(waited / all_of_them, 1.0)


def busy(record: Record, cpus: Processors | None) -> float | None:
    """Return the busy part of the processors that may be used, 0 to 1; None: it was not observed.

    Of all that the machine has it is what anybody used. Where a quota, or a set of processors, leaves fewer, these may
    all be busy on a machine that is not: then it is what clients, server and standby used of them, if that is more.
    """
    used, ours = record.cpu, cores_of_ours(record.cpu)
    if used.host_pct is None:
        return None
    of_all = used.host_pct / 100
    if cpus is None or ours is None or cpus.usable >= cpus.there:
        return of_all
    # At the ends of a window several clocks are read one after another: it may come to a little more than all.
    return max(of_all, min(ours / cpus.usable, 1.0))


def stood_still(record: Record, cpus: Processors | None) -> float | None:
    """Return the part of the window in which a process' event loop was held up without using its processor.

    None where it was not observed, or where all that may be used were busy: then it may have waited for one.
    Whether those of client boxes were is not known.
    """
    held_up = record.observed.get("event_loop", {}).get("blocked_share")
    used, of_all = record.cpu.client_cores, busy(record, cpus)
    if record.trial.parameters.client_boxes:
        return None
    if held_up is None or used is None or of_all is None or of_all >= SATURATED:
        return None
    return max(held_up - used / record.trial.parameters.processes, 0.0)


def work_of(record: Record, cpus: Processors | None) -> Work | None:
    """Return a commit's work, fitted to the rate of its trial; None where something of it was not observed.

    Nor is it known of clients that share no processors with their server.
    """
    used, in_flight, commits_per_s = record.cpu, under_way(record), record.commits_per_s
    if cpus is None or used.client_cores is None or used.server_cores is None or not in_flight or not commits_per_s:
        return None
    parameters, waits = record.trial.parameters, dict[str, float]()
    if parameters.client_boxes:
        return None
    for constraint, figures in WAITED_FOR.items():
        waited = waiting(record, *figures)
        if waited is not None:
            waits[constraint] = waited / commits_per_s
    in_pool = in_flight
    if parameters.pool_max is not None:
        # Who waits for a connection is at none of the stations.
        in_pool = min(in_flight, parameters.pool_max * parameters.processes)
    work = Work(
        in_flight=in_pool,
        in_flight_each=parameters.in_flight,
        processes=parameters.processes,
        cpus=cpus.usable,
        client_s=used.client_cores / commits_per_s,
        stands_s=(stood_still(record, cpus) or 0.0) * parameters.processes / commits_per_s,
        server_s=used.server_cores / commits_per_s,
        waits_s=waits,
    )
    return fitted(work, commits_per_s)
