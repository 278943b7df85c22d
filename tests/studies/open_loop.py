"""pgladder's open loop beside pgbench's, and pgbench's beside itself: ``make study-open-loop``, two hours.

Measures two runs below docs/results/open-loop: what the same statement reaches in a closed loop, by a driver of Python
and by pgbench, and then both at 20, 50 and 80 % of what the slower of the two reached, in the same blocks; pgbench
twice a block, so that what two runs of one program differ by is known. It writes docs/results/open-loop.md from their
records and histograms alone; a test holds the page to them. Interrupted, it goes on where it was; of runs that are
whole it writes the page alone. It ends with 1 where the two disagree, or too few blocks tell.

pgbench's figures are of its own log: the driver reads it line by line, and its histogram is made of what that says.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, product
from pathlib import Path
from statistics import median

from bench.analysis.counted import good
from bench.analysis.pulled import latest
from bench.engines.postgresql.layout import layout_files, table_layout
from bench.engines.postgresql.majors import REFERENCE
from bench.engines.postgresql.variants import harness_for, this_machine
from bench.model.codec import to_json
from bench.model.errors import DataError
from bench.model.plan import NULL, Plan, Trial
from bench.model.record import Record
from bench.plan.check import at_its_rate
from bench.plan.design import Design
from bench.plan.generator import MOST_SHARE, capacities
from bench.plan.pieces import pieces_of
from bench.plan.request import make_design
from bench.plan.with_variants import plan_with
from bench.report.numbers import DASH, number, rate, short
from bench.report.published import interval
from bench.report.terminal import describe_host
from bench.seams import VARIABLE
from bench.stats.blocks import block_orders
from bench.stats.compare import ALPHA
from bench.stats.histogram import decode, usual_ms
from bench.stats.intervals import Estimate, geometric, mean, mean_interval
from bench.stats.proportions import share_interval
from bench.store.run_directory import PLAN, SAMPLES, SUMS, RunDirectory, now
from bench.targets.connections import connections_of
from bench.targets.here import default_data_dir, new_run_id
from bench.workload.driver import as_driven
from bench.workload.phase import ladder
from tests.kept import KEPT
from tests.readme import CHECKOUT
from tests.studies.measuring import PGLADDER

RUNS = KEPT / "open-loop"
CAPACITY, RATES = "capacity", "rates"
"""The two runs."""
PGBENCH = "pgbench"
SHARES = (0.2, 0.5, 0.8)
WITHIN, WITHIN_MS = 0.10, 0.5
SEED, BLOCKS, CAPACITY_BLOCKS, WARM_UP_S, WINDOW_S = 16, 10, 3, 2.0, 15.0
PLAIN, TAKES = "plain", "takes-2-ms"
TAKES_S = 0.002
WAITS = """
CREATE OR REPLACE FUNCTION {schema}.wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(SECONDS); RETURN NULL; END $$;
CREATE TRIGGER wait BEFORE INSERT ON {schema}.events FOR EACH STATEMENT EXECUTE FUNCTION {schema}.wait();
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A statement, and how many connections send it."""

    words: str
    phase: str
    driver: str
    """Of Python, that is compared with pgbench."""
    layout: str = PLAIN
    connections: int = 1

    def trial(self, driver: str, rows_per_s: float | None = None) -> Trial:
        """Return its trial by a driver, at a rate or in a closed loop."""
        own = ladder()[self.phase].parameters
        if own.pool_max is not None:
            # A query that resets the session is no part of the statement: pgbench sends none.
            own = replace(own, pool_min=self.connections, pool_max=self.connections, reset="none")
        own = replace(own, in_flight=self.connections, load="closed", rate=rows_per_s)
        return Trial(
            number=1,
            block=1,
            phase=self.phase,
            method=ladder()[self.phase].method,
            driver=driver,
            variant="stock",
            layout=self.layout,
            transport="tcp",
            parameters=as_driven(driver, at_its_rate(own)),
        )

    @property
    def drivers(self) -> tuple[str, str]:
        """The two that are compared."""
        return self.driver, PGBENCH

    def is_of(self, trial: Trial) -> bool:
        """Return whether a trial is of this condition, and not of a client alone."""
        way = trial.phase, trial.layout, trial.parameters.in_flight
        return trial.engine != NULL and way == (self.phase, self.layout, self.connections)


CONDITIONS = (
    Condition(words="1-B by psycopg2, one connection", phase="1-B", driver="psycopg2"),
    Condition(words="2-B by asyncpg, 10 connections", phase="2-B", driver="asyncpg", connections=10),
    Condition(
        words="1-B by psycopg2, one connection, 2 ms of the server's",
        phase="1-B",
        driver="psycopg2",
        layout=TAKES,
    ),
    Condition(
        words="2-B by asyncpg, 10 connections, 2 ms of the server's",
        phase="2-B",
        driver="asyncpg",
        layout=TAKES,
        connections=10,
    ),
)
"""Where the statement takes long, the clients' own time is little of what is compared."""


