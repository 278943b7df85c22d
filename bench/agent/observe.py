"""What is read while a window is open: CPU of host, clients and server, and once a second the server's counters.

The server's CPU is its postmaster's own and that of its living and of its ended children (Phase 1 makes a backend for
each insert, gone before anyone could ask for its time).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import psutil

from bench.model import Cpu


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuReading:
    """CPU seconds spent until ``at_s`` of the monotonic clock."""

    at_s: float
    host_busy_s: float
    host_steal_s: float
    host_total_s: float
    clients_s: float
    server_s: float | None


def read_cpu(clients: Iterable[int], postmaster: int | None) -> CpuReading:
    """Read the clocks of the host, of the client processes and of the server."""
    host = psutil.cpu_times()
    total = sum(host[:8])  # guest time is part of user time (proc(5), /proc/stat)
    return CpuReading(
        at_s=monotonic(),
        host_busy_s=total - host.idle - host.iowait - host.steal,
        host_steal_s=host.steal,
        host_total_s=total,
        clients_s=sum(_own_time(pid) for pid in clients),
        server_s=_server_time(postmaster),
    )


def _own_time(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0  # ended early: the trial is void by its error
    return times.user + times.system


def _server_time(postmaster: int | None) -> float | None:
    if postmaster is None:
        return None
    try:
        process = psutil.Process(postmaster)
        times = process.cpu_times()
        alive = sum(_own_time(child.pid) for child in process.children())
    except psutil.Error:
        return None
    return times.user + times.system + times.children_user + times.children_system + alive


def cpu_between(first: CpuReading, last: CpuReading) -> Cpu:
    """Return what was spent between two readings. Pure."""
    span, host = last.at_s - first.at_s, last.host_total_s - first.host_total_s
    server = None
    if first.server_s is not None and last.server_s is not None:
        server = (last.server_s - first.server_s) / span
    return Cpu(
        host_pct=100 * (last.host_busy_s - first.host_busy_s) / host if host else None,
        steal_pct=100 * (last.host_steal_s - first.host_steal_s) / host if host else None,
        client_cores=(last.clients_s - first.clients_s) / span,
        server_cores=server,
    )


def counters_between(readings: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return how far the server's counters went from the first reading to the last. Pure."""
    if len(readings) < 2:
        return {}
    first, last = readings[0]["server"], readings[-1]["server"]
    return {name: last[name] - first[name] for name in first}
