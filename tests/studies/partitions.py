"""What partitions cost or relieve, and what dropping them saves: ``make study-partitions``, three quarters of an hour.

Measures two runs below docs/results/partitions: the plain table and hash partitions, from one to sixteen, with few and
many commits in flight; and tables that keep so many rows, by DELETE and by dropped partitions. It writes
docs/results/partitions.md from their records alone; a test holds the page to them. Interrupted, it goes on where it
was; of runs that are whole it writes the page alone.
"""

import argparse
import random
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.analysis.counted import good
from bench.analysis.pulled import latest
from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.majors import REFERENCE
from bench.engines.postgresql.variants import harness_for, this_machine
from bench.model.codec import to_json
from bench.model.plan import Parameters, Plan, Trial
from bench.model.record import Record
from bench.plan.pieces import pieces_of
from bench.plan.request import make_design
from bench.plan.with_variants import plan_with
from bench.report.numbers import DASH, rate
from bench.report.terminal import describe_host
from bench.results.read import read
from bench.stats.blocks import block_orders
from bench.stats.compare import ALPHA, MARGIN
from bench.stats.intervals import Estimate, geometric
from bench.store.run_directory import PLAN, SUMS, RunDirectory, now
from bench.targets.connections import connections_of
from bench.targets.here import default_data_dir, new_run_id
from bench.workload.phase import ladder
from tests.kept import KEPT
from tests.studies import measuring

RUNS = KEPT / "partitions"
HASH, RETENTION = "hash", "retention"
"""The two runs."""
PHASE = "2-D"
COUNTS, CLIENTS = (1, 2, 4, 8, 16), (1, 8, 32)
"""Partitions; commits in flight, each on a connection of its own."""
KEEPS, WRITES_TO_KEPT = 250_000, ("2-D", "2-G")
"""Rows that a table keeps: ten times those under way of the phase that has the most."""
DELETES, DROPS = "plain-time-key", "time-partitioned"
SEED, BLOCKS, WARM_UP_S, LEAST_BLOCKS = 17, 8, 2.0, 3
WINDOWS_S: Mapping[str, float] = {HASH: 3.0, RETENTION: 10.0}
"""Of retention several partitions go in a window."""


# --- measuring -------------------------------------------------------------------------------------------------------


def a_trial(phase: str, layout: str, parameters: Parameters) -> Trial:
    """Return a trial of a phase on a layout."""
    rung = ladder()[phase]
    return Trial(
        number=1,
        block=1,
        phase=phase,
        method=rung.method,
        driver=rung.driver,
        variant="stock",
        layout=layout,
        transport="tcp",
        parameters=parameters,
    )


def with_clients(clients: int, partitions: int = 0) -> Parameters:
    """Return how rows are written with so many commits in flight; a connection for each is open from the start."""
    own = ladder()[PHASE].parameters
    return replace(own, load="closed", in_flight=clients, pool_min=clients, pool_max=clients, partitions=partitions)


def of_hash() -> list[Trial]:
    """Return the trials of a block of the first run."""
    found: list[Trial] = []
    for clients in CLIENTS:
        found.append(a_trial(PHASE, "plain", with_clients(clients)))
        found += [a_trial(PHASE, "hash-partitioned", with_clients(clients, count)) for count in COUNTS]
    return found


def of_retention() -> list[Trial]:
    """Return the trials of a block of the second run."""
    found: list[Trial] = []
    for phase in WRITES_TO_KEPT:
        own = ladder()[phase].parameters
        for layout in (DELETES, DROPS):
            found += [a_trial(phase, layout, replace(own, retain=retain)) for retain in (0, KEEPS)]
    return found


def planned(asked: Sequence[Trial], blocks: int, warm_up_s: float, window_s: float) -> Plan:
    """Return the plan: each block has these trials in random order."""
    most = max(trial.parameters.pool_max or 1 for trial in asked)
    retain = max(trial.parameters.retain for trial in asked)
    how = {
        "phases": [PHASE],
        "blocks": blocks,
        "warm_up": warm_up_s,
        "window": window_s,
        "in_flight": most,
        "pool_min": most,
        "pool_max": most,
        "retain": max(retain, most * 10_000) if retain else None,
        "preload_rows": 0,
    }
    design = replace(make_design(how, transports=["tcp"]), versions=[REFERENCE], repeat_suspect="no")
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
    for block, ordered in enumerate(block_orders(asked, blocks, random.Random(SEED)), 1):
        trials += [replace(trial, block=block) for trial in ordered]
    trials = [replace(trial, number=number) for number, trial in enumerate(trials, 1)]
    baselines = {trial.layout: table_layout(trial.layout).baseline for trial in trials}
    return replace(
        plan,
        preload_rows=retain,
        trials=tuple(trials),
        pieces=pieces_of(trials, plan.engine),
        baselines={layout: baseline for layout, baseline in baselines.items() if baseline},
    )