# --- measuring -------------------------------------------------------------------------------------------------------


def planned(asked: Sequence[Trial], blocks: int, warm_up_s: float, window_s: float) -> Plan:
    """Return the plan: each block has these trials in random order; before any rate comes what clients can send."""
    how = {"phases": ["2-B"], "blocks": blocks, "warm_up": warm_up_s, "window": window_s, "force": True}
    design: Design = replace(make_design(how, transports=["tcp"]), versions=[REFERENCE], repeat_suspect="no")
    need = connections_of(design)
    plan = plan_with(
        design,
        this_machine(default_data_dir()),
        need,
        harness_for(need, tls=False),
        run=new_run_id(),
        created=now(),
        seed=SEED,
    )
    trials = capacities(asked, {variant.name: variant for variant in plan.variants})
    for block, ordered in enumerate(block_orders(asked, blocks, random.Random(SEED)), 1):
        trials += [replace(trial, block=block) for trial in ordered]
    trials = [replace(trial, number=number) for number, trial in enumerate(trials, 1)]
    baselines = {trial.layout: table_layout(trial.layout).baseline for trial in trials}
    return replace(
        plan,
        trials=tuple(trials),
        pieces=pieces_of(trials, plan.engine),
        baselines={layout: baseline for layout, baseline in baselines.items() if baseline},
    )


def closed_loops() -> list[Trial]:
    """Return the trials of a block of the first run."""
    found: list[Trial] = []
    for condition in CONDITIONS:
        found += [condition.trial(driver) for driver in condition.drivers]
    return found


def open_loops(reached: Mapping[Condition, float]) -> list[Trial]:
    """Return the trials of a block of the second run."""
    found: list[Trial] = []
    for (condition, rows_per_s), share in product(reached.items(), SHARES):
        drivers = (*condition.drivers, PGBENCH)
        found += [condition.trial(driver, float(f"{share * rows_per_s:.3g}")) for driver in drivers]
    return found


def write_layout(folder: Path, name: str = TAKES, seconds: float = TAKES_S) -> None:
    """Write a layout: the plain table with a trigger that sleeps."""
    place = folder / "layouts"
    place.mkdir(parents=True)
    plain = layout_files()[PLAIN].read_text()
    # A table with a trigger is not what the plain one's header reads back.
    table = "".join(line for line in plain.splitlines(keepends=True) if not line.startswith("-- reads back"))
    (place / f"{name}.sql").write_text(table + WAITS.replace("SECONDS", str(seconds)))


def measure(into: Path, plan: Callable[[], Plan], data_dir: Path | None) -> None:
    """Measure a plan, or go on with the run that is there; ends this process where it is interrupted."""
    where = ["--data-dir", data_dir] if data_dir else []
    with tempfile.TemporaryDirectory() as aside:
        what = ["--resume", into]
        if not (into / PLAN).is_file():
            file = Path(aside) / PLAN
            file.write_bytes(to_json(plan()))
            what = ["--plan", file, "--out", into]
        ended = subprocess.run([PGLADDER, "run", *what, *where], check=False)
    # Suspect trials, of which the page tells, make it 1, as an interruption does: the checksums come last.
    if not (into / SUMS).is_file():
        sys.exit(ended.returncode or 1)
    keep_latencies(RunDirectory(into))
    # Most of a run's bytes; nothing of the page needs the rest.
    shutil.rmtree(into / SAMPLES, ignore_errors=True)


