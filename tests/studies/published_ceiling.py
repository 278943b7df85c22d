"""Which conditions yield the signature of the published ceiling here: ``make study-ceiling``, half an hour.

Measures one run into docs/results/published-ceiling and writes docs/results/published-ceiling.md from its records
alone; a test holds the page to them. Interrupted, it goes on where it was; of a run that is whole it writes the page
alone: to measure anew, remove the run first. Each condition is 2-C and 2-D with one thing changed that the report held
constant.
"""

import argparse
import json
import os
import random
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Literal

from bench.analysis.counted import good
from bench.analysis.ladder import trials_of
from bench.analysis.published import (
    PUBLISHED,
    STEPS,
    WHERE,
    WIDEST,
    WITHIN,
    Conclusion,
    by_block,
    concluded,
    estimated,
    step,
)
from bench.analysis.pulled import PulledRun, latest
from bench.analysis.rung import Rung
from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.majors import REFERENCE
from bench.engines.postgresql.variants import harness_for, this_machine
from bench.model.codec import to_json
from bench.model.fingerprint import processors_there
from bench.model.plan import Plan, Trial
from bench.model.record import Record
from bench.plan.design import Design
from bench.plan.pieces import pieces_of
from bench.plan.request import make_design
from bench.plan.with_variants import plan_with
from bench.report.numbers import DASH, cores, number, rate, short
from bench.report.published import interval
from bench.report.terminal import describe_host
from bench.report.words import limit_words
from bench.results.read import ladder_of, read
from bench.seams import VARIABLE
from bench.stats.blocks import block_orders
from bench.stats.intervals import Estimate
from bench.store.run_directory import PLAN, SUMS, RunDirectory, now
from bench.targets.connections import connections_of
from bench.targets.here import default_data_dir, new_run_id
from bench.workload.phase import ladder
from tests.kept import KEPT
from tests.readme import CHECKOUT
from tests.studies import measuring

