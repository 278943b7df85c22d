"""What is read while a window is open: CPU of host, clients and server, and once a second the server's counters.

The server's CPU is its postmaster's own and that of its living and of its ended children (Phase 1 makes a backend for
each insert, gone before anyone could ask for its time). What it means is ``judge``'s business.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic

from bench.model.fingerprint import Unreadable
from bench.model.readings import Moment, host_shares
from bench.model.record import Cpu
from bench.probes.control_group import throttling
from bench.probes.programs import Process, one_process, processes
from bench.probes.source import LIVE
from bench.validity.judge import Quotas
from bench.workload.messages import Result

READ_AGAIN = 3
"""In Phase 1 a backend ends every few ms: what is then missed or taken twice is one of its inserts."""
HIDDEN = Unreadable(unreadable="/proc does not show the server's processes to this user")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """CPU seconds used until ``at_s`` of the monotonic clock."""

    at_s: float
    clients_s: float
    """Of all client processes."""
    server_s: float | Unreadable
    processes: dict[int, Process]
    """All that can be seen, by number."""
    quotas: Quotas
    beside_s: float = 0.0
    """Of ``clients_s``, those of processes that are no writers."""
    others: frozenset[int] = frozenset()
    """Of the server's processes, those that serve sessions of others."""
    standby_s: float | None = None
    """Of all processes of the standby; None: there is none, or it can't be seen."""

    def children(self, parents: Collection[int]) -> list[int]:
        """Return the processes that these have, by number."""
        return [number for number, process in self.processes.items() if process.parent in parents]


def wall_clock_ahead() -> float:
    """Return seconds from the monotonic clock to the wall clock; of some readings the one made without a pause."""

    def reading() -> tuple[float, float]:
        before, wall, after = monotonic(), time.time(), monotonic()
        return after - before, wall - after

    return min(reading() for _ in range(3))[1]


def usage_so_far(
    clients: Sequence[int],
    postmasters: Sequence[int],
    others: Iterable[int] = (),
    beside: Sequence[int] = (),
    standby: int | None = None,
) -> Usage:
    """Read the CPU clocks of clients and server, and what quotas did to them.

    Args:
        clients: the processes that write.
        postmasters: the server's, and those of further ones that its rows lie on; none where they can't be seen.
        others: sessions of the server that are others'.
        beside: client processes that do something else.
        standby: the postmaster of the server's standby, where there is one.

    """
    at_s, found = monotonic(), _processes_with(postmasters)
    # A client that ended early is an error of its own.
    writers_s, beside_s = (_used_s(pids, found) for pids in (clients, beside))
    server_s: float | Unreadable
    if not postmasters:
        server_s = Unreadable(unreadable="the server's processes can't be seen from here")
    elif not found.keys() >= set(postmasters):
        server_s = HIDDEN
    else:
        server_s = sum(_with_children(each, found) for each in postmasters)
    return Usage(
        at_s=at_s,
        clients_s=writers_s + beside_s,
        beside_s=beside_s,
        server_s=server_s,
        processes=found,
        quotas=_quotas([*clients, *beside], postmasters),
        others=frozenset(others),
        standby_s=_with_children(standby, found) if standby is not None and standby in found else None,
    )


def _with_children(pid: int, found: Mapping[int, Process]) -> float:
    """Return the seconds of a process and of its children, those that have ended included.

    A server's are its sessions, a client's the programs that it runs, such as pgbench.
    """
    alive = sum(each.own_s for each in found.values() if each.parent == pid)
    return found[pid].own_s + found[pid].waited_for_s + alive


def _used_s(clients: Iterable[int], found: Mapping[int, Process]) -> float:
    return sum(_with_children(pid, found) for pid in clients if pid in found)


def _processes_with(postmasters: Sequence[int]) -> dict[int, Process]:
    """Read all processes; again where a backend ended meanwhile: it would be missed or taken twice."""
    found = processes()
    # The time of a backend that ends goes to the postmaster: read before and after, it would count twice, or never.
    for _ in range(READ_AGAIN):
        if not any(_a_child_ended(each, found) for each in postmasters):
            break
        found = processes()
    return found


def _a_child_ended(postmaster: int, found: Mapping[int, Process]) -> bool:
    """Return whether a process has another child's time by now than when it was found."""
    if postmaster not in found:
        return False
    now = one_process(postmaster)
    return not isinstance(now, Unreadable) and now.waited_for_s != found[postmaster].waited_for_s