def keep_latencies(run: RunDirectory) -> None:
    """Keep the histograms beside a run: a record leaves out percentiles that its trial alone tells too roughly."""
    file = latencies_of(run)
    before = json.loads(file.read_text()) if file.is_file() else {}
    kept = {}
    for record in latest(run.records()):
        number = str(record.trial.number)
        try:
            kept[number] = run.samples(*record.key).latency_hdr
        except DataError:  # the run was whole once, and its samples removed
            kept[number] = before[number]
    file.write_text(json.dumps(kept))


def latencies_of(run: RunDirectory) -> Path:
    """Return where the histograms of a run are kept."""
    return run.path.with_suffix(".latencies.json")


# --- what the records say --------------------------------------------------------------------------------------------

FIGURES = ("p50, ms", "p99, ms", "rows/s")
Figures = Mapping[int, Sequence[float | None]]
"""By the number of each trial."""
YES, NO, OPEN_YET, UNKNOWN, BEYOND = "yes", "no", "not shown", "not known", "beyond its client"
OURS, AGAIN = "pgladder", "pgbench again"
"""What is set beside pgbench."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure of a condition at a share of its capacity, of two drivers, or of pgbench twice."""

    condition: Condition
    share: float
    rows_per_s: float
    """That came."""
    figure: str
    ours: Sequence[float]
    theirs: Sequence[float]
    """One of each block in which both are known, in the same order; theirs is pgbench's, ours pgladder's or pgbench's
    second."""
    beyond: bool
    """The rate is more than pgladder lets these clients offer unless it is forced."""

    @property
    def ratio(self) -> Estimate | None:
        """Ours over theirs."""
        if not self.ours:
            return None
        return geometric([one / other for one, other in zip(self.ours, self.theirs, strict=True)])

    @property
    def difference(self) -> Estimate | None:
        """Ours less theirs, in the figure's unit."""
        if not self.ours:
            return None
        between = [one - other for one, other in zip(self.ours, self.theirs, strict=True)]
        if len(between) < 2:
            return Estimate(estimate=mean(between), low=None, high=None)
        found = mean_interval(between, ALPHA)
        return Estimate(estimate=mean(between), low=found.low, high=found.high)

    @property
    def agrees(self) -> str:
        """Whether they are shown to be within 10 % or 0.5 ms of each other, or shown not to be."""
        if self.beyond:
            return BEYOND
        ratio, difference = self.ratio, self.difference
        if ratio is None or difference is None or len(self.ours) < 2:
            return UNKNOWN
        in_ms = self.figure.endswith("ms")
        if _is_within(ratio, 1 - WITHIN, 1 + WITHIN) or (in_ms and _is_within(difference, -WITHIN_MS, WITHIN_MS)):
            return YES
        far = _is_beyond(ratio, 1 - WITHIN, 1 + WITHIN)
        return NO if far and (not in_ms or _is_beyond(difference, -WITHIN_MS, WITHIN_MS)) else OPEN_YET

    @property
    def pairs(self) -> "list[Row]":
        """Each block by itself."""
        return [replace(self, ours=[one], theirs=[other]) for one, other in zip(self.ours, self.theirs, strict=True)]

    @property
    def is_near(self) -> bool:
        """Whether the means of both are within 10 % or 0.5 ms of each other, however few blocks tell."""
        ratio, difference = self.ratio, self.difference
        assert ratio
        assert difference
        near = 1 - WITHIN <= ratio.estimate <= 1 + WITHIN
        return near or (self.figure.endswith("ms") and abs(difference.estimate) <= WITHIN_MS)


def _is_within(found: Estimate, low: float, high: float) -> bool:
    return found.low is not None and found.high is not None and low <= found.low and found.high <= high


def _is_beyond(found: Estimate, low: float, high: float) -> bool:
    return found.low is not None and found.high is not None and (found.high < low or high < found.low)


