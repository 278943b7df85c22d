"""How long a page of a thousand shared files takes: every usual rung of each box, three trials each."""

import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from bench.analysis.ladder import ladder_report
from bench.analysis.share import shared
from bench.model.codec import to_json
from bench.model.shared import Shared
from bench.results.vocabulary import own_words
from bench.workload.phase import usual
from tests.builders import a_record, pulled

FILES, TIMES, BLOCKS = 1_000, 5, 3


def collection_seconds(directory: Path) -> list[float]:
    """Return what ``pgladder collection`` takes as a whole process, over several times."""
    write_shared(directory)
    return [_seconds(directory) for _ in range(TIMES)]


def _seconds(directory: Path) -> float:
    command = [sys.executable, "-m", "bench.cli.main", "collection", str(directory)]
    began = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began


def write_shared(directory: Path, files: int = FILES) -> None:
    """Write the shared files of so many boxes, no two of which are as fast."""
    directory.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(_boxes(files)):
        (directory / f"{number:04}.json").write_bytes(to_json(each))


def _boxes(count: int) -> Iterator[Shared]:
    wanted = [(phase, block) for block in range(1, BLOCKS + 1) for phase in usual()]
    run = pulled(*(a_record(number, phase, block=block) for number, (phase, block) in enumerate(wanted, 1)))
    one, chance = shared(run, ladder_report(run), own_words()), random.Random(1)
    for _ in range(count):
        speed = chance.uniform(0.5, 1.0)
        yield replace(
            one, rungs=tuple(replace(rung, **_as_fast(rung.rows_per_s or 1.0, speed, chance)) for rung in one.rungs)
        )


def _as_fast(rows_per_s: float, speed: float, chance: random.Random) -> dict[str, object]:
    rates = [round(rows_per_s * speed * chance.uniform(0.7, 0.8), 3) for _ in range(BLOCKS)]
    return {"sustained_of_trials": tuple(rates), "sustained_rows_per_s": sum(rates) / BLOCKS}
