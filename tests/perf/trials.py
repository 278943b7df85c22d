"""Trials of the ladder on a private server, as often as asked, and alternatives to them in blocks of random order."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from bench.agent.trial import TrialRunner
from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.private import PrivateServer
from bench.engines.postgresql.render import render
from bench.model.plan import Plan, Trial
from bench.model.record import Record
from bench.plan.estimate import connections_needed
from bench.report.console import console
from bench.targets.here import default_data_dir
from bench.workload.driver import as_driven
from bench.workload.messages import Result
from bench.workload.phase import ladder
from bench.workload.processes import Clients
from tests.perf import rivals

WINDOW_S = 3


@dataclass(frozen=True, slots=True)
class Rate:
    """What an alternative came to in a block."""

    per_s: float
    """Rows."""
    client_us: float = 0.0
    """CPU time of the clients for a row; of a rival's nothing is asked."""
    client_mb: float = 0.0
    """The most memory that one client process took."""


class Bench:
    """A private server and trials on it."""

    def __init__(self, server: PrivateServer, plan: Plan) -> None:
        self.server, self.plan, self.runner = server, plan, TrialRunner(plan, server)
        self._trials = {trial.phase: trial for trial in plan.trials}

    def phase(self, name: str) -> Record:
        """Run the one trial of a phase, as often as asked."""
        record, _ = self.runner.run(self._trials[name], 1)
        if record.rows_per_s is None or record.validity.state == "void":
            raise SystemExit(f"Phase {name} is void: {record.validity.reasons}")
        return record

    def rate(self, name: str) -> Rate:
        """Run it, and return what it came to."""
        with memory_of_clients() as bytes_:
            record = self.phase(name)
        if record.cpu.client_cores is None or not record.rows:
            raise SystemExit(f"Phase {name} made no commit, or the CPU time of its clients is not known.")
        spent_us = 1e6 * record.cpu.client_cores * record.seconds
        return Rate(record.rows_per_s or 0.0, spent_us / record.rows, max(bytes_) / 1e6)


@contextmanager
def memory_of_clients() -> Iterator[list[int]]:
    """Yield the most bytes that each client process took until it had reported; it still lives then."""
    found: list[int] = []
    report = Clients.results

    def results(clients: Clients, timeout_s: float) -> list[Result]:
        reported = report(clients, timeout_s)
        for pid in clients.pids:
            status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            found.append(int(status["VmHWM"].split()[0]) << 10)
        return reported

    with patch.object(Clients, "results", results):
        yield found


def trials() -> Iterator[Trial]:
    """Yield one of each phase."""
    for number, (name, phase) in enumerate(ladder().items(), 1):
        yield Trial(
            number=number,
            block=1,
            phase=name,
            method=phase.method,
            driver=phase.driver,
            variant="stock",
            layout="plain",
            transport="tcp",
            parameters=as_driven(phase.driver, phase.parameters),
        )


@contextmanager
def bench() -> Iterator[Bench]:
    """Start a server."""
    needed = connections_needed(phase.parameters for phase in ladder().values())
    harness = render(
        "harness", {"listen_addresses": "127.0.0.1", "port": None, "max_connections": needed, "tls": False}
    )
    stock = render("variants/stock", {})
    plan = Plan(
        run="perf", created="", seed=1, profile="perf", warm_up_s=rivals.WARM_UP_S, window_s=WINDOW_S, preload_rows=0,
        harness=harness, variants=(stock,), trials=tuple(trials()),
    )  # fmt: skip
    server = PrivateServer(default_data_dir(), find_binaries())
    try:
        server.create(harness, tls=False)
        server.apply(stock)
        yield Bench(server, plan)
    finally:
        server.close()


class Blocks:
    """What each alternative came to, block by block."""

    def __init__(self, count: int, alternatives: Mapping[str, Callable[[], Rate]]) -> None:
        """Run every alternative once a block, in random order."""
        chance, out = random.Random(1), console()
        self._blocks: list[dict[str, Rate]] = []
        for number in range(1, count + 1):
            block = {name: alternatives[name]() for name in chance.sample(list(alternatives), len(alternatives))}
            found = [f"{name} {_in_words(rate)}" for name, rate in block.items()]
            out.print(f"block {number} of {count}, rows/s (and µs of clients' CPU a row): {', '.join(found)}")
            self._blocks.append(block)

    def all(self, name: str, of: str = "per_s") -> list[float]:
        """Return what an alternative came to in each block."""
        return [getattr(block[name], of) for block in self._blocks]

    def over(self, name: str, rival: str, of: str = "per_s") -> list[float]:
        """Return it divided by what a rival came to in the same block."""
        return [one / other for one, other in zip(self.all(name, of), self.all(rival, of), strict=True)]


def _in_words(rate: Rate) -> str:
    if not rate.client_us:
        return f"{rate.per_s:,.0f}"
    return f"{rate.per_s:,.0f} ({rate.client_us:,.3g})"