def capacity(records: Sequence[Record]) -> dict[Condition, float]:
    """Return what the slower driver of each condition reached in a closed loop, as the median of its blocks."""
    return {condition: min(reached(records, condition).values()) for condition in CONDITIONS}


def reached(records: Sequence[Record], condition: Condition) -> dict[str, float]:
    """Return what each driver of a condition reached in a closed loop.

    Ends this process where one has no trial that counts.
    """
    found = {}
    for driver in condition.drivers:
        rates = [
            record.rows_per_s
            for record in good(records)
            if condition.is_of(record.trial) and record.trial.driver == driver and record.rows_per_s
        ]
        if not rates:
            sys.exit(f"{condition.words}: no trial of {driver} counts; remove that run to measure it again.")
        found[driver] = median(rates)
    return found


def measured(run: RunDirectory, candidate: str = OURS) -> list[Row]:
    """Return what the run at rates says, of pgladder and pgbench or of pgbench twice."""
    records, kept = latest(run.records()), json.loads(latencies_of(run).read_text())
    figures = {
        record.trial.number: (*usual_ms(decode(kept[str(record.trial.number)])), record.rows_per_s)
        for record in records
    }
    return rows(records, figures, candidate)


def rows(records: Sequence[Record], figures: Figures, candidate: str = OURS) -> list[Row]:
    """Return the figures of a candidate and of pgbench, side by side."""
    found = []
    for condition in CONDITIONS:
        of_it = [record for record in records if condition.is_of(record.trial)]
        for share, came in zip(SHARES, sorted({_rate(record) for record in of_it}), strict=True):
            at_it = [record for record in of_it if _rate(record) == came]
            for at, figure in enumerate(FIGURES):
                values = {number: each[at] for number, each in figures.items()}
                found.append(_row(condition, share, came, figure, arms(at_it), values, candidate))
    return found


