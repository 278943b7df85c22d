"""What queueing makes of each driver's own time at a rate: ``python -m tests.studies.queueing``, of kept runs alone.

Two clients that need a different time for a commit wait differently long at one rate, however exact their loops are.
Of the runs that ``make study-open-loop`` keeps this takes that time, lets commits come independently at the same rates,
and prints which percentiles follow, beside those that were measured, and how often two windows of pgbench would agree
if chance alone told them apart. Of one connection a commit takes as long as in the closed loop. Of several the
client's CPU time for a commit is taken one by one, half before the server's time and half after it, as on one event
loop; the server's time is pgbench's at the lowest rate, less its client's.
"""

import heapq
import json
import random
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean, median

from bench.analysis.counted import good
from bench.analysis.pulled import latest
from bench.model.record import Record
from bench.report.console import console
from bench.report.numbers import short
from bench.stats.histogram import decode, recorded, usual_ms
from bench.store.run_directory import RunDirectory
from tests.studies.open_loop import (
    CAPACITY,
    CONDITIONS,
    PGBENCH,
    RATES,
    RUNS,
    WITHIN,
    WITHIN_MS,
    Condition,
    latencies_of,
)

COME = 30_000
"""Commits of each computation."""
PAIRS = 50
"""Of windows that are held against each other."""
LEAST_S = 1e-6
ARRIVES, BEGINS, ENDS = range(3)
"""What becomes of a commit: it is due, a connection takes it, its answer is there."""


def waited(
    per_s: float, client_s: float, connections: int, server_s: Sequence[float], seed: int = 1, come: int | None = None
) -> list[float]:
    """Return how long each commit takes from when it is due, in s, the quickest first.

    Args:
        per_s: commits that come in a second, independently of each other.
        client_s: what each takes of the one event loop, half of it before and half after the server's time.
        connections: how many may be under way.
        server_s: times of the server, of which each has one by chance.
        seed: of chance.
        come: how many commits come; by default ``COME``.

    """
    chance, due, at = random.Random(seed), [], 0.0
    for _ in range(come or COME):
        at += chance.expovariate(per_s)
        due.append(at)
    events = [(at, ARRIVES, number) for number, at in enumerate(due)]
    idle, queue, free_at, took = connections, deque[int](), 0.0, []
    while events:
        at, kind, number = heapq.heappop(events)
        if kind == ARRIVES and idle:
            idle -= 1
            heapq.heappush(events, (at, BEGINS, number))
        elif kind == ARRIVES:
            queue.append(number)
        else:
            free_at = max(at, free_at) + client_s / 2
        if kind == BEGINS:
            heapq.heappush(events, (free_at + chance.choice(server_s), ENDS, number))
        elif kind == ENDS:
            took.append(free_at - due[number])
            if queue:
                heapq.heappush(events, (free_at, BEGINS, queue.popleft()))
            else:
                idle += 1
    return sorted(took)


def agreeing(per_s: float, server_s: Sequence[float], window_s: float) -> float:
    """Return in which part of pairs of windows of one and the same queue the p99 of both are near each other.

    One connection; near is what the study takes for it: within 10 % or 0.5 ms.
    """
    come = round(per_s * window_s)
    p99_ms = [1000 * waited(per_s, 0.0, 1, server_s, seed, come)[int(come * 0.99)] for seed in range(2 * PAIRS)]
    near = [abs(one - other) <= max(WITHIN_MS, WITHIN * other) for one, other in zip(*[iter(p99_ms)] * 2, strict=True)]
    return mean(near)


class Kept:
    """The trials of a kept run, with their latencies."""

    def __init__(self, run: Path) -> None:
        directory = RunDirectory(run)
        self.window_s = directory.plan().window_s
        self._records = good(latest(directory.records()))
        self._latencies = json.loads(latencies_of(directory).read_text())

    def of(self, condition: Condition, driver: str) -> dict[float, list[Record]]:
        """Return the trials of a driver by their rate; 0: in a closed loop."""
        found: dict[float, list[Record]] = {}
        for record in self._records:
            if condition.is_of(record.trial) and record.trial.driver == driver:
                found.setdefault(record.trial.parameters.rate or 0.0, []).append(record)
        return found

    def times_s(self, records: Iterable[Record]) -> list[float]:
        """Return the latencies of all their commits."""
        found: list[float] = []
        for record in records:
            for us, times in recorded(decode(self._latencies[str(record.trial.number)])):
                found += [us / 1e6] * times
        return found

    def measured_ms(self, records: Iterable[Record]) -> list[float | None]:
        """Return the median trial's p50 and p99; None: too few commits tell it."""
        each = [usual_ms(decode(self._latencies[str(record.trial.number)])) for record in records]
        return [
            median(known) if (known := list(filter(None, of_each))) else None for of_each in zip(*each, strict=True)
        ]


def client_s(records: Sequence[Record]) -> float:
    """Return the client's CPU time for a commit."""
    return median((record.cpu.client_cores or 0) * record.seconds / record.commits for record in records)


def cycles_s(kept: Kept, records: Sequence[Record]) -> list[float]:
    """Return how long one connection takes for each commit in a closed loop, with all that is done between two."""
    times = kept.times_s(records)
    between = sum(record.seconds for record in records) / sum(record.commits for record in records)
    less = between - sum(times) / len(times)
    return [time + less for time in times]


def main() -> None:
    """Print what is computed beside what was measured."""
    closed, at_rates = Kept(RUNS / CAPACITY), Kept(RUNS / RATES)
    out = console()
    for condition in CONDITIONS:
        out.print(f"\n{condition.words}", highlight=False)
        lowest = min(at_rates.of(condition, PGBENCH).items())[1]
        server_s = [max(time - client_s(lowest), LEAST_S) for time in at_rates.times_s(lowest)]
        for driver in condition.drivers:
            for per_s, records in sorted(at_rates.of(condition, driver).items()):
                if condition.connections == 1:
                    taken, own_s = 0.0, cycles_s(closed, closed.of(condition, driver)[0.0])
                else:
                    taken, own_s = client_s(records), server_s
                took = waited(per_s, taken, condition.connections, own_s)
                cells = [f"{driver:8} {per_s:6,.0f}/s", f"{1e6 * client_s(records):3.0f} µs of CPU a commit"]
                measured = at_rates.measured_ms(records)
                for name, share, was in zip(("p50", "p99"), (0.5, 0.99), measured, strict=True):
                    cells.append(f"{name} {short(was)} ms measured, {short(1000 * took[int(COME * share)])} computed")
                if (condition.connections, driver) == (1, PGBENCH):
                    same = agreeing(per_s, own_s, at_rates.window_s)
                    cells.append(f"of two such windows the p99 agree in {same:.0%} of pairs")
                out.print("; ".join(cells), highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