def _quotas(clients: Sequence[int], postmasters: Sequence[int]) -> Quotas:
    try:
        of_clients = throttling(LIVE)
    except FileNotFoundError:
        # No control groups in this kernel.
        return {}
    except (OSError, ValueError) as error:
        found: Quotas = {"the clients": Unreadable(unreadable=str(error))}
    else:
        for client in clients:
            # One that ended early is an error of its own.
            with suppress(OSError, ValueError):
                of_clients |= throttling(LIVE, client)
        found = {"the clients": of_clients}
    if postmasters:
        try:
            found["the server"] = throttling(LIVE, postmasters[0])
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
        host_pct=busy,
        steal_pct=steal,
        client_cores=(last.clients_s - first.clients_s) / span,
        server_cores=server,
        beside_cores=(last.beside_s - first.beside_s) / span if last.beside_s else None,
        standby_cores=_between(first.standby_s, last.standby_s, span),
    )


def with_client_boxes(cpu: Cpu, results: Iterable[Result]) -> Cpu:
    """Return it with what the clients kept busy of other machines, as each of them reports it; ssh is here, and stays.

    Where one of them does not know, nothing is known of the clients.
    """
    told = [result.cores for result in results]
    if cpu.client_cores is None or None in told:
        return replace(cpu, client_cores=None)
    elsewhere = sum(filter(None, told))
    return replace(cpu, client_cores=cpu.client_cores + elsewhere, elsewhere_cores=elsewhere)


def _between(first_s: float | None, last_s: float | None, span: float) -> float | None:
    return None if first_s is None or last_s is None else (last_s - first_s) / span


def _of_others(first: Usage, last: Usage) -> float:
    """Return the seconds that sessions of others used meanwhile; one that ended can't be asked any more."""
    return sum(_used_between(first, last, pid) for pid in last.others & last.processes.keys())


def _used_between(first: Usage, last: Usage, pid: int) -> float:
    """Return the seconds that a process that is there used meanwhile."""
    before, now = first.processes.get(pid), last.processes[pid]
    if before is None or before.began != now.began:
        return now.own_s
    return now.own_s - before.own_s


KINDS = {
    "walwriter": ("walwriter",),
    "checkpointer": ("checkpointer",),
    "background_writer": ("background writer",),
    "autovacuum": ("autovacuum launcher", "autovacuum worker"),
    "io_workers": ("io worker",),
    "other": (
        "archiver", "logical replication", "slotsync worker", "startup", "stats collector", "walreceiver", "walsender",
        "walsummarizer",
    ),
}  # fmt: skip
"""How the titles of a server's processes begin that are no backends (PostgreSQL 13 to 18, B_* of miscinit.c)."""
BACKENDS = "backends"


def kind_of(title: str) -> str:
    """Return which kind of a server's processes one is, by its title.

    >>> [kind_of(title) for title in ("postgres: 15/main: walwriter", "postgres: ann shop [local] INSERT")]
    ['walwriter', 'backends']

    """
    # A cluster may have a name, which comes first.
    what = title.partition(": ")[2].rpartition(": ")[2]
    for kind, beginnings in KINDS.items():
        if any(f"{what} ".startswith(f"{beginning} ") for beginning in beginnings):
            return kind
    return BACKENDS


def server_cpu_between(
    first: Usage, last: Usage, cores: float | None, titles: Mapping[int, str], why: str
) -> dict[str, float | Unreadable]:
    """Return the cores that the server kept busy between two readings, by kind of process. Pure.

    Args:
        first: the earlier reading.
        last: the later one.
        cores: of the server in all.
        titles: of the processes that the server had at the later one.
        why: it is not known, where it is not.

    """
    if cores is None:
        return dict.fromkeys((BACKENDS, *KINDS), Unreadable(unreadable=why))
    seconds = dict.fromkeys((BACKENDS, *KINDS), 0.0)
    for pid, title in titles.items():
        if pid in last.processes and pid not in last.others:
            seconds[kind_of(title)] += _used_between(first, last, pid)
    found: dict[str, float | Unreadable] = {}
    of_backends = cores
    for kind in KINDS:
        used = seconds[kind] / (last.at_s - first.at_s)
        found[kind] = used
        of_backends -= used
    # The rest is theirs: what ended meanwhile is no longer told apart, and the server itself starts them.
    return {BACKENDS: max(of_backends, 0.0), **found}


def why_unknown(first: Usage, last: Usage, moments: Sequence[Moment]) -> str:
    """Say why the CPU time of the host or of the server is not known, where it is not. Pure."""
    for fact in (moments[0].host.cpu, moments[-1].host.cpu, first.server_s, last.server_s):
        if isinstance(fact, Unreadable):
            return fact.unreadable
    return "no time passed between two readings"
