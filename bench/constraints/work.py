"""What a commit takes of each thing, and how many of them a second that allows: a model of what-if questions. Pure.

The closed network of operational analysis: so many commits under way, each in turn at the client's processes, at the
processors, and where it waits for nobody. Source: Denning & Buzen, The operational analysis of queueing network
models, ACM Computing Surveys 10 (1978); Schweitzer's approximate mean value analysis; several servers as Seidmann,
Schweitzer & Shalev-Oren, Computerized closed queueing network models of flexible manufacturing systems (1987).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

QUEUED = frozenset({"locks", "wal-write"})
"""What a commit waits for until another's is worked on: the less work, the shorter."""
STEPS = 60
"""Of halving: far below what a float tells apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One commit's work, in seconds, and what there is to do it."""

    in_flight: float
    """Commits under way, as many as there were on average."""
    in_flight_each: int
    """As many were asked of each process."""
    processes: int
    """Of the client, of which each uses one core at most."""
    cpus: float
    """Processors that may be used: a quota may leave less than one."""
    client_s: float
    """The CPU time of its client process."""
    server_s: float
    """The server's CPU time."""
    waits_s: Mapping[str, float]
    """What it waits for, by constraint."""
    stands_s: float = 0.0
    """What the event loop of its client process stands still without using a processor."""
    rest_s: float = 0.0
    """What nothing explains."""

    @property
    def delay_s(self) -> float:
        """All that it waits for."""
        return sum(self.waits_s.values()) + self.rest_s

    def without(self, constraint: str) -> "Work":
        """Return it without what is waited for by a constraint."""
        return replace(self, waits_s={name: each for name, each in self.waits_s.items() if name != constraint})

    def with_cpu(self, client: float, server: float) -> "Work":
        """Return it with so many times the CPU time of client and server.

        Of several commits under way, what they wait for each other goes with it: for the event loop, for locks, for
        places in WAL. Of one it stays.
        """
        client_s, server_s = self.client_s * client, self.server_s * server
        if self.in_flight <= 1:
            return replace(self, client_s=client_s, server_s=server_s)
        both = (client_s + server_s) / (self.client_s + self.server_s)
        waits_s = {name: each * server if name in QUEUED else each for name, each in self.waits_s.items()}
        return replace(
            self,
            client_s=client_s,
            server_s=server_s,
            stands_s=self.stands_s * both,
            waits_s=waits_s,
            rest_s=self.rest_s * both,
        )

    def less(self, part: float) -> "Work":
        """Return it without a part of all that client and server do for it, 0 to 1; what it waits for stays."""
        return replace(self.scaled(1 - part), waits_s=self.waits_s)

    def scaled(self, factor: float) -> "Work":
        """Return it with so much of each of its parts."""
        return replace(
            self,
            client_s=self.client_s * factor,
            stands_s=self.stands_s * factor,
            server_s=self.server_s * factor,
            waits_s={name: each * factor for name, each in self.waits_s.items()},
            rest_s=self.rest_s * factor,
        )


def fitted(work: Work, commits_per_s: float) -> Work:
    """Return the work with the rest that makes its rate what was measured; never below 0."""
    stays = work.in_flight / commits_per_s
    explained = _stays_s(replace(work, rest_s=0.0), commits_per_s)
    return replace(work, rest_s=max(stays - explained, 0.0))


def rate(work: Work) -> float:
    """Return the commits a second that the model gives."""
    # What is always under way, N = X·R, rises with X; no rate is above what one station alone allows.
    low, high = 0.0, _most(work)
    for _ in range(STEPS):
        middle = (low + high) / 2
        if middle * _stays_s(work, middle) < work.in_flight:
            low = middle
        else:
            high = middle
    return low


def _most(work: Work) -> float:
    """Return the rate at which processes or processors are always busy, or which none of the commits can exceed."""
    bounds = []
    if in_process_s := work.client_s + work.stands_s:
        bounds.append(work.processes / in_process_s)
    if cpu_s := work.client_s + work.server_s:
        bounds.append(work.cpus / cpu_s)
    if whole_s := cpu_s + work.stands_s + work.delay_s:
        bounds.append(work.in_flight / whole_s)
    return min(bounds)


def _stays_s(work: Work, commits_per_s: float) -> float:
    """Return how long a commit stays at this rate."""
    # Who arrives finds what the others left there: all but itself.
    others = max(work.in_flight - 1, 0.0) / work.in_flight
    in_process_s = work.client_s + work.stands_s
    client = _at_station(in_process_s, work.processes, commits_per_s * in_process_s * others)
    # The processors serve the clients too; these stand in their own queue already.
    used = commits_per_s * (work.client_s + work.server_s) * others
    server = _at_station(work.server_s, work.cpus, used)
    return client + server + work.delay_s


def _at_station(demand_s: float, servers: float, busy: float) -> float:
    """Return how long a commit stays where ``busy`` of so many equal servers work for others."""
    # As one server that is so many times as quick, and what is left of the demand as a delay (Seidmann).
    free = max(1 - busy / servers, 1e-9)
    return demand_s / servers / free + demand_s * max(servers - 1, 0) / servers
