"""``make perf``: what pgladder itself costs, as ratios in one run on one machine.

    python -m tests.perf [--only copy commits …] [--blocks 15] [--base COMMIT] [--limit BOX]

Each ratio is taken within a block, in which the alternatives run in random order. The table gives the geometric mean
over the blocks, its interval of 95 %, and the bound the project holds itself to. Exit code 1 where a mean misses it.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.report.console import console
from bench.targets.here import default_data_dir
from bench.workload.recorder import FOLD
from tests.perf import rungs, waiting
from tests.perf.analysis import compare_seconds_and_bytes, write_runs
from tests.perf.claims import MISSED, Claim, show
from tests.perf.collections import collection_seconds
from tests.perf.pages import page_seconds
from tests.perf.recording import recorder_bytes, recorder_ns
from tests.perf.remote import remote_seconds
from tests.perf.scheduling import share_of_time
from tests.perf.trials import Bench, bench

BLOCKS = 15
ON_A_SERVER: dict[str, Callable[[Bench, Path, int], list[Claim]]] = {
    "copy": rungs.copy,
    "commits": rungs.commits,
    "statements": rungs.statements,
    "swap": lambda bench, _, blocks: [
        Claim(
            what="variant swapped in by a restart, s",
            values=list(waiting.swap_seconds(bench.server, blocks)),
            at_most=5,
        )
    ],
}


def start(directory: Path, blocks: int, base: str) -> list[Claim]:
    """From the command to its first trial; in turn with a release of before, where one is named."""
    found = waiting.starts(directory, blocks, base)
    claims = [
        Claim(what="pgladder run to its first trial, s", values=[each.seconds for each in found.ours], at_most=15)
    ]
    if base:
        for of, unit in (("seconds", "time"), ("cpu_s", "CPU time")):
            ratios = [getattr(one, of) / getattr(other, of) for one, other in zip(found.ours, found.base, strict=True)]
            claims.append(Claim(what=f"the same ÷ {base}, {unit}", values=ratios, at_most=0.5))
    return claims


def page(directory: Path, _blocks: int) -> list[Claim]:
    """The page of a large run."""
    seconds = page_seconds(directory / "run")
    return [Claim(what="page of a run of 100 trials, s", values=seconds, at_most=3)]


def analysis(directory: Path, blocks: int) -> list[Claim]:
    """Read and compare 1,000 runs of 100 records each, several times."""
    write_runs(directory / "results")
    used = [compare_seconds_and_bytes(directory / "results") for _ in range(blocks)]
    what = "1,000 runs of 100 records read and compared"
    return [
        Claim(what=f"{what}, CPU s", values=[seconds for seconds, _ in used], at_most=5),
        Claim(what=f"{what}, MB", values=[size / 1e6 for _, size in used], at_most=1000),
    ]


def collection(directory: Path, _blocks: int) -> list[Claim]:
    """The page of a thousand shared files."""
    return [Claim(what="page of 1,000 shared files, s", values=collection_seconds(directory / "shared"), at_most=10)]


def schedule(_directory: Path, blocks: int) -> list[Claim]:
    """What an open loop costs its clients."""
    what = "recorder and scheduler at 10,000 rows/s, % of a client's time"
    asked = {"one row a commit": ("2-B", None), "collected, 500 or 20 ms": ("2-D", 20.0)}
    return [
        Claim(what=f"{what}, {how}", values=[share_of_time(*of) for _ in range(blocks)], at_most=2)
        for how, of in asked.items()
    ]


def way(limit: str, directory: Path) -> list[Claim]:
    """The ways to a box of the inventory and back."""
    launches, pulls = remote_seconds(limit, directory)
    return [
        Claim(what="make ladder to its first trial, s", values=launches, at_most=5),
        Claim(what="make pull of 50 MB, s", values=pulls, at_most=5),
    ]


ALONE: dict[str, Callable[[Path, int], list[Claim]]] = {
    "page": page,
    "analysis": analysis,
    "collection": collection,
    "schedule": schedule,
}
KINDS = (*ON_A_SERVER, "start", *ALONE)


def measure(options: argparse.Namespace, directory: Path) -> list[Claim]:
    """Measure what is asked for."""
    only, blocks = options.only or KINDS, options.blocks
    claims: list[Claim] = []
    if asked := [name for name in ON_A_SERVER if name in only]:
        with bench() as running:
            for name in asked:
                claims += ON_A_SERVER[name](running, directory, blocks)
    if "start" in only:
        claims += start(directory, blocks, options.base)
    for name, measured in ALONE.items():
        if name in only:
            claims += measured(directory, blocks)
    if options.limit:
        claims += way(options.limit, directory)
    return claims


def asked() -> argparse.Namespace:
    """Return what to measure."""
    parser = argparse.ArgumentParser(prog="make perf")
    parser.add_argument("--only", type=str.split, default=[], help=f"of {', '.join(KINDS)}; default: all")
    parser.add_argument("--blocks", type=int, default=BLOCKS)
    parser.add_argument("--base", default="", help="a commit whose start is timed in turn with ours")
    parser.add_argument("--limit", default="", help="a box of the inventory: also the way there and back")
    options = parser.parse_args()
    if unknown := [name for name in options.only if name not in KINDS]:
        parser.error(f"unknown {' '.join(unknown)}; there are: {', '.join(KINDS)}")
    return options


def main() -> None:
    """Measure and print."""
    options = asked()
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o777)
        claims = measure(options, Path(directory))
    show(claims, default_data_dir())
    few, many = recorder_bytes(FOLD * 20), recorder_bytes(FOLD * 400)
    console().print(
        f"Recorder: {recorder_ns():.0f} ns a record; {few:,} bytes held after {FOLD * 20:,} records,"
        f" {many:,} after {FOLD * 400:,}."
    )
    sys.exit(any(claim.outcome == MISSED for claim in claims))


if __name__ == "__main__":
    main()