def arms(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Return the trials of one condition and rate by what they are set beside each other as.

    Of two of pgbench in a block the first and the second are the one and the other in turn.
    """
    found: dict[str, list[Record]] = {OURS: [], PGBENCH: [], AGAIN: []}
    blocks: dict[int, list[Record]] = {}
    for record in sorted(records, key=lambda record: record.trial.number):
        if record.trial.driver == PGBENCH:
            blocks.setdefault(record.trial.block, []).append(record)
        else:
            found[OURS].append(record)
    for block, of_block in blocks.items():
        in_turn = of_block[::-1] if block % 2 == 0 else of_block
        for arm, record in zip((PGBENCH, AGAIN), in_turn, strict=False):
            found[arm].append(record)
    return found


def _row(
    condition: Condition,
    share: float,
    came: float,
    figure: str,
    of_arms: Mapping[str, Sequence[Record]],
    values: Mapping[int, float | None],
    candidate: str,
) -> Row:
    ours, theirs = (_by_block(of_arms[arm], values) for arm in (candidate, PGBENCH))
    both = sorted(ours.keys() & theirs.keys())
    return Row(
        condition=condition,
        share=share,
        rows_per_s=came,
        figure=figure,
        ours=[ours[block] for block in both],
        theirs=[theirs[block] for block in both],
        beyond=any("client-capacity" in record.validity.codes for record in chain.from_iterable(of_arms.values())),
    )


def _by_block(records: Sequence[Record], values: Mapping[int, float | None]) -> dict[int, float]:
    return {record.trial.block: value for record in good(records) if (value := values[record.trial.number])}


def _rate(record: Record) -> float:
    assert record.trial.parameters.rate is not None
    return record.trial.parameters.rate


# --- the page --------------------------------------------------------------------------------------------------------

TEXT = """# pgladder's open loop beside pgbench's

**{answer}**

The same statement came at the same rate to pgladder's own open loop and to `pgbench --rate`, in the same {blocks}
blocks in random order, at {shares} of what the slower of the two reached in a closed loop; windows of {window:g} s.
Both count latency from when a row was due. pgbench's figures are of its own log: the driver `pgbench` reads each line
of it, and makes of these what every driver's are made of. What came when was drawn for each trial and client by itself,
so part of what differs is chance.

*Agree*: the whole interval of the ratio lies within {within} of 1, or that of the difference within {within_ms:g} ms;
*no*: both lie beyond that; *not shown*: neither. *Beyond its client*: pgladder
refuses the rate where it is not forced, since it is more than {most} of what one of the two clients can send to a
server that stores nothing; there the clients are compared, and not their loops. Brackets hold intervals of 95 %, over
blocks, of percentiles of single trials; a dash: too few commits tell it.

{host}. {doubts}

## In a closed loop

| condition | driver of Python, rows/s | pgbench, rows/s |
|---|---|---|
{closed}

*2 ms of the server's*: a trigger of the table sleeps so long, so that the clients' own time is little of what is
compared.

## At a rate

| condition | of capacity | rows/s come | figure | pgladder | pgbench | ratio | difference | agree |
|---|---|---|---|---|---|---|---|---|
{rows}
{itself}
The records are in [open-loop](open-loop); `make study-open-loop` measures anew once they are removed.
"""


ITSELF = """
## pgbench beside itself

**{answer}**

In each block pgbench came twice, each time with a schedule of its own. What two runs of one program differ by is none
of pgladder's doing. Of single blocks, over all rates: in how many two trials agree by the same yardstick, and the
ratio, each with its interval of 95 %.

| condition | figure | pgladder and pgbench agree | pgbench and pgbench agree | pgladder ÷ pgbench | pgbench ÷ pgbench |
|---|---|---|---|---|---|
{pooled}

| condition | of capacity | rows/s come | figure | pgbench again | pgbench | ratio | difference | agree |
|---|---|---|---|---|---|---|---|---|
{rows}
"""


def page(runs: Path = RUNS) -> str:
    """Return the page that the records of these runs make."""
    closed, at_rates = RunDirectory(runs / CAPACITY), RunDirectory(runs / RATES)
    host, plan = at_rates.host(), at_rates.plan()
    assert host is not None
    records = latest(at_rates.records())
    found = measured(at_rates)
    suspect, void = sum(record.validity.state == "suspect" for record in records), len(records) - len(good(records))
    return TEXT.format(
        answer=answer(found),
        blocks=len(plan.blocks),
        shares=", ".join(map(_percent, SHARES)),
        window=plan.window_s,
        within=_percent(WITHIN),
        within_ms=WITHIN_MS,
        most=_percent(MOST_SHARE),
        host=describe_host(host).plain,
        doubts=f"Of {len(records)} trials {suspect} are suspect (other programs were busy, above all) and {void} void.",
        closed="\n".join(map(partial(_closed, latest(closed.records())), CONDITIONS)),
        rows="\n".join(map(_line, found)),
        itself=_itself(found, measured(at_rates, AGAIN)),
    )


def _itself(found: Sequence[Row], again: Sequence[Row]) -> str:
    """Return the section about pgbench beside itself; empty: it came once a block."""
    if not any(row.ours for row in again):
        return ""
    return ITSELF.format(
        answer=f"pgbench and pgbench: {answer(again)}",
        pooled="\n".join(_pooled(found, again)),
        rows="\n".join(map(_line, again)),
    )


def _pooled(found: Sequence[Row], again: Sequence[Row]) -> Iterable[str]:
    """Yield a line for each condition and figure, over all rates that its clients can send."""
    for condition, figure in product(CONDITIONS, FIGURES):
        both = []
        for of in (found, again):
            of_it = [row for row in of if (row.condition, row.figure) == (condition, figure) and not row.beyond]
            both.append([pair for row in of_it for pair in row.pairs])
        if all(both):
            cells = [condition.words, figure, *map(_agreeing, both), *map(_over_all, both)]
            yield f"| {' | '.join(cells)} |"


def _agreeing(pairs: Sequence[Row]) -> str:
    near = sum(pair.is_near for pair in pairs)
    share = share_interval(near, len(pairs))
    return f"{near} of {len(pairs)} ({100 * share.low:.0f}–{100 * share.high:.0f} %)"


def _over_all(pairs: Sequence[Row]) -> str:
    ratio = geometric([pair.ours[0] / pair.theirs[0] for pair in pairs])
    return f"{number(ratio.estimate)} ({interval(ratio)})"


def answer(found: Sequence[Row]) -> str:
    """Return what follows."""
    judged: dict[str, list[str]] = {}
    for row in found:
        if row.agrees != BEYOND:
            judged.setdefault(row.figure.partition(",")[0], []).append(row.agrees)
    each = list(chain.from_iterable(judged.values()))
    of_each = ", ".join(f"{name} {of.count(YES)} of {len(of)}" for name, of in judged.items())
    text = f"{each.count(YES)} of {len(each)} figures agree within {_percent(WITHIN)} or {WITHIN_MS:g} ms ({of_each})"
    rest = f"{each.count(NO)} do not, {each.count(OPEN_YET)} are not shown to or not to"
    return f"{text}; {rest}, and of {each.count(UNKNOWN)} too few blocks tell."


def disagreeing(found: Iterable[Row]) -> list[str]:
    """Return the figures that do not agree, or of which too few blocks tell."""
    return [
        f"{row.condition.words} at {_percent(row.share)}, {row.figure.partition(',')[0]} ({row.agrees})"
        for row in found
        if row.agrees in (NO, OPEN_YET, UNKNOWN)
    ]


def _closed(records: Sequence[Record], condition: Condition) -> str:
    return f"| {condition.words} | {' | '.join(map(rate, reached(records, condition).values()))} |"


def _line(row: Row) -> str:
    write = rate if row.figure == "rows/s" else short
    cells = [row.condition.words, _percent(row.share), rate(row.rows_per_s), row.figure]
    cells += [write(median(values)) if values else DASH for values in (row.ours, row.theirs)]
    ratio, difference = row.ratio, row.difference
    cells.append(DASH if ratio is None else f"{number(ratio.estimate)} ({interval(ratio)})")
    cells.append(DASH if difference is None else _difference(difference))
    return f"| {' | '.join([*cells, row.agrees])} |"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _difference(found: Estimate) -> str:
    if found.low is None or found.high is None:
        return f"{found.estimate:+.2f} ({DASH})"
    return f"{found.estimate:+.2f} ({found.low:+.2f} to {found.high:+.2f})"


# --- the command -----------------------------------------------------------------------------------------------------


def main() -> None:
    """Measure what is not there yet, then write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.open_loop")
    parser.add_argument("--into", type=Path, default=RUNS, help="the runs; their page lies beside them")
    parser.add_argument("--data-dir", type=Path, help="the private server's disk")
    parser.add_argument("--blocks", type=int, default=BLOCKS)
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S)
    parser.add_argument("--window", type=float, default=WINDOW_S)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as aside:
        folder = Path(aside)
        folder.chmod(0o755)
        write_layout(folder)
        # Before any layout is looked up: the study's own is among them.
        os.environ[VARIABLE] = str(folder)
        how = partial(planned, warm_up_s=asked.warm_up, window_s=asked.window)
        if not (asked.into / CAPACITY / SUMS).is_file():
            blocks = min(asked.blocks, CAPACITY_BLOCKS)
            measure(asked.into / CAPACITY, lambda: how(closed_loops(), blocks), asked.data_dir)
        if not (asked.into / RATES / SUMS).is_file():
            slower = capacity(latest(RunDirectory(asked.into / CAPACITY).records()))
            measure(asked.into / RATES, lambda: how(open_loops(slower), asked.blocks), asked.data_dir)
    file = asked.into.with_suffix(".md")
    file.write_text(page(asked.into))
    shown = file.relative_to(CHECKOUT) if file.is_relative_to(CHECKOUT) else file
    print(json.dumps({"page": str(shown)}))  # noqa: T201
    if wrong := disagreeing(measured(RunDirectory(asked.into / RATES))):
        sys.exit(f"pgladder's open loop does not agree with pgbench's: {'; '.join(wrong)}.")


if __name__ == "__main__":
    main()
