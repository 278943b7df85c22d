"""What the published report left for later, answered: ``make study-next-steps``, three quarters of an hour.

Measures runs below docs/results/next-steps: commits that wait for no flush, commits that wait for a standby, readers on
it, rows into TimescaleDB, into ClickHouse that flushes, and over two servers. Writes docs/results/next-steps.md: of
each step the sentence that records say, from these runs and from the pages of other studies. Interrupted, it goes on
where it was; of runs that are whole it writes the page alone.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from bench.questions.compare import compared
from bench.report.terminal import describe_host
from bench.store.run_directory import RunDirectory
from tests.integration import trees
from tests.kept import KEPT
from tests.studies import measuring

RUNS, PAGE = KEPT / "next-steps", KEPT / "next-steps.md"
LOOSER, STANDBY, READERS = "async-commit", "replica", "readers"
TIMESCALEDB, FLUSHED, SHARDED = "timescaledb", "clickhouse-flushed", "sharded"
"""The runs."""
LEVELS = "none,async,local,remote_write,on,remote_apply"
BY_TIME = "plain-time-key time-partitioned hypertable hypertable-indexed"
ASKED: Mapping[str, str] = {
    LOOSER: "compare --variants stock async-commit --phases 1-B 2-B 2-D 2-G --blocks 12 --warm-up 1 --window 3",
    STANDBY: f"sweep --of replica={LEVELS} --phases 1-B 2-D --blocks 6 --warm-up 1 --window 3",
    READERS: "sweep --of readers_on=primary,standby --replica async --readers 4 --reads-per-100-rows 0.5 --phases 2-D"
    " --blocks 12 --warm-up 1 --window 3",
    TIMESCALEDB: f"compare --layouts {BY_TIME} --phases 1-B 2-D 2-G --blocks 8 --warm-up 1 --window 3",
    FLUSHED: "compare --layouts merge-tree merge-tree-flushed --phases 3-C 3-C3 3-C5 --blocks 6 --warm-up 1 --window 3",
    SHARDED: "compare --layouts plain sharded --phases 1-B 2-D 2-G --blocks 6 --warm-up 1 --window 3",
}
ACROSS = {
    LOOSER: "variant",
    STANDBY: "replica",
    READERS: "readers_on",
    TIMESCALEDB: "layout",
    FLUSHED: "layout",
    SHARDED: "layout",
}
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

That is what having a standby costs who writes. Reads that go there:

{readers}

Both servers share one machine here, so that a network and a second disk are not in it, and readers take from the same
processors wherever they read. What readers see, and how old: [replicas.md](../replicas.md).

Measured: {standby_run}.

## 4. Another database

TimescaleDB: {timescaledb}

ClickHouse: {engines}

ClickHouse that flushes what it acknowledges: {flushed}

How: `make study-engines`; what each promises differs: [clickhouse.md](../clickhouse.md).

## 5. A second box

Rows over two servers on this one machine, by postgres_fdw: {sharded}

That is what going through postgres_fdw costs; what a second machine brings was not measured. How, and Citus beside it:
[engines.md](../engines.md#several-postgresql-by-postgres_fdw). Clients can run on a second box, so that the server has
its processors to itself: [client-boxes.md](../client-boxes.md). Two boxes are compared by `make compare-hosts`.

The runs: `make study-next-steps`, records in [next-steps](next-steps). The numbers describe the virtual machines that
are named, not a mini-PC.
"""


def page(runs: Path, results: Path = KEPT) -> str:
    """Return the page that the runs' records, and the pages of other studies in ``results``, make."""
    sentences = {name: _answer(runs / name, ACROSS[name]) for name in (LOOSER, STANDBY)}
    about = {name: _about(runs / name) for name in sentences}
    return TEXT.format(
        looser=sentences[LOOSER],
        looser_run=about[LOOSER],
        loss=_loss(results / "durability.md"),
        partitions=quoted(results / "partitions.md", "make study-partitions"),
        standby=sentences[STANDBY],
        standby_run=about[STANDBY],
        readers=_told(runs, READERS, *_seen(runs / READERS)),
        timescaledb=_told(runs, TIMESCALEDB),
        flushed=_told(runs, FLUSHED),
        engines=quoted(results / "engines.md", "make study-engines"),
        sharded=_told(runs, SHARDED),
    )


def _answer(run: Path, across: str) -> str:
    [report] = compared(run, across=across)
    return report.sentence


def _told(runs: Path, name: str, *more: str) -> str:
    """Return what a run says, and of what it is; where it is not there, that nothing was measured."""
    run = runs / name
    if not run.is_dir():
        return "Not measured yet: `make study-next-steps` does."
    return "\n\n".join([f"**{_answer(run, ACROSS[name])}**", *more, f"Measured: {_about(run)}."])


def _seen(run: Path) -> Iterator[str]:
    """Yield how old the newest row was that readers saw, where they read."""
    if not run.is_dir():
        return
    ages: dict[str, list[float]] = {}
    for record in RunDirectory(run).records():
        if record.reads and record.reads.stale_ms and record.reads.stale_ms.mean is not None:
            ages.setdefault(record.trial.parameters.readers_on, []).append(record.reads.stale_ms.mean)
    for where, of_trials in ages.items():
        yield f"On the {where} the newest row that readers saw was {median(of_trials):.3g} ms old (median of trials)."


def _about(run: Path) -> str:
    kept = RunDirectory(run)
    states, host = [record.validity.state for record in kept.records()], kept.host()
    assert host
    return (
        f"run {kept.plan().run}, {len(kept.plan().blocks)} blocks in random order; of {len(states)} trials"
        f" {states.count('suspect')} are suspect and {states.count('void')} void; on"
        f" {describe_host(host).plain}"
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
