"""How long one waits for a run on this machine: to its first trial, and for another variant's restart and proof."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import psutil

from bench.engines.postgresql.private import PrivateServer
from bench.engines.postgresql.render import as_variant

CHECKOUT = Path(__file__).parents[2]
COMMAND = """
try:
    from bench.cli.start import main
except ModuleNotFoundError:
    from bench.cli import main  # of November 2026
main()
"""


def as_users_have_it() -> dict[str, str]:
    """Return the environment in which Python's bytecode is kept: where it is not, each start compiles all it loads."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class Start:
    """From the command to its first trial, server and all."""

    seconds: float
    cpu_s: float
    """Of the command and all that it started."""


@dataclass(slots=True)
class Starts:
    """Of this checkout, and of another in turn with it."""

    ours: list[Start] = field(default_factory=list)
    base: list[Start] = field(default_factory=list)


def starts(directory: Path, blocks: int, base: str) -> Starts:
    """Time it, so many times; ``base``: in turn with a checkout of that commit."""
    found, chance = Starts(), random.Random(1)
    with _checked_out(base, directory / "base") as other:
        # The first of each reads, and writes Python's bytecode.
        for number in range(-1, blocks):
            turns = [(found.ours, CHECKOUT), *([(found.base, other)] if other else [])]
            for kept, checkout in chance.sample(turns, len(turns)):
                start = _start(checkout, directory / "starts")
                if number >= 0:
                    kept.append(start)
    return found


@contextmanager
def _checked_out(commit: str, place: Path) -> Iterator[Path | None]:
    """Yield a worktree at a commit, None where none is asked for."""
    if not commit:
        yield None
        return
    git = ["git", "-C", CHECKOUT, "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", place, commit], check=True)
    try:
        yield place
    finally:
        subprocess.run([*git, "remove", "--force", place], check=True)


def _start(checkout: Path, place: Path) -> Start:
    """Start a run, wait for its first trial, and end it."""
    place.mkdir(exist_ok=True)
    results = place / str(len(list(place.iterdir())))
    began = monotonic()
    command = [sys.executable, "-c", COMMAND, "run", "--phases", "1-B", "--data-dir", place.parent / "data"]
    # Client processes and the run itself are that checkout's.
    environment = as_users_have_it() | {"PYTHONPATH": str(checkout)}
    with subprocess.Popen(
        [*command, "--out", results], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        while not (results / "samples/1.jsonl").exists():
            if run.poll() is not None:
                raise SystemExit(f"A run of {checkout} ended by {run.returncode} before its first trial.")
            sleep(0.005)
        start = Start(monotonic() - began, _cpu_seconds(run.pid))
        run.send_signal(signal.SIGINT)
    return start


def _cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process, of those that it has, and of those that it had."""
    run = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:4]) for each in (run, *run.children(recursive=True)))


def swap_seconds(server: PrivateServer, times: int) -> Iterator[float]:
    """Yield seconds of swaps that need a restart; each variant is another, as what was checked once is known."""
    for number in range(times):
        began = monotonic()
        server.apply(as_variant(f"swap-{number}", f"wal_buffers = {number + 1}MB\n"))
        yield monotonic() - began