RUN = KEPT / "published-ceiling"
FOLDER = Path(__file__).with_name("ceiling")
"""Phases and layouts that are the study's own."""
PHASES = ("2-C", "2-D")
SEED, BLOCKS, WARM_UP_S, WINDOW_S = 57, 10, 1.0, 3.0
BUSY = 0.9
"""Of one core: the client's process has nothing left to give."""
MOST = 0.5
"""Of the window, in which a flush was under way."""
Key = tuple[str, str, str, int, str, int, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """2-C and 2-D with what is named here; the rest is as pgladder has it."""

    words: str
    phase: str = ""
    """The study's own, with the batch and the pool of 2-C and 2-D."""
    layout: str = "plain"
    variant: str = "stock"
    in_flight: int = 5
    load: str = "closed"
    payload_bytes: int = 64
    reset: Literal["query", "none"] = "query"

    @property
    def key(self) -> Key:
        """What tells it from the others."""
        return self.phase, self.layout, self.variant, self.in_flight, self.load, self.payload_bytes, self.reset

    def trial(self, number: int, block: int, rung: str) -> Trial:
        """Return its trial with the batch of a rung."""
        phase = self.phase or rung
        parameters = replace(
            ladder()[rung].parameters,
            in_flight=self.in_flight,
            load=self.load,
            payload_bytes=self.payload_bytes,
            reset=self.reset,
        )
        return Trial(
            number=number,
            block=block,
            phase=phase,
            method=ladder()[phase].method,
            driver=ladder()[phase].driver,
            variant=self.variant,
            layout=self.layout,
            transport="tcp",
            parameters=parameters,
        )


BASE = Condition(words="as pgladder measures it: rows ready, 64 characters, 5 batches in flight")
CONDITIONS = (
    BASE,
    Condition(words="a text made in the loop, a row at a time", phase="made_text"),
    Condition(words="a JSON event made in the loop, a row at a time", phase="made_event"),
    Condition(words="a JSON series of 40 readings made in the loop, a row at a time", phase="made_series"),
    Condition(words="1 batch in flight", in_flight=1),
    Condition(words="2 batches in flight", in_flight=2),
    Condition(words="10 batches in flight", in_flight=10),
    Condition(words="20 batches in flight", in_flight=20),
    Condition(words="5 in flight, by gather: each round waits for its slowest", load="rounds"),
    Condition(words="a JSON event made in the loop, 1 batch in flight", phase="made_event", in_flight=1),
    Condition(words="a JSON event made in the loop, 5 by gather", phase="made_event", load="rounds"),
    Condition(words="no query that resets a session given back to the pool", reset="none"),
    Condition(words="payload of 16 characters", payload_bytes=16),
    Condition(words="payload of 1,024 characters", payload_bytes=1024),
    Condition(words="a jsonb document in each row", layout="with-jsonb"),
    Condition(words="no primary key", layout="no-index"),
    Condition(words="three indexes", layout="three-indexes"),
    Condition(words="no waiting for the WAL flush (synchronous_commit = off)", variant="async-commit"),
)
"""One thing changed in each, but where making a row meets another way to have batches in flight."""


# --- measuring -------------------------------------------------------------------------------------------------------


def planned(conditions: Sequence[Condition], blocks: int, warm_up_s: float, window_s: float) -> Plan:
    """Return the plan: each block has every condition with both batches, in random order."""
    variants = list(dict.fromkeys(condition.variant for condition in conditions))
    asked = {"phases": ["2-D"], "variants": variants, "blocks": blocks, "warm_up": warm_up_s, "window": window_s}
    # Its answer is a ladder's, where nothing is measured again.
    asked["repeat_suspect"] = "no"
    design: Design = replace(make_design(asked, transports=["tcp"]), versions=[REFERENCE])
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
    trials: list[Trial] = []
    cells = list(product(conditions, PHASES))
    for block, ordered in enumerate(block_orders(cells, blocks, random.Random(SEED)), 1):
        for condition, rung in ordered:
            trials.append(condition.trial(len(trials) + 1, block, rung))
    baselines = {condition.layout: table_layout(condition.layout).baseline for condition in conditions}
    return replace(
        plan,
        trials=tuple(trials),
        pieces=pieces_of(trials, plan.engine),
        baselines={layout: baseline for layout, baseline in baselines.items() if baseline},
    )


def measure(into: Path, plan: Plan, data_dir: Path | None) -> None:
    """Measure a plan, or go on with the run that is there."""
    with tempfile.TemporaryDirectory() as aside:
        file = Path(aside) / PLAN
        file.write_bytes(to_json(plan))
        measuring.measure(into, ["run", "--plan", file], measuring.on(data_dir))


# --- what the records say --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A condition with the batch of a rung: its trials that count, and what they come to."""

    records: Sequence[Record]
    rung: Rung
    cpus: int
    """Of the machine."""

    @property
    def rows_per_s(self) -> Estimate | None:
        """Its rate."""
        return estimated(by_block(self.records, lambda record: record.rows_per_s))

    @property
    def cores(self) -> Estimate | None:
        """Cores that were busy, of the whole machine."""
        return estimated(by_block(self.records, self._cores))

    def _cores(self, record: Record) -> float | None:
        if record.cpu.host_pct is None:
            return None
        return record.cpu.host_pct / 100 * self.cpus

    @property
    def flushing(self) -> float | None:
        """The part of the windows in which a WAL flush was under way; None where the server does not time it."""
        spent_ms = [record.counters.get("wal_sync_time") for record in self.records]
        if not spent_ms or None in spent_ms:
            return None
        return min(sum(filter(None, spent_ms)) / 1000 / sum(record.seconds for record in self.records), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A condition as it was measured, with both batches."""

    condition: Condition
    small: Cell
    large: Cell

    @property
    def larger_batch(self) -> Estimate | None:
        """What a batch five times larger gives."""
        return step(self.small.records, self.large.records)

    @property
    def cells(self) -> Mapping[str, Cell]:
        """By the rung whose batch it has."""
        return dict(zip(PHASES, (self.small, self.large), strict=True))


def key_of(trial: Trial) -> Key:
    """Return the key of the condition that a trial is of."""
    own = "" if trial.phase in PHASES else trial.phase
    of = trial.parameters
    return own, trial.layout, trial.variant, of.in_flight, of.load, of.payload_bytes, of.reset


def seen_in(run: PulledRun) -> list[Seen]:
    """Return what was measured of each condition."""
    batches = [each.stated["batch"] for each in PUBLISHED if each.phase in PHASES]
    cpus = processors_there(run.host)
    assert cpus is not None
    cells: dict[tuple[Key, int], Cell] = {}
    for each in ladder_of(run).ladders:
        for rung in each.rungs:
            trials = trials_of(each, rung, run.records)
            cell = Cell(records=good(trials), rung=rung, cpus=cpus)
            cells[key_of(trials[0].trial), rung.parameters.batch] = cell
    found = []
    for condition in CONDITIONS:
        small, large = (cells.get((condition.key, batch)) for batch in batches)
        if small and large:
            found.append(Seen(condition=condition, small=small, large=large))
    return found


# --- the signature ---------------------------------------------------------------------------------------------------

YES, NO, UNKNOWN = "yes", "no", "not known"
ANSWERS: Mapping[Conclusion, str] = {"reproduced": YES, "not reproduced": NO, "other": UNKNOWN}
ROWS_PER_S = tuple(each.rows_per_s for each in PUBLISHED if each.phase in PHASES)
CPU_PCT = tuple(each.host_pct for each in PUBLISHED if each.phase in PHASES)
CORES = 4
"""Of the author's machine."""
BUSY_CORES = tuple(pct / 100 * CORES for pct in CPU_PCT)
"""Machines differ in how many they have: a client that is busy all the time is 25 % of four cores, and 50 % of two."""


def as_long(seen: Seen) -> str:
    """Tell whether a row takes as long as published, with both batches."""
    pairs = zip(seen.cells.values(), ROWS_PER_S, strict=True)
    return together([answer(cell.rows_per_s, published) for cell, published in pairs])


def unchanged(seen: Seen) -> str:
    """Tell whether the larger batch changes as little as published."""
    return answer(seen.larger_batch, STEPS["2-D"])


def as_busy(seen: Seen) -> str:
    """Tell whether as many cores are busy as published, with both batches."""
    return together([answer(cell.cores, min(BUSY_CORES), max(BUSY_CORES)) for cell in seen.cells.values()])


def whole(seen: Seen) -> str:
    """Tell whether all of it is as published."""
    return together([as_long(seen), unchanged(seen), as_busy(seen)])


def answer(here: Estimate | None, low: float, high: float | None = None) -> str:
    """Tell whether a figure is as published."""
    conclusion, _ = concluded(here, low, high)
    return ANSWERS[conclusion]


def together(answers: Sequence[str]) -> str:
    """Return no where one is no, yes where all are."""
    for word in (NO, UNKNOWN):
        if word in answers:
            return word
    return YES


# --- the page --------------------------------------------------------------------------------------------------------

TEXT = """# The published ceiling

The published report ends at 17,500 rows/s and concludes that PostgreSQL is the limit, by its WAL and its disk. Its
figures have a signature: **{per_row} µs a row, unchanged by a batch five times larger, at {cpu} % of the machine's
CPU.** This page shows which conditions yield it here, and which do not. One run measured them all, made by
`make study-ceiling`: each condition is 2-C and 2-D with one thing changed that the report held constant.

{host}

**It is not the author's box** ({where}). What is the same on every machine is the pattern: what a larger batch changes,
and what it changes nothing of. Microseconds and percent are of the machine. {doubts}

The author's figures by themselves: {cpu} % of {cores} cores are {busy} cores, so {spent} µs of CPU time for each row,
of client, server and system together. Machines differ in how many cores they have, so cores are what is compared here.

## Which conditions yield the signature

{verdict}

| condition | µs a row, 2-C | 2-D | 2-D over 2-C | cores, 2-C | 2-D | {per_row} µs | unchanged | {busy} cores |
|---|---|---|---|---|---|---|---|---|
{signature}

Brackets hold intervals of 95 %, over blocks; each is of that figure alone. *Yes*: the interval holds the published
figure, or lies within a factor of {within:g} of it. *No*: it does neither. *Not known*: there is no interval, or one
wider than a factor of {widest:g}.

## What each change does to the rate

The ratio of rows/s to the first condition's in the same blocks. {effects}

| condition | 2-C rows/s | ratio | 2-D rows/s | ratio |
|---|---|---|---|---|
{ratios}

## Where the time goes

{limits}

| condition | batch of | client, cores | client, µs a row | server, µs a row | flush under way | suspected to stop it |
|---|---|---|---|---|---|---|
{times}

Client and server work at once, so their times a row need not add up to the time a row takes. A row that is made in the
loop is thrown away and the one that can be verified is written: the table gets the same rows in every condition.

Run {run}: {blocks} blocks, windows of {window:g} s. Its records are in [published-ceiling](published-ceiling);
`pgladder ladder docs/results/published-ceiling` shows every rung.
"""


def page(directory: Path) -> str:
    """Return the page that the records of a run make."""
    return page_of(read(RunDirectory(directory), samples=False))


def page_of(run: PulledRun) -> str:
    """Return the page of a run."""
    assert run.host is not None
    every = seen_in(run)
    records = latest(run.records)
    suspect = sum(record.validity.state == "suspect" for record in records)
    void = sum(record.void for record in records)
    return TEXT.format(
        per_row=f"{1e6 / max(ROWS_PER_S):.0f}",
        cpu=_range(CPU_PCT, ".0f"),
        cores=CORES,
        busy=_range(BUSY_CORES, ".2f"),
        spent=_range([1e6 * each / reached for each, reached in zip(BUSY_CORES, ROWS_PER_S, strict=True)], ".0f"),
        host=describe_host(run.host).plain,
        where=WHERE,
        doubts=f"Of {len(records)} trials {suspect} are suspect (other programs were busy, above all) and {void} void.",
        verdict=_verdict(every),
        signature="\n".join(map(_signature, every)),
        within=WITHIN,
        widest=WIDEST,
        effects=_effects(every),
        ratios="\n".join(_ratios(every)),
        limits=_limits(every),
        times="\n".join(_times(every)),
        run=run.plan.run,
        blocks=len(run.plan.blocks),
        window=run.plan.window_s,
    )


def _range(values: Sequence[float], form: str) -> str:
    return f"{min(values):{form}} to {max(values):{form}}"


def _verdict(every: Sequence[Seen]) -> str:
    tests = (
        ("The whole signature", whole),
        ("Unchanged by a batch five times larger", unchanged),
        ("As many µs a row", as_long),
        ("As many cores busy", as_busy),
    )
    lines = []
    for what, test in tests:
        answers = [(test(seen), seen.condition.words) for seen in every]
        lines.append(f"- **{what}:** {_named(answers, YES) or 'in none'}.")
        if unknown := _named(answers, UNKNOWN):
            lines.append(f"- {what}, not known: {unknown}.")
    return "\n".join(lines)


def _named(answers: Iterable[tuple[str, str]], wanted: str) -> str:
    return "; ".join(words for answer, words in answers if answer == wanted)


def _signature(seen: Seen) -> str:
    cells = [seen.condition.words]
    cells += [_per_row(cell) for cell in seen.cells.values()]
    cells.append(_with_interval(seen.larger_batch))
    cells += [cores(cell.cores.estimate if cell.cores else None) for cell in seen.cells.values()]
    cells += [as_long(seen), unchanged(seen), as_busy(seen)]
    return _row(cells)


def _per_row(cell: Cell) -> str:
    found = cell.rows_per_s
    return DASH if found is None else short(1e6 / found.estimate)


def _with_interval(found: Estimate | None) -> str:
    return DASH if found is None else f"{number(found.estimate)} ({interval(found)})"


def _against_base(every: Sequence[Seen]) -> Iterable[tuple[Seen, list[Estimate | None]]]:
    """Return each condition with its ratios to the first, by rung; of the first none."""
    first = next(seen for seen in every if seen.condition is BASE)
    for seen in every:
        if seen is first:
            yield seen, [None, None]
        else:
            yield seen, [step(first.cells[rung].records, cell.records) for rung, cell in seen.cells.items()]


def _effects(every: Sequence[Seen]) -> str:
    """Name the conditions by whether they are faster or slower with both batches."""
    faster, slower = [], []
    for seen, found in _against_base(every):
        known = [each for each in found if each and each.low is not None and each.high is not None]
        if len(known) == len(PHASES):
            if all(each.low > 1 for each in known):
                faster.append(seen.condition.words)
            if all(each.high < 1 for each in known):
                slower.append(seen.condition.words)
    return (
        f"Faster with both batches: {'; '.join(faster) or 'none'}. Slower with both: {'; '.join(slower) or 'none'}."
        " Of the others the intervals say how much they could change."
    )


def _ratios(every: Sequence[Seen]) -> Iterable[str]:
    for seen, found in _against_base(every):
        cells = [seen.condition.words]
        for cell, ratio in zip(seen.cells.values(), found, strict=True):
            known = cell.rows_per_s
            cells += [rate(known.estimate if known else None)]
            cells += ["1" if seen.condition is BASE else _with_interval(ratio)]
        yield _row(cells)


def _limits(every: Sequence[Seen]) -> str:
    full, flushing = [], []
    for seen in every:
        for rung, cell in seen.cells.items():
            name = f"{rung}, {seen.condition.words}"
            if (cell.rung.client_cores or 0) >= BUSY:
                full.append(name)
            if (cell.flushing or 0) >= MOST:
                flushing.append(name)
    return (
        f"The client's one process used {BUSY:.0%} of a core or more in: {'; '.join(full) or 'none'}.\n\n"
        f"A WAL flush was under way for {MOST:.0%} of the windows or more in: {'; '.join(flushing) or 'none'}."
    )


def _times(every: Sequence[Seen]) -> Iterable[str]:
    for seen in every:
        for cell in seen.cells.values():
            rung = cell.rung
            yield _row(
                [
                    seen.condition.words,
                    str(rung.parameters.batch),
                    cores(rung.client_cores),
                    _us_a_row(rung.client_cores, rung),
                    _us_a_row(rung.server_cores, rung),
                    DASH if cell.flushing is None else f"{cell.flushing:.0%}",
                    limit_words(rung.stopped_by),
                ]
            )


def _us_a_row(used: float | None, rung: Rung) -> str:
    if used is None or not rung.rows_per_s:
        return DASH
    return short(1e6 * used / rung.rows_per_s)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


# --- the command -----------------------------------------------------------------------------------------------------


def main() -> None:
    """Measure what is not there yet, then write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.published_ceiling")
    parser.add_argument("--into", type=Path, default=RUN, help="the run; its page lies beside it")
    parser.add_argument("--data-dir", type=Path, help="the private server's disk")
    parser.add_argument("--blocks", type=int, default=BLOCKS)
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S)
    parser.add_argument("--window", type=float, default=WINDOW_S)
    parser.add_argument("--conditions", type=int, default=len(CONDITIONS), help="so many, the first ones")
    asked = parser.parse_args()
    # Before any phase is looked up: the study's own are among them.
    os.environ[VARIABLE] = str(FOLDER)
    if not (asked.into / SUMS).is_file():
        plan = planned(CONDITIONS[: asked.conditions], asked.blocks, asked.warm_up, asked.window)
        measure(asked.into, plan, asked.data_dir)
    file = asked.into.with_suffix(".md")
    file.write_text(page(asked.into))
    shown = file.relative_to(CHECKOUT) if file.is_relative_to(CHECKOUT) else file
    print(json.dumps({"page": str(shown)}))  # noqa: T201


if __name__ == "__main__":
    main()
