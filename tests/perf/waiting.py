"""How long one waits for a run on this machine: to its first trial, and for another variant's restart and proof."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

from bench.engines.postgresql.private import PrivateServer
from bench.engines.postgresql.render import as_variant

TIMES = 5


def first_trial_seconds(directory: Path) -> Iterator[float]:
    """Yield seconds from the command to its first trial, server and all; the run is ended there."""
    for number in range(TIMES):
        where = ["--data-dir", directory / "data", "--out", directory / f"first-{number}"]
        began = monotonic()
        command = [Path(sys.executable).with_name("pgladder"), "run", "--phases", "1-B", *where]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            while not (directory / f"first-{number}/samples/1.jsonl").exists():
                if run.poll() is not None:
                    raise SystemExit(f"A run ended by {run.returncode} before its first trial.")
                sleep(0.01)
            yield monotonic() - began
            run.send_signal(signal.SIGINT)


def swap_seconds(server: PrivateServer) -> Iterator[float]:
    """Yield seconds of swaps that need a restart; each variant is another, as what was checked once is known."""
    for number in range(TIMES):
        began = monotonic()
        server.apply(as_variant(f"swap-{number}", f"wal_buffers = {number + 1}MB\n"))
        yield monotonic() - began
