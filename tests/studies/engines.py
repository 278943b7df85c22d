"""PostgreSQL and ClickHouse by rows a statement, in one run on this machine: ``make study-engines``, half an hour.

Measures into docs/results/engines and writes docs/results/engines.md from its records alone; a test holds the page to
them. Which ClickHouse it is, a server or the engine in the client, is whichever is here (docs/clickhouse.md).
"""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from bench.analysis.comparison import CellComparison
from bench.questions.compare import compared
from bench.report.numbers import DASH, rate
from bench.report.ratios import interval_text, ratio_text
from bench.report.terminal import describe_host
from bench.store.run_directory import RunDirectory
from tests.kept import KEPT
from tests.readme import CHECKOUT
from tests.studies import measuring

RUN, PAGE = KEPT / "engines", KEPT / "engines.md"
ASKED = {
    "of": "batch=1,500,2000,5000,20000,100000",
    "phases": "2-G 3-C3",
    "blocks": "8",
    "warm-up": "1",
    "window": "4",
}

TEXT = """# PostgreSQL and ClickHouse by rows a statement

**{answer}**

One run, made by one command: `make study-engines`. Each of {blocks} blocks has every batch once by COPY into PostgreSQL
(`2-G`) and once into {clickhouse} (`3-C3`), in random order; one server runs at a time.

{host}

What each promises differs: PostgreSQL is `{postgresql_grade}` here, ClickHouse `{clickhouse_grade}`{because}. The
numbers describe this virtual machine, not a mini-PC. {doubts}

Ratios are ClickHouse's over PostgreSQL's. Brackets hold the 95 % interval, of that ratio alone; the verdict allows for
all pairs.

| rows a statement | PostgreSQL, rows/s | ClickHouse, rows/s | ratio | ClickHouse is |
|---|---|---|---|---|
{rates}

`sustained` rates, PostgreSQL's closing CHECKPOINT and ClickHouse's merges included. Run {run}. The records are in
[engines](engines); `pgladder compare docs/results/engines --across engine` has the same figures.
"""


def page(directory: Path) -> str:
    """Return the page that a run's records make."""
    run = RunDirectory(directory)
    plan, host, records = run.plan(), run.host(), run.records()
    assert host is not None
    [report] = compared(directory, across="engine")
    facts = host.facts["engines"]["clickhouse"]
    grades = {record.engine: record.durability for record in records}
    because = {record.engine: record.durability_because for record in records}["clickhouse"]
    suspect = sum(record.validity.state == "suspect" for record in records)
    void = sum(record.validity.state == "void" for record in records)
    return TEXT.format(
        answer=report.sentence,
        blocks=len(plan.blocks),
        clickhouse=f"{facts['version']}, {facts['runs']}",
        host=describe_host(host).plain,
        postgresql_grade=grades["postgresql"],
        clickhouse_grade=grades["clickhouse"],
        because=f" ({because})" if because else "",
        doubts=f"Of {len(records)} trials {suspect} are suspect and {void} void.",
        rates="\n".join(map(_row, report.cells)),
        run=plan.run,
    )


def _row(cell: CellComparison) -> str:
    postgresql, clickhouse = cell.arms
    [pair] = cell.pairs
    settled = (postgresql.settled_rows_per_s, clickhouse.settled_rows_per_s)
    rates = [DASH if found is None else rate(found) for found in settled]
    ratio = f"{ratio_text(pair.settled)} ({interval_text(pair.settled)})" if pair.settled else DASH
    return f"| {cell.parameters['batch']:,} | {rates[0]} | {rates[1]} | {ratio} | {pair.verdict or DASH} |"


def words(asked: dict[str, str]) -> Iterable[str]:
    """Yield the words of the one command that measures, from its question on."""
    yield "sweep"
    for option, value in asked.items():
        yield from (f"--{option}", *value.split())


def measure() -> None:
    """Measure anew, in the place of the run that is kept."""
    subprocess.run(["rm", "-rf", RUN], check=True)
    measuring.measure(RUN, list(words(ASKED)))


if __name__ == "__main__":
    measure()
    PAGE.write_text(page(RUN))
    print(json.dumps({"page": str(PAGE.relative_to(CHECKOUT))}))  # noqa: T201