ASKED = {HASH: of_hash, RETENTION: of_retention}


def measure(name: str, into: Path, asked: argparse.Namespace) -> None:
    """Measure a run, or go on with the one that is there; ends this process where it is interrupted."""
    with tempfile.TemporaryDirectory() as aside:
        file = Path(aside) / PLAN
        window_s = asked.window or WINDOWS_S[name]
        file.write_bytes(to_json(planned(ASKED[name](), asked.blocks, asked.warm_up, window_s)))
        measuring.measure(into, ["run", "--plan", file], measuring.on(asked.data_dir))


# --- what the records say --------------------------------------------------------------------------------------------

Key = tuple[str, str, Parameters]
Rates = Mapping[Key, Mapping[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Two ways of keeping rows, by their sustained rates in the blocks that have both."""

    words: str
    """What is compared with what."""
    found: Estimate | None
    """None: no block has both."""

    @property
    def known(self) -> bool:
        """Whether it has an interval: one block alone has none."""
        return self.found is not None and self.found.low is not None


def key_of(trial: Trial) -> Key:
    """Return what a trial is of."""
    return trial.phase, trial.layout, trial.parameters


def rates_of(records: Iterable[Record]) -> Rates:
    """Return the sustained rates of what counts, by block."""
    found: dict[Key, dict[int, float]] = {}
    for record in good(list(records)):
        if record.settled_rows_per_s:
            found.setdefault(key_of(record.trial), {})[record.trial.block] = record.settled_rows_per_s
    return found


def ratio(rates: Rates, words: str, candidate: Trial, baseline: Trial, among: int) -> Ratio:
    """Return how a candidate compares with a baseline; the intervals of so many hold at once."""
    ours, theirs = (rates.get(key_of(trial), {}) for trial in (candidate, baseline))
    both = [ours[block] / theirs[block] for block in sorted(ours.keys() & theirs.keys())]
    if not both:
        return Ratio(words=words, found=None)
    found = geometric(both, ALPHA / among)
    # The interval of two blocks, shared among so many, reaches from nothing to beyond all numbers.
    return Ratio(words=words, found=found if len(both) >= LEAST_BLOCKS else replace(found, low=None, high=None))


def ratios_of_hash(rates: Rates) -> dict[tuple[int, int], Ratio]:
    """Return hash partitions against the plain table, by their number and that of the clients."""
    among = len(COUNTS) * len(CLIENTS)
    found = {}
    for clients in CLIENTS:
        plain = a_trial(PHASE, "plain", with_clients(clients))
        for count in COUNTS:
            candidate = a_trial(PHASE, "hash-partitioned", with_clients(clients, count))
            words = f"{count} with {clients} in flight"
            found[count, clients] = ratio(rates, words, candidate, plain, among)
    return found


def ratios_of_retention(rates: Rates) -> list[tuple[Ratio, Ratio, Ratio]]:
    """Return by phase what DELETE costs, what dropping costs, and dropping against DELETE."""
    found = []
    among = 3 * len(WRITES_TO_KEPT)
    trials = of_retention()
    for phase in WRITES_TO_KEPT:
        grows, deletes, by_time, drops = (trial for trial in trials if trial.phase == phase)
        found.append(
            (
                ratio(rates, f"{phase}, rows deleted, against all kept", deletes, grows, among),
                ratio(rates, f"{phase}, partitions dropped, against all kept", drops, by_time, among),
                ratio(rates, f"{phase}, partitions dropped, against rows deleted", drops, deletes, among),
            )
        )
    return found


# --- the page --------------------------------------------------------------------------------------------------------

PAGE = """# Partitions: relief, overhead, and dropping old rows

**{answer}**

{host}

Made by one command: `make study-partitions`. Rates are sustained: rows over the window and the closing CHECKPOINT. A
ratio is of trials of the same block; the intervals of a table hold together in 95 of 100 such tables.

## Hash partitions

Phase {phase}, rows/s by what is in flight, each commit on a connection of its own. {of_hash}

| table | {heads} |
|---|{dashes}
{rates}

Against the plain table:

| partitions | {heads} |
|---|{dashes}
{ratios}

## A table that keeps {keeps:,} rows

By DELETE ten times a second (`{deletes}`), or by dropping the oldest of {partitions} partitions by time
(`{drops}`; [how](../mixed.md#retention)). In each trial so many rows are there from the start. {of_retention}

| phase | table | rows/s, all kept | rows/s, {keeps:,} kept | most rows at a time |
|---|---|---|---|---|
{kept}

| compared | ratio | 95 %, all together |
|---|---|---|
{costs}

Runs {runs}. The records are in [partitions](partitions).
"""


def page(runs: Path) -> str:
    """Return the page that the records of both runs make."""
    records = {name: latest(RunDirectory(runs / name).records()) for name in ASKED}
    rates = {name: rates_of(records[name]) for name in ASKED}
    of_hash_, of_retention_ = ratios_of_hash(rates[HASH]), ratios_of_retention(rates[RETENTION])
    first, second = (read(RunDirectory(runs / name)) for name in (HASH, RETENTION))
    costs: list[Ratio] = []
    for each in of_retention_:
        costs += each
    return PAGE.format(
        answer=f"{answer_of_hash(list(of_hash_.values()))} {answer_of_retention(of_retention_)}",
        host=describe_host(first.host).plain,
        phase=PHASE,
        of_hash=counted(records[HASH]),
        heads=" | ".join(f"{clients} in flight" for clients in CLIENTS),
        dashes="---|" * len(CLIENTS),
        rates="\n".join(lines_of_rates(rates[HASH])),
        ratios="\n".join(lines_of_ratios(of_hash_)),
        keeps=KEEPS,
        deletes=DELETES,
        drops=DROPS,
        partitions=table_layout(DROPS).partitions,
        of_retention=counted(records[RETENTION]),
        kept="\n".join(lines_of_retention(records[RETENTION], rates[RETENTION])),
        costs="\n".join(f"| {each.words} | {figure(each.found)} | {ends(each.found)} |" for each in costs),
        runs=f"{first.plan.run} and {second.plan.run}",
    )


def counted(records: Sequence[Record]) -> str:
    """Say how many trials there are, and how many of them are doubtful."""
    states = [record.validity.state for record in records]
    blocks = len({record.trial.block for record in records})
    return (
        f"{blocks} blocks in random order; of {len(states)} trials {states.count('suspect')} are suspect and"
        f" {states.count('void')} void."
    )


def answer_of_hash(ratios: Sequence[Ratio]) -> str:
    """Say whether hash partitions are a relief, an overhead, or neither is shown."""
    known = [(each, each.found.low or 0, each.found.high or 0) for each in ratios if each.found and each.known]
    if not known:
        return f"Nothing is known of hash partitions: measure {LEAST_BLOCKS} blocks or more."
    faster = [f"{each.words} ({gain(low, high)})" for each, low, high in known if low > 1 + MARGIN]
    slower = [f"{each.words} ({loss(low, high)})" for each, low, high in known if high < 1 - MARGIN]
    parts = []
    if faster:
        parts.append(f"hash partitions relieve {PHASE}: {', '.join(faster)}")
    if slower:
        parts.append(f"hash partitions cost {PHASE}: {', '.join(slower)}")
    others = [(low, high) for _, low, high in known if low <= 1 + MARGIN and high >= 1 - MARGIN]
    if others:
        which = f"of the other {len(others)} numbers" if parts else f"of {len(others)} numbers"
        most, least = max(high for _, high in others), min(low for low, _ in others)
        parts.append(
            f"none {which} of hash partitions and commits in flight gains more than {percent(most - 1)} or loses more"
            f" than {percent(1 - least)}"
        )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]} (95 %, all together)."


def answer_of_retention(ratios: Sequence[tuple[Ratio, Ratio, Ratio]]) -> str:
    """Say what keeping so many rows costs by DELETE, by dropped partitions, and how these compare."""
    parts = []
    for (deletes, drops, against), phase in zip(ratios, WRITES_TO_KEPT, strict=True):
        if not all(each.known for each in (deletes, drops, against)):
            parts.append(f"Of {phase} too few blocks tell what keeping {KEEPS:,} rows costs.")
            continue
        parts.append(
            f"Beside {phase}, keeping {KEEPS:,} rows {costs(deletes.found)} by DELETE and {costs(drops.found)} by"
            f" dropped partitions; dropping writes {figure(against.found)} [{ends(against.found)}] times the rows/s of"
            " DELETE."
        )
    return " ".join(parts)


def costs(found: Estimate | None) -> str:
    """Say what share of the rate something costs, with its interval; a gain is a cost below 0."""
    assert found
    assert found.low is not None
    assert found.high is not None
    share, least, most = (100 * (1 - each) for each in (found.estimate, found.high, found.low))
    return f"costs {share:.0f} % [{least:.0f}, {most:.0f}] of the rows/s"


def gain(low: float, high: float) -> str:
    """Say by how much a ratio above 1 is faster."""
    return f"{100 * (low - 1):.0f}–{100 * (high - 1):.0f} % faster"


def loss(low: float, high: float) -> str:
    """Say by how much a ratio below 1 is slower."""
    return f"{100 * (1 - high):.0f}–{100 * (1 - low):.0f} % slower"


def percent(share: float) -> str:
    """Return a bound in percent; nothing, where it is below 0."""
    return f"{100 * max(share, 0):.1f} %"


def figure(found: Estimate | None) -> str:
    """Return a ratio."""
    return DASH if found is None else f"{found.estimate:.2f}"


def ends(found: Estimate | None) -> str:
    """Return the ends of a ratio's interval."""
    if found is None or found.low is None or found.high is None:
        return DASH
    return f"{found.low:.2f}–{found.high:.2f}"


def usual(of_key: Mapping[int, float]) -> str:
    """Return the rate over all blocks."""
    return rate(geometric(list(of_key.values())).estimate) if of_key else DASH


def lines_of_rates(rates: Rates) -> Iterable[str]:
    """Yield a line for the plain table, and for each number of partitions."""
    for layout, count in (("plain", 0), *(("hash-partitioned", count) for count in COUNTS)):
        trials = [a_trial(PHASE, layout, with_clients(clients, count)) for clients in CLIENTS]
        texts = [usual(rates.get(key_of(trial), {})) for trial in trials]
        name = f"{count} partitions" if count > 1 else "1 partition" if count else layout
        yield f"| {name} | {' | '.join(texts)} |"


def lines_of_ratios(ratios: Mapping[tuple[int, int], Ratio]) -> Iterable[str]:
    """Yield a line for each number of partitions."""
    for count in COUNTS:
        found = [ratios[count, clients].found for clients in CLIENTS]
        yield f"| {count} | {' | '.join(f'{figure(each)} ({ends(each)})' for each in found)} |"


def lines_of_retention(records: Sequence[Record], rates: Rates) -> Iterable[str]:
    """Yield a line for each phase and table."""
    trials = of_retention()
    for grows, keeps in zip(trials[::2], trials[1::2], strict=True):
        of_it = [record for record in good(records) if key_of(record.trial) == key_of(keeps)]
        most = max((record.retention.most_rows for record in of_it if record.retention), default=None)
        reached = " | ".join(usual(rates.get(key_of(trial), {})) for trial in (grows, keeps))
        yield f"| {keeps.phase} | `{keeps.layout}` | {reached} | {DASH if most is None else f'{most:,}'} |"


def main() -> None:
    """Measure what is not there yet, then write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.partitions")
    parser.add_argument("--into", type=Path, default=RUNS, help="the runs; their page lies beside them")
    parser.add_argument("--data-dir", type=Path, help="the private server's disk")
    parser.add_argument("--blocks", type=int, default=BLOCKS)
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S)
    parser.add_argument("--window", type=float, help="seconds, of both runs")
    asked = parser.parse_args()
    for name in ASKED:
        if not (asked.into / name / SUMS).is_file():
            measure(name, asked.into / name, asked)
    asked.into.with_suffix(".md").write_text(page(asked.into))


if __name__ == "__main__":
    main()
