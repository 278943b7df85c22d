"""What the published report left for later, answered: ``make study-next-steps``, half an hour.

Measures four runs below docs/results/next-steps: commits that wait for no flush, commits that wait for a standby, rows
into TimescaleDB, rows over two servers. Writes docs/results/next-steps.md: of each step the sentence that records say,
from these runs and from the pages of other studies. Interrupted, it goes on where it was; of runs that are whole it
writes the page alone.
"""

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.questions.compare import compared
from bench.report.terminal import describe_host
from bench.store.run_directory import RunDirectory
from tests.integration import trees
from tests.kept import KEPT
from tests.studies import measuring

RUNS, PAGE = KEPT / "next-steps", KEPT / "next-steps.md"
LOOSER, STANDBY, TIMESCALEDB, SHARDED = "async-commit", "replica", "timescaledb", "sharded"
"""The runs."""
ASKED: Mapping[str, str] = {
    LOOSER: "compare --variants stock async-commit --phases 1-B 2-B 2-D 2-G --blocks 12 --warm-up 1 --window 3",
    STANDBY: "sweep --of replica=none,async,on,remote_apply --phases 1-B 2-D --blocks 6 --warm-up 1 --window 3",
    TIMESCALEDB: "compare --layouts plain-time-key hypertable --phases 1-B 2-D 2-G --blocks 12 --warm-up 1 --window 3",
    SHARDED: "compare --layouts plain sharded --phases 1-B 2-D 2-G --blocks 6 --warm-up 1 --window 3",
}
ACROSS = {LOOSER: "variant", STANDBY: "replica", TIMESCALEDB: "layout", SHARDED: "layout"}
MAJORS = {TIMESCALEDB: "17"}
"""Of PostgreSQL, whose programs come from another Debian (``trees``); of the other runs it is the one that is here."""
ANSWER = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
"""A page of results begins with what follows, in bold."""
TEXT = """# What the published report left for later

The report ends: application-level optimisation is over, and what is left is the database's: `synchronous_commit =
off`, partitions, reading from a replica, another database. It names them and tries none. Here each has its price, as
far as it was measured.

## 1. Commits that wait for no flush (`synchronous_commit = off`)

**{looser}**

What a power cut takes then:

{loss}

Measured: {looser_run}. Losses: [durability.md](durability.md), [how](../durability.md).

## 2. Partitions

{partitions}

How: `make study-partitions`; what a layout is: [running.md](../running.md).

## 3. Reading from a replica

**{standby}**

A standby is what reads would go to; this is what having one costs who writes. Both share one machine here, so that a
network and a second disk are not in it. What readers see on it, and how old: [replicas.md](../replicas.md).

Measured: {standby_run}.

## 4. Another database

TimescaleDB: {timescaledb}

ClickHouse: {engines}

How: `make study-engines`; what each promises differs: [clickhouse.md](../clickhouse.md).

## 5. A second box

Rows over two servers on this one machine, by postgres_fdw: {sharded}

That is what going through postgres_fdw costs; what a second machine brings was not measured. How, and Citus beside it:
[engines.md](../engines.md#several-postgresql-by-postgres_fdw). Clients can run on a second box, so that the server has
its processors to itself: [client-boxes.md](../client-boxes.md). Two boxes are compared by `make compare-hosts`.

{host}

The runs: `make study-next-steps`, records in [next-steps](next-steps). The numbers describe this virtual machine,
not a mini-PC.
"""


def page(runs: Path, results: Path = KEPT) -> str:
    """Return the page that the runs' records, and the pages of other studies in ``results``, make."""
    sentences = {name: _answer(runs / name, ACROSS[name]) for name in (LOOSER, STANDBY)}
    about = {name: _about(runs / name) for name in sentences}
    host = RunDirectory(runs / LOOSER).host()
    assert host
    return TEXT.format(
        looser=sentences[LOOSER],
        looser_run=about[LOOSER],
        loss=_loss(results / "durability.md"),
        partitions=quoted(results / "partitions.md", "make study-partitions"),
        standby=sentences[STANDBY],
        standby_run=about[STANDBY],
        timescaledb=_told(runs, TIMESCALEDB),
        engines=quoted(results / "engines.md", "make study-engines"),
        sharded=_told(runs, SHARDED),
        host=describe_host(host).plain,
    )


def _answer(run: Path, across: str) -> str:
    [report] = compared(run, across=across)
    return report.sentence


def _told(runs: Path, name: str) -> str:
    """Return what a run says, and of what it is; where it is not there, that nothing was measured."""
    run = runs / name
    if not run.is_dir():
        return "Not measured yet: `make study-next-steps` does."
    host = RunDirectory(run).host()
    assert host
    version = host.facts["engines"][RunDirectory(run).plan().engines_beside[0]]["version"]
    return f"**{_answer(run, ACROSS[name])}**\n\nMeasured: {_about(run)}; {str(version).partition(' (')[0]}."


def _about(run: Path) -> str:
    kept = RunDirectory(run)
    states = [record.validity.state for record in kept.records()]
    blocks = len(kept.plan().blocks)
    return (
        f"run {kept.plan().run}, {blocks} blocks in random order; of {len(states)} trials {states.count('suspect')} are"
        f" suspect and {states.count('void')} void"
    )


def quoted(page_of_study: Path, command: str) -> str:
    """Return what a page of results begins with; where it is not there, that nothing was measured."""
    if not page_of_study.is_file():
        return f"Not measured yet: `{command}` does."
    found = ANSWER.search(page_of_study.read_text())
    assert found, page_of_study
    return f"**{found[1]}**"


def _loss(page_of_study: Path) -> str:
    """Return what the page of durability says of the two variants."""
    if not page_of_study.is_file():
        return "Not measured yet: `make study-durability` does."
    lines = page_of_study.read_text().splitlines()
    return "\n".join(line for line in lines if line.startswith(("- **stock lost ", "- **async-commit lost ")))


def main() -> None:
    """Measure what is not there yet, then write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.next_steps")
    parser.add_argument("--data-dir", type=Path, help="the private server's disk")
    asked = parser.parse_args()
    for name, words in ASKED.items():
        try:
            programs = ["--bin-dir", str(trees.bin_dir(MAJORS[name]))] if name in MAJORS else []
        except trees.NoTreeError as error:
            sys.stderr.write(f"{name} is left out: {error}\n")
            continue
        measuring.measure(RUNS / name, words.split(), [*measuring.on(asked.data_dir), *programs])
    PAGE.write_text(page(RUNS))


if __name__ == "__main__":
    main()
