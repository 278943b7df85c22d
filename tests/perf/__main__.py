"""``make perf``: what pgladder itself costs, as ratios in one run on one machine.

Each ratio is taken within a block, in which the alternatives run in random order; the table gives median, lowest and
highest over the blocks, and the bound the project holds itself to. Exit code 1 where a median misses its bound.
"""

import random
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic, monotonic_ns, perf_counter_ns

from rich.console import Console
from rich.table import Table

from bench.agent.trial import TrialRunner
from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.private import PrivateServer
from bench.engines.postgresql.render import render
from bench.model.plan import Plan, Trial
from bench.model.record import Record
from bench.plan.estimate import connections_needed
from bench.probes.facts import host_facts
from bench.report.terminal import console
from bench.targets.here import default_data_dir
from bench.workload.phase import ladder
from bench.workload.recorder import FOLD, Recorder
from tests.perf import rivals
from tests.perf.analysis import compare_seconds_and_bytes, write_runs
from tests.perf.pages import page_seconds
from tests.perf.remote import remote_seconds
from tests.perf.waiting import first_trial_seconds, swap_seconds

BLOCKS = 5
WINDOW_S = 3
SESSIONS = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is claimed, and what was measured of it in each block."""

    what: str
    bound: float
    at_least: bool
    values: list[float]

    @property
    def held(self) -> bool:
        """Whether the median is on the right side of the bound."""
        return median(self.values) >= self.bound if self.at_least else median(self.values) <= self.bound


class Bench:
    """A private server and trials on it."""

    def __init__(self, server: PrivateServer, plan: Plan) -> None:
        self.server, self.plan, self.runner = server, plan, TrialRunner(plan, server)
        self._number = 0

    def phase(self, name: str) -> Record:
        """Run one trial of a phase."""
        self._number += 1
        phase = ladder()[name]
        trial = Trial(
            number=self._number,
            block=1,
            phase=name,
            method=phase.method,
            driver=phase.driver,
            variant="stock",
            layout="plain",
            transport="tcp",
            parameters=phase.parameters,
        )
        record, _ = self.runner.run(trial, 1)
        if record.rows_per_s is None or record.validity.state == "void":
            raise SystemExit(f"Phase {name} is void: {record.validity.reasons}")
        return record


@contextmanager
def bench() -> Iterator[tuple[Bench, float]]:
    """Start a server; yield it and how long that took."""
    began = monotonic()
    needed = connections_needed(phase.parameters for phase in ladder().values())
    harness = render(
        "harness", {"listen_addresses": "127.0.0.1", "port": None, "max_connections": needed, "tls": False}
    )
    stock = render("variants/stock", {})
    plan = Plan(
        run="perf", created="", seed=1, profile="perf", warm_up_s=rivals.WARM_UP_S, window_s=WINDOW_S, preload_rows=0,
        harness=harness, variants=(stock,), trials=(),
    )  # fmt: skip
    server = PrivateServer(default_data_dir(), find_binaries())
    try:
        server.create(harness, tls=False)
        server.apply(stock)
        yield Bench(server, plan), monotonic() - began
    finally:
        server.close()


def blocks(out: Console, alternatives: dict[str, Callable[[], float]]) -> list[dict[str, float]]:
    """Run every alternative once a block, in random order."""
    chance, results = random.Random(1), []
    for number in range(1, BLOCKS + 1):
        block = {name: alternatives[name]() for name in chance.sample(list(alternatives), len(alternatives))}
        rates = ", ".join(f"{name} {rate:,.0f}" for name, rate in block.items())
        out.print(f"block {number} of {BLOCKS}, rows/s: {rates}")
        results.append(block)
    return results


def rate(bench: Bench, phase: str) -> Callable[[], float]:
    """Return what measures a phase in rows/s."""
    return lambda: bench.phase(phase).rows_per_s or 0.0


def measure(bench: Bench, directory: Path) -> list[Claim]:
    """Measure everything that is claimed."""
    copy_batch, batch = ladder()["2-H"].parameters.batch, ladder()["2-E"].parameters.batch
    file, script = directory / "rows.bin", directory / "insert.sql"
    rivals.write_binary(bench.server, file, copy_batch)
    alternatives = {name: rate(bench, name) for name in ("1", "2-B", "2-E", "2-F", "2-H")}
    alternatives["pgbench"] = lambda: rivals.pgbench(bench.server, script, batch, 5, WINDOW_S)
    for sessions in SESSIONS:
        alternatives[f"COPY {sessions}"] = lambda sessions=sessions: rivals.server_side_copy(  # type: ignore[misc]
            bench.server, file, copy_batch, sessions, WINDOW_S
        )
    results = blocks(console(), alternatives)
    # The best number of sessions over all blocks: the best of each block would be the luckiest of four.
    best_copy = max((f"COPY {sessions}" for sessions in SESSIONS), key=lambda name: median(b[name] for b in results))
    copy = [block[best_copy] for block in results]
    best = [max(block[name] for name in ("2-E", "2-F", "2-H")) for block in results]
    cost_ns, rival = recorder_ns(), [block["pgbench"] for block in results]
    return [
        Claim(what=f"2-H ÷ server-side {best_copy}", bound=0.9, at_least=True, values=_over(results, "2-H", copy)),
        Claim(what="2-E ÷ pgbench", bound=0.95, at_least=True, values=_over(results, "2-E", rival)),
        Claim(what="2-F ÷ pgbench", bound=0.95, at_least=True, values=_over(results, "2-F", rival)),
        Claim(what="top of the ladder ÷ Phase 1", bound=1000, at_least=True, values=_over_one(best, results)),
        Claim(
            what="recorder's share of the time in 2-B, %", bound=1, at_least=False,
            values=[100 * cost_ns * block["2-B"] / 1e9 for block in results],
        ),
    ]  # fmt: skip


def _over(results: list[dict[str, float]], name: str, rival: list[float]) -> list[float]:
    return [block[name] / other for block, other in zip(results, rival, strict=True)]


def _over_one(best: list[float], results: list[dict[str, float]]) -> list[float]:
    return [top / block["1"] for top, block in zip(best, results, strict=True)]


def recorder_ns(records: int = 200_000) -> float:
    """Return ns for each record: five readings of the clock, and keeping them, folding included."""
    recorder = Recorder(0, 10**12)
    began = perf_counter_ns()
    for number in range(records):
        for _ in range(4):
            monotonic_ns()
        recorder.acknowledge(number, number + 1, number + 2, number * 1009, monotonic_ns() and number * 1010, 1)
    return (perf_counter_ns() - began) / records


def recorder_bytes(records: int) -> int:
    """Return bytes a recorder holds after so many records of ever different latencies."""
    tracemalloc.start()
    recorder = Recorder(0, 10**12)
    for number in range(records):
        recorder.acknowledge(0, 0, 0, number * 10_007 % 10**9, number, 1)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held


def show(claims: list[Claim], start_s: float) -> None:
    """Print the table, and on what it was measured."""
    out, facts = console(), host_facts(default_data_dir())
    out.print(f"{facts['cpu']['model']}, {facts['cpu']['logical_cpus']} CPUs; {facts['system']['kernel']};", end=" ")
    out.print(f"{facts['disk']['kind']} disk, {facts['disk']['file_system']}; pgladder {facts['pgladder']['commit']}")
    table = Table(box=None, pad_edge=False)
    for name in ("what", "median", "lowest", "highest", "bound", ""):
        table.add_column(name, justify="left" if name == "what" else "right")
    for claim in claims:
        numbers = (median(claim.values), min(claim.values), max(claim.values), claim.bound)
        cells = [f"{number:,.0f}" if number >= 100 else f"{number:.3g}" for number in numbers]
        cells[3] = ("≥ " if claim.at_least else "≤ ") + cells[3]
        table.add_row(claim.what, *cells, "" if claim.held else "missed")
    out.print(table)
    few, many = recorder_bytes(FOLD * 20), recorder_bytes(FOLD * 400)
    out.print(f"Recorder: {recorder_ns():.0f} ns a record; {few:,} bytes held after {FOLD * 20:,} records,", end=" ")
    out.print(f"{many:,} after {FOLD * 400:,}. Private server: up in {start_s:.1f} s.")


def analysis_claims(results: Path) -> list[Claim]:
    """Read and compare 1,000 runs of 100 records each, several times."""
    write_runs(results)
    used = [compare_seconds_and_bytes(results) for _ in range(BLOCKS)]
    what = "1,000 runs of 100 records read and compared"
    return [
        Claim(what=f"{what}, CPU s", bound=5, at_least=False, values=[seconds for seconds, _ in used]),
        Claim(what=f"{what}, MB", bound=1000, at_least=False, values=[size / 1e6 for _, size in used]),
    ]


def remote_claims(limit: str, directory: Path) -> list[Claim]:
    """Measure the ways to a box of the inventory and back; without one there is nothing to measure."""
    if not limit:
        return []
    launches, pulls = remote_seconds(limit, directory)
    return [
        Claim(what="make ladder to its first trial, s", bound=5, at_least=False, values=launches),
        Claim(what="make pull of 50 MB, s", bound=5, at_least=False, values=pulls),
    ]


def main() -> None:
    """Measure and print."""
    with bench() as (running, start_s), tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o777)
        claims = measure(running, Path(directory))
        seconds = page_seconds(Path(directory) / "run")
        claims.append(Claim(what="page of a run of 100 trials, s", bound=3, at_least=False, values=seconds))
        first, swaps = list(first_trial_seconds(Path(directory))), list(swap_seconds(running.server))
        claims.append(Claim(what="pgladder run to its first trial, s", bound=15, at_least=False, values=first))
        claims.append(Claim(what="variant swapped in by a restart, s", bound=5, at_least=False, values=swaps))
        claims += analysis_claims(Path(directory) / "results")
        claims += remote_claims("".join(sys.argv[1:]), Path(directory))
    show(claims, start_s)
    sys.exit(0 if all(claim.held for claim in claims) else 1)


if __name__ == "__main__":
    main()
