"""What is read while a window is open: CPU of host, clients and server, and once a second the server's counters.

The server's CPU is its postmaster's own and that of its living and of its ended children (Phase 1 makes a backend for
each insert, gone before anyone could ask for its time). What it means is ``judge``'s business.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic

from bench.model.fingerprint import Unreadable
from bench.model.readings import Moment, host_shares
from bench.model.record import Cpu
from bench.probes.control_group import throttling
from bench.probes.programs import TICKS_PER_S, Process, one_process, processes
from bench.probes.source import LIVE
from bench.validity.judge import Quotas

READ_AGAIN = 3
"""In Phase 1 a backend ends every few ms: what is then missed or taken twice is one of its inserts."""
HIDDEN = Unreadable(unreadable="/proc does not show the server's processes to this user")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """CPU seconds used until ``at_s`` of the monotonic clock."""

    at_s: float
    clients_s: float
    server_s: float | Unreadable
    processes: dict[int, Process]
    """All that can be seen, by number."""
    quotas: Quotas
    others: frozenset[int] = frozenset()
    """Of the server's processes, those that serve sessions of others."""


def wall_clock_ahead() -> float:
    """Return seconds from the monotonic clock to the wall clock; of some readings the one made without a pause."""

    def reading() -> tuple[float, float]:
        before, wall, after = monotonic(), time.time(), monotonic()
        return after - before, wall - after

    return min(reading() for _ in range(3))[1]


def usage_so_far(clients: Sequence[int], postmaster: int | None, others: Iterable[int] = ()) -> Usage:
    """Read the CPU clocks of clients and server, of its sessions that are ``others``', and what quotas did to them."""
    at_s, found = monotonic(), _processes_with(postmaster)
    # A client that ended early is an error of its own.
    clients_s = sum(found[pid].own for pid in clients if pid in found) / TICKS_PER_S
    server_s: float | Unreadable
    if postmaster is None:
        server_s = Unreadable(unreadable="the server's processes can't be seen from here")
    elif postmaster not in found:
        server_s = HIDDEN
    else:
        alive = sum(each.own for each in found.values() if each.parent == postmaster)
        server_s = (found[postmaster].own + found[postmaster].waited_for + alive) / TICKS_PER_S
    return Usage(
        at_s=at_s,
        clients_s=clients_s,
        server_s=server_s,
        processes=found,
        quotas=_quotas(postmaster),
        others=frozenset(others),
    )


def _processes_with(postmaster: int | None) -> dict[int, Process]:
    """Read all processes; again where a backend ended meanwhile: it would be missed or taken twice."""
    found = processes()
    # The time of a backend that ends goes to the postmaster: read before and after, it would count twice, or never.
    for _ in range(READ_AGAIN):
        if postmaster is None or postmaster not in found:
            break
        now = one_process(postmaster)
        if isinstance(now, Unreadable) or now.waited_for == found[postmaster].waited_for:
            break
        found = processes()
    return found


def _quotas(postmaster: int | None) -> Quotas:
    try:
        found: Quotas = {"the clients": throttling(LIVE)}
    except FileNotFoundError:
        # No control groups in this kernel.
        return {}
    except (OSError, ValueError) as error:
        found = {"the clients": Unreadable(unreadable=str(error))}
    if postmaster is not None:
        try:
            found["the server"] = throttling(LIVE, postmaster)
        except (OSError, ValueError):
            found["the server"] = HIDDEN
    return found


def cpu_between(first: Usage, last: Usage, moments: Sequence[Moment]) -> Cpu:
    """Return what was used between two readings. Pure."""
    span, server = last.at_s - first.at_s, None
    if not isinstance(first.server_s, Unreadable) and not isinstance(last.server_s, Unreadable):
        server = (last.server_s - first.server_s - _of_others(first, last)) / span
    busy, steal = host_shares(moments)
    return Cpu(
        host_pct=busy, steal_pct=steal, client_cores=(last.clients_s - first.clients_s) / span, server_cores=server
    )


def _of_others(first: Usage, last: Usage) -> float:
    """Return the seconds that sessions of others used meanwhile; one that ended can't be asked any more."""
    ticks = 0
    for pid in last.others & last.processes.keys():
        before, now = first.processes.get(pid), last.processes[pid]
        ticks += now.own
        if before is not None and before.began == now.began:
            ticks -= before.own
    return ticks / TICKS_PER_S


def why_unknown(first: Usage, last: Usage, moments: Sequence[Moment]) -> str:
    """Say why the CPU time of the host or of the server is not known, where it is not. Pure."""
    for fact in (moments[0].host.cpu, moments[-1].host.cpu, first.server_s, last.server_s):
        if isinstance(fact, Unreadable):
            return fact.unreadable
    return "no time passed between two readings"
