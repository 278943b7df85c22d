"""What observing costs: CPU seconds a row of clients, server and agent, with all that is observed and without.

    python -m tests.perf.probes [BLOCKS]

Trials of 2-B and 2-H on one private server, in blocks of both in random order. The agent's part is that of this process
while the window is open. Beside the ratio of the CPU seconds that of the rates; and by how much the accounts of those
who observe differ, which other programs disturb less: the agent, its two sessions, looks at loops.
"""

import asyncio
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic_ns, process_time
from typing import Any
from unittest.mock import patch

from rich.console import Console

from bench.agent import observers
from bench.agent.observers import Observers
from bench.engines.engine import Counters
from bench.report.console import console
from bench.stats.compare import compare
from bench.workload import lag
from bench.workload.messages import LoopLag
from tests.perf.trials import Bench, bench

BLOCKS = 15
PHASES = ("2-B", "2-H")
NEVER = 1e-3
"""Looks a second: the first would come long after the window has closed."""
UNWATCHED = f"import bench.workload.lag\nbench.workload.lag.LOOKS_PER_S = {NEVER}\n"
"""Each client process runs it as it starts (``sitecustomize``)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one trial."""

    cpu_us_per_row: float
    rows_per_s: float
    agents_share: float
    """Of the CPU seconds, what the agent, its two sessions and looks at loops spent."""


def look_s(looks_per_s: int = 5000) -> float:
    """Return the CPU seconds of one look at a loop that has nothing else to do."""

    async def idle() -> LoopLag:
        now = monotonic_ns()
        with lag.watching(now, now + 10**9) as watch:
            await asyncio.sleep(1)
        assert watch is not None
        return watch.found()

    with patch.object(lag, "LOOKS_PER_S", looks_per_s):
        began = process_time()
        found = asyncio.run(idle())
        return (process_time() - began) / found.moments


def used_s(*sessions: Any) -> float:
    """Return the CPU seconds of the backends of the agent's sessions (``schedstat``: in ns)."""
    pids = [session.connection.info.backend_pid for session in sessions]
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9


def measure(running: Bench, phase: str, watched: AbstractContextManager[None], looks_per_s: float) -> Cost:
    """Run a trial whose window is ``watched`` in a certain way, and each loop so often."""
    runner, spent_s, backends_s = running.runner, 0.0, 0.0
    watch = runner._watch

    def timed(session: Any, asked: Any, *arguments: Any) -> bool:
        nonlocal spent_s, backends_s
        with watched:
            before_s, began = used_s(session, asked._session), process_time()
            complete = watch(session, asked, *arguments)
            spent_s, backends_s = process_time() - began, used_s(session, asked._session) - before_s
        return complete

    with patch.object(runner, "_watch", timed):
        record = running.phase(phase)
    assert record.cpu.client_cores is not None
    assert record.cpu.server_cores is not None
    cpu_s = (record.cpu.client_cores + record.cpu.server_cores) * record.seconds + spent_s
    looks = looks_per_s * record.seconds * record.trial.parameters.processes
    agents_s = spent_s + backends_s + looks * LOOK_S
    return Cost(1e6 * cpu_s / record.rows, record.rows / record.seconds, agents_s / cpu_s)


LOOK_S = look_s()


@contextmanager
def unobserved() -> Iterator[None]:
    """Read no probe and no counter, and don't look at the server."""
    with (
        patch.object(observers, "SAMPLES_PER_S", NEVER),
        patch.object(observers, "BEATS_PER_S", NEVER),
        patch.object(Observers, "read", lambda _self, _period, _at_s: {}),
        patch.object(Counters, "read", lambda _self, _session: {}),
    ):
        yield


def measured(running: Bench, phase: str, on: bool, directory: Path) -> Cost:
    """Run a trial that is observed, or not."""
    if on:
        return measure(running, phase, nullcontext(), lag.LOOKS_PER_S)
    (directory / "sitecustomize.py").write_text(UNWATCHED)
    with patch.dict(os.environ, {"PYTHONPATH": str(directory)}):
        return measure(running, phase, unobserved(), 0)


def show(out: Console, phase: str, with_: list[Cost], without: list[Cost]) -> None:
    """Print what observing changed of a phase."""
    for what in ("cpu_us_per_row", "rows_per_s"):
        ones, others = ([getattr(cost, what) for cost in costs] for costs in (with_, without))
        found = compare(others, ones)
        interval = f"[{found.interval.low:.3f}, {found.interval.high:.3f}]" if found.interval else ""
        out.print(
            f"{phase} {what}: with {median(ones):.4g}, without {median(others):.4g}, ratio {found.ratio:.3f} {interval}"
        )
    base = median(cost.agents_share for cost in without)
    shares = [cost.agents_share - base for cost in with_]
    said = f"{median(shares):.2%} of the CPU seconds ({min(shares):.2%} to {max(shares):.2%})"
    out.print(f"{phase} by accounts: {said}, beside {base:.2%} without")


def main() -> None:
    """Measure and print."""
    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else BLOCKS
    found: dict[tuple[str, bool], list[Cost]] = {(phase, on): [] for phase in PHASES for on in (True, False)}
    chance, out = random.Random(1), console()
    with bench() as running, tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        for _ in range(blocks):
            for phase, on in chance.sample(list(found), len(found)):
                found[phase, on].append(measured(running, phase, on, Path(directory)))
    for phase in PHASES:
        show(out, phase, found[phase, True], found[phase, False])
    out.print(f"{blocks} blocks; a look at a loop: {1e6 * LOOK_S:.0f} µs")


if __name__ == "__main__":
    main()
