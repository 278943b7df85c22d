"""How near the upper rungs come to what the server can do without them: PostgreSQL's own tools write the same rows.

How many sessions the server's own COPY has is settled here and not by what is measured: the best of several would be
the luckiest.
"""

import os
from collections.abc import Callable
from pathlib import Path

from bench.workload.phase import ladder
from tests.perf import rivals
from tests.perf.claims import Claim
from tests.perf.recording import recorder_ns
from tests.perf.trials import WINDOW_S, Bench, Blocks, Rate

COPY_SESSIONS = 2
PGBENCH_CLIENTS = 50
MANY_CORES = 8
"""With fewer, what clients take is missing from the server: there their CPU time decides, not the rate."""


def _of(bench: Bench, *names: str) -> dict[str, Callable[[], Rate]]:
    return {name: lambda name=name: bench.rate(name) for name in names}  # type: ignore[misc]


def copy(bench: Bench, directory: Path, blocks: int) -> list[Claim]:
    """COPY by clients beside COPY by the server itself, from a file."""
    alternatives = _of(bench, "2-H", "2-I")
    rival_of = {}
    for name in ("2-H", "2-I"):
        # The same rows a commit.
        batch = ladder()[name].parameters.batch
        rival = rival_of[name] = f"COPY of {batch:,} in {COPY_SESSIONS} sessions"
        alternatives[rival] = _server_side(bench, directory / f"{batch}.bin", batch)
    found = Blocks(blocks, alternatives)
    bounds = {"2-H": None, "2-I": 0.95}
    return [
        *(
            Claim(what=f"{name} ÷ server-side {rival}", values=found.over(name, rival), at_least=bounds[name])
            for name, rival in rival_of.items()
        ),
        Claim(what="clients' CPU a row, 2-I ÷ 2-H", values=found.over("2-I", "2-H", "client_us"), at_most=0.4),
        _memory(found, "2-H", "2-I"),
    ]


def _server_side(bench: Bench, file: Path, batch: int) -> Callable[[], Rate]:
    rivals.write_binary(bench.server, file, batch)
    return lambda: Rate(rivals.server_side_copy(bench.server, file, batch, COPY_SESSIONS, WINDOW_S))


def commits(bench: Bench, directory: Path, blocks: int) -> list[Claim]:
    """Fifty commits of one row in flight, beside pgbench's."""
    rival = f"pgbench -c {PGBENCH_CLIENTS}"
    script = directory / "insert.sql"
    script.write_text(rivals.one_row())
    alternatives = _of(bench, "2-B", "2-B2", "2-B3")
    alternatives[rival] = lambda: Rate(rivals.pgbench(bench.server, script, "prepared", PGBENCH_CLIENTS, WINDOW_S))
    found, cost_ns = Blocks(blocks, alternatives), recorder_ns()
    shares = [100 * cost_ns * per_s / 1e9 for per_s in found.all("2-B")]
    return [
        Claim(what=f"2-B ÷ {rival}", values=found.over("2-B", rival)),
        Claim(what="2-B2 ÷ 2-B", values=found.over("2-B2", "2-B"), at_least=1.3),
        Claim(what=f"2-B2 ÷ {rival}", values=found.over("2-B2", rival)),
        Claim(what=f"2-B3 ÷ {rival}", values=found.over("2-B3", rival), at_least=_where_a_core_is_left(0.8)),
        Claim(what="clients' CPU a commit, 2-B3 ÷ 2-B", values=found.over("2-B3", "2-B", "client_us"), at_most=0.6),
        Claim(what="recorder's share of the time in 2-B, %", values=shares, at_most=0.5),
        _memory(found, "2-B", "2-B2", "2-B3"),
    ]


def statements(bench: Bench, directory: Path, blocks: int) -> list[Claim]:
    """Many rows a statement, beside pgbench's; and how high the ladder is."""
    batch = ladder()["2-E"].parameters.batch
    script = directory / "insert-many.sql"
    script.write_text(rivals.many_rows(batch))
    alternatives = _of(bench, "1", "2-E", "2-F", "2-H")
    alternatives["pgbench"] = lambda: Rate(batch * rivals.pgbench(bench.server, script, "simple", 5, WINDOW_S))
    found = Blocks(blocks, alternatives)
    return [
        Claim(what="2-E ÷ pgbench", values=found.over("2-E", "pgbench"), at_least=0.95),
        Claim(what="2-F ÷ pgbench", values=found.over("2-F", "pgbench"), at_least=0.95),
        Claim(what="2-H ÷ Phase 1", values=found.over("2-H", "1"), at_least=1000),
        _memory(found, "1", "2-E", "2-F", "2-H"),
    ]


def _where_a_core_is_left(bound: float) -> float | None:
    """Return a bound of clients beside a server that takes as many cores as there are; None where there are few."""
    return bound if (os.cpu_count() or 1) >= MANY_CORES else None


def _memory(found: Blocks, *names: str) -> Claim:
    """Return the most that a client process of these rungs took, in each block."""
    most = [max(block) for block in zip(*(found.all(name, "client_mb") for name in names), strict=True)]
    return Claim(what=f"most memory of a client process, MB ({', '.join(names)})", values=most, at_most=80)
