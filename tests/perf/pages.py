"""How long the page of a large run takes: 100 trials of two minutes, read, checked, told and drawn."""

import subprocess
import sys
from pathlib import Path
from time import perf_counter

from bench.model.plan import Trial
from bench.model.record import ClientTime, Record, Samples
from bench.stats.histogram import percentiles
from bench.stats.steadiness import assess
from bench.store.run_directory import RunDirectory
from bench.workload.phase import usual
from tests.builders import a_histogram, a_host, a_plan, a_record, a_trial

BLOCKS, SECONDS, LATENCIES, TIMES = 10, 120, 5_000, 5


def page_seconds(directory: Path) -> list[float]:
    """Return what ``pgladder report`` takes as a whole process, over several runs after one that fills its cache."""
    write_run(directory)
    return [_seconds(directory) for _ in range(TIMES + 1)][1:]


def _seconds(directory: Path) -> float:
    began = perf_counter()
    subprocess.run([sys.executable, "-m", "bench.cli.main", "report", directory], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began


def write_run(directory: Path) -> None:
    """Write the files of a run of every rung, latencies over three decades, a reading a second."""
    wanted = [(phase, block) for block in range(1, BLOCKS + 1) for phase in usual()]
    trials = [a_trial(number, phase, block=block) for number, (phase, block) in enumerate(wanted, 1)]
    run = RunDirectory(directory)
    run.begin(a_plan(*trials, window_s=SECONDS))
    run.write_host(a_host())
    for trial in trials:
        run.append(*_long(trial))
    run.finish()


def _long(trial: Trial) -> tuple[Record, Samples]:
    """Return a record of two minutes, and the samples that bear it."""
    latencies = a_histogram(*(int(100 * 1.0014**n) for n in range(LATENCIES)))
    took, batch = percentiles(latencies), trial.parameters.batch
    commits = [LATENCIES // SECONDS + (second < LATENCIES % SECONDS) for second in range(SECONDS)]
    rows = [count * batch for count in commits]
    steady = assess(rows)
    record = a_record(
        trial.number,
        trial.phase,
        block=trial.block,
        seconds=SECONDS,
        rows=sum(rows),
        commits=LATENCIES,
        rows_per_s=sum(rows) / SECONDS,
        settled_rows_per_s=sum(rows) / (SECONDS + 0.5),
        commits_per_s=LATENCIES / SECONDS,
        latency_ms=took,
        row_latency_ms=took.mean / batch,
        client_time=ClientTime(
            prepare_s=0, connect_s=0, pool_wait_s=0, insert_s=took.mean * LATENCIES / 1000, release_s=0
        ),
        steadiness=steady.label,
        counters={},
    )
    counters = {"checkpoints_timed": 1, "checkpoints_req": 0} | {f"counter_{n}": 1.5 for n in range(12)}
    readings = [{"at_s": float(at), "host": counters, "server": counters} for at in range(SECONDS + 1)]
    return record, Samples(
        trial=trial.number,
        attempt=1,
        rows_per_second=rows,
        commits_per_second=commits,
        readings=readings,
        latency_hdr=latencies.encode().decode(),
    )
