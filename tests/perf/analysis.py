"""What a comparison of very many trials takes: 100,000 records in 1,000 runs of one box, read, checked and compared."""

import hashlib
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from bench.model.codec import to_json
from bench.store.run_directory import HOST, PLAN, SUMS, TRIALS
from tests.builders import a_host, compared_run
from tests.perf.waiting import as_users_have_it

RUNS, BLOCKS, ARMS = 1_000, 25, 4


def write_runs(results: Path, runs: int = RUNS) -> None:
    """Write the files of so many runs of one plan, without samples: no comparison of arms reads them."""
    source = random.Random(1)
    for number in range(runs):
        rates = {
            f"v{arm}": [round(1000 * source.lognormvariate(0.02 * arm, 0.02)) for _ in range(BLOCKS)]
            for arm in range(ARMS)
        }
        run = compared_run(rates)
        plan = replace(run.plan, run=f"20261122T{number:06d}-ab12")
        records = [replace(record, run=plan.run) for record in run.records]
        files = {
            PLAN: to_json(plan) + b"\n",
            HOST: to_json(a_host()) + b"\n",
            TRIALS: b"".join(to_json(record) + b"\n" for record in records),
        }
        directory = results / plan.run / "bench-1"
        directory.mkdir(parents=True)
        for name, content in files.items():
            (directory / name).write_bytes(content)
        sums = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
        (directory / SUMS).write_text("".join(sums))


def compare_seconds_and_bytes(results: Path) -> tuple[float, int]:
    """Return the CPU seconds and the most memory that ``pgladder compare`` takes as a whole process."""
    command = [sys.executable, "-m", "bench.cli.main", "compare", results]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=as_users_have_it())
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"pgladder compare ended by {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024
