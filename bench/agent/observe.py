"""What is read while a window is open: CPU of host, clients and server, and once a second the server's counters.

The server's CPU is its postmaster's own and that of its living and of its ended children (Phase 1 makes a backend for
each insert, gone before anyone could ask for its time).
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from time import monotonic

import psutil

from bench.model import Cpu, Unreadable
from bench.probes.sensors import Reading, busy_share, energy_between

READ_AGAIN = 3
"""In Phase 1 a backend ends every few ms: what is then missed or taken twice is one of its inserts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """CPU seconds spent until ``at_s`` of the monotonic clock."""

    at_s: float
    clients_s: float
    server_s: float | None
    others_s: Mapping[int, float] = field(default_factory=dict)
    """By process id: what of the server's was spent by sessions of others that live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One reading a second of host and server."""

    at_s: float
    """Since the window opened."""
    host: Reading
    server: dict[str, float]


def wall_clock_ahead() -> float:
    """Return seconds from the monotonic clock to the wall clock; of some readings the one made without a pause."""

    def reading() -> tuple[float, float]:
        before, wall, after = monotonic(), time.time(), monotonic()
        return after - before, wall - after

    return min(reading() for _ in range(3))[1]


def spent_so_far(clients: Iterable[int], postmaster: int | None, others: Iterable[int] = ()) -> Spent:
    """Read the CPU clocks of the client processes and of the server, and of its sessions that are ``others``'."""
    return Spent(
        at_s=monotonic(),
        clients_s=sum(_own_time(pid) for pid in clients),
        server_s=_server_time(postmaster),
        others_s={pid: _own_time(pid) for pid in others} if postmaster else {},
    )


def _own_time(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0  # ended early: the trial is void by its error
    return times.user + times.system


def _server_time(postmaster: int | None) -> float | None:
    """Add up the server's CPU time; again where a backend ended meanwhile: it would be missed or taken twice."""
    if postmaster is None:
        return None
    try:
        process = psutil.Process(postmaster)
        for _ in range(READ_AGAIN):
            before = process.cpu_times()
            alive = sum(_own_time(child.pid) for child in process.children())
            times = process.cpu_times()
            if times.children_user + times.children_system == before.children_user + before.children_system:
                break
    except psutil.Error:
        return None
    return times.user + times.system + times.children_user + times.children_system + alive


def cpu_between(first: Spent, last: Spent, moments: Sequence[Moment]) -> Cpu:
    """Return what was spent between two readings. Pure."""
    span, server = last.at_s - first.at_s, None
    if first.server_s is not None and last.server_s is not None:
        server = (last.server_s - first.server_s - _of_others(first, last)) / span
    busy, steal = _host_shares(moments)
    return Cpu(
        host_pct=busy, steal_pct=steal, client_cores=(last.clients_s - first.clients_s) / span, server_cores=server
    )


def _of_others(first: Spent, last: Spent) -> float:
    """Return what sessions of others spent meanwhile; one that ended can't be asked any more."""
    return sum(now - first.others_s.get(pid, 0.0) for pid, now in last.others_s.items())


def _host_shares(moments: Sequence[Moment]) -> tuple[float | None, float | None]:
    """Return percent of the host's CPU time that was busy, and that a hypervisor took."""
    first, last = moments[0].host.cpu, moments[-1].host.cpu
    if isinstance(first, Unreadable) or isinstance(last, Unreadable) or (busy := busy_share(first, last)) is None:
        return None, None
    return 100 * busy, 100 * (last.steal - first.steal) / (last.total - first.total)


def counters_between(moments: Sequence[Moment], missing: Iterable[str]) -> dict[str, float | None]:
    """Return how far the server's counters went from the first reading to the last, None of those missing. Pure."""
    if len(moments) < 2:
        return {}
    first, last = moments[0].server, moments[-1].server
    read = {name: last[name] - first[name] for name in first if name in last}
    return {**read, **dict.fromkeys(missing)}


def per_second(moments: Sequence[Moment], counter: str) -> float | None:
    """Return how fast a counter of the server went, None where it was not read. Pure."""
    if len(moments) < 2 or not all(counter in each.server for each in (moments[0], moments[-1])):
        return None
    first, last = moments[0], moments[-1]
    return (last.server[counter] - first.server[counter]) / (last.at_s - first.at_s)


def energy_j(moments: Sequence[Moment], range_uj: Mapping[str, int | Unreadable]) -> float | None:
    """Return the joules of all processor packages from the first reading to the last; None where not readable. Pure."""
    steps = [_energy_uj(before, after, range_uj) for before, after in pairwise(moment.host for moment in moments)]
    known = [step for step in steps if step is not None]
    return sum(known) / 1e6 if known and len(known) == len(steps) else None


def _energy_uj(before: Reading, after: Reading, range_uj: Mapping[str, int | Unreadable]) -> int | None:
    if isinstance(before.energy_uj, Unreadable) or isinstance(after.energy_uj, Unreadable):
        return None
    ranges = {zone: limit for zone, limit in range_uj.items() if not isinstance(limit, Unreadable)}
    if not before.energy_uj.keys() == after.energy_uj.keys() <= ranges.keys():
        return None
    return sum(energy_between(old, after.energy_uj[zone], ranges[zone]) for zone, old in before.energy_uj.items())
