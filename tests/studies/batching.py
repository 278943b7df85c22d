"""What a batch costs in latency, and how large a pool has to be: ``make study-batching``, a quarter of an hour.

Measures three sweeps below docs/results/batching and writes docs/results/batch-and-latency.md and pool-size.md from
their records alone; a test holds the pages to them. Interrupted, it goes on where it was; of runs that are whole it
writes the pages alone. ``--page`` chooses one of the two, with what it takes.
"""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from bench.analysis.pulled import latest
from bench.analysis.sweep import Curve, Point, Sweep, sweep
from bench.model.record import Record
from bench.plan.rate_points import KEPT as KEPT_UP
from bench.plan.rates import burst
from bench.report.numbers import DASH, rate, short
from bench.report.terminal import describe_host
from bench.results.read import read
from bench.stats.intervals import Estimate
from bench.stats.knee import Knee, knee
from bench.store.run_directory import RunDirectory
from tests.kept import KEPT
from tests.studies import measuring

RUNS = KEPT / "batching"
CAPACITY, COLLECTED, POOLS = "capacity", "collected", "pools"
PER_S = 2_000
"""Rows that come: of 2,000 sensors at 1 Hz."""
NO_LIMIT_MS = 1000
"""So long a batch waits where nothing else sends it: longer than any of these takes to fill."""
ASKED: Mapping[str, Sequence[str]] = {
    CAPACITY: ("--phases", "2-D", "--of", "batch=1,10,100,500,1000,5000"),
    COLLECTED: (
        *("--phases", "2-D", "--rate", str(PER_S)),
        *("--of", f"batch=1,10,100,500,1000 collect_ms=5,20,100,{NO_LIMIT_MS}"),
    ),
    POOLS: ("--phases", "2-B", "--load", "closed", "--of", "pool=1,2,4,8,16,32,64 in_flight=8,32,128"),
}
BLOCKS, WARM_UP_S, WINDOW_S = 5, 1.0, 2.0
PAGES = {"batch-and-latency": (CAPACITY, COLLECTED), "pool-size": (POOLS,)}
"""Each page, and the runs that it is made of."""


# --- a batch, and how long rows wait ---------------------------------------------------------------------------------

BATCHES = """# What a batch costs in latency

**{answer}**

The published report's second question: "Latency is delayed by the size of the batch: of a batch of 500, 500 rows have
to gather before they are inserted." Two runs tell how much, made by one command: `make study-batching`.

{host}

## Rows that come one by one, {per_s:,} a second

Latency of a row, from when it came to the acknowledgement of its commit: half within / 99 % within, in ms. A commit
takes what has come when its batch is full, or when its first row has waited for so long. Each point was measured in
{blocks} blocks; of {trials} trials {suspect} are suspect and {void} void.

| batch, at most | {limits} |
|---|{dashes}
{collected}

{lost}

## How many rows there can be

The same phase without a rate: as many commits as are acknowledged.

| batch | rows/s | 95 % | p50 ms of a commit | p99 ms |
|---|---|---|---|---|
{capacity}

{knee}

Runs {runs}. The records are in [batching](batching).
"""


def batches(runs: Path) -> str:
    """Return the page on batches that the records of both runs make."""
    capacity, collected = (sweep(read(RunDirectory(runs / name))) for name in (CAPACITY, COLLECTED))
    [free], [curve] = capacity.curves, collected.curves
    records = latest(RunDirectory(runs / COLLECTED).records())
    of_rate = [record for record in records if not record.trial.experiment]
    limits = list(dict.fromkeys(point.values["collect_ms"] for point in curve.points))
    return BATCHES.format(
        answer=answer_of_batches(free, curve),
        host=described(collected),
        per_s=PER_S,
        blocks=len({record.trial.block for record in of_rate}),
        **counts(of_rate),
        limits=" | ".join(f"up to {limit:g} ms" for limit in limits if isinstance(limit, int | float)),
        dashes="---|" * len(limits),
        collected="\n".join(rows_collected(curve)),
        lost=lost_text(curve),
        capacity="\n".join(map(row_of_capacity, free.points)),
        knee=free.sentence,
        runs=f"{capacity.run} and {collected.run}",
    )


def answer_of_batches(free: Curve, curve: Curve) -> str:
    """Say what waiting for a full batch costs, what a limit in time saves, and what a batch is worth in rows/s."""
    full, limited = at(curve, 500, NO_LIMIT_MS), at(curve, 500, 5)
    parts = [
        f"At {PER_S:,} rows/s that come one by one, a batch that waits for 500 rows stores {within(full)};"
        f" one that is sent after 5 ms at the latest stores {within(limited)}."
    ]
    if free.knee is not None:
        knee_at = free.points[free.knee]
        assert knee_at.rows_per_s
        parts.append(
            f"The box takes {knee_at.rows_per_s.estimate:,.0f} rows/s with batches of {knee_at.values['batch']},"
            " and larger ones change nothing for the better: beyond that a batch costs latency and gains no rows."
        )
    else:
        parts.append(free.sentence)
    return " ".join(parts)


def at(curve: Curve, batch: int, collect_ms: float) -> Point:
    """Return a point of the grid."""
    [found] = [point for point in curve.points if point.values == {"batch": batch, "collect_ms": float(collect_ms)}]
    return found


def within(point: Point) -> str:
    """Say how soon rows are stored."""
    return f"half of the rows within {short(point.p50_ms)} ms and 99 % within {short(point.p99_ms)} ms"


def keeps_up(point: Point) -> bool:
    """Return whether all that comes is shown to be begun in time."""
    return point.kept is not None and point.kept.low is not None and point.kept.low >= KEPT_UP


def rows_collected(curve: Curve) -> Iterable[str]:
    """Yield a line for each batch."""
    by_batch: dict[object, list[str]] = {}
    for point in curve.points:
        took = f"{short(point.p50_ms)} / {short(point.p99_ms)}"
        by_batch.setdefault(point.values["batch"], []).append(took if keeps_up(point) else f"{took} \\*")
    for batch, texts in by_batch.items():
        yield f"| {batch:,} | {' | '.join(texts)} |"


def lost_text(curve: Curve) -> str:
    """Say at which points the rate is not shown to be kept up."""
    if all(map(keeps_up, curve.points)):
        return f"At each of them {PER_S:,} rows/s are kept up."
    text = f"\\* It is not shown that {PER_S:,} rows/s are kept up there: what waits at the end waits longer."
    if any(point.void == point.trials for point in curve.points):
        text += " A dash: no trial counts, as where the clients alone can't send so many rows in so small commits."
    return text


def row_of_capacity(point: Point) -> str:
    """Return the line of a batch."""
    found = point.rows_per_s
    reached = rate(found.estimate if found else None)
    return f"| {point.values['batch']:,} | {reached} | {ends(found)} | {short(point.p50_ms)} | {short(point.p99_ms)} |"


# --- a pool ----------------------------------------------------------------------------------------------------------

POOL = """# How large a pool has to be

**{answer}**

The published report's third question: "How is a pool sized?" Its own answer: by cores and by what the server allows;
from 100 to 200 connections nothing changed. One run tells where the knee is: `make study-batching`.

{host}

Phase 2-B, one row a commit, in a closed loop: as many commits as are *in flight* wait for one of the pool's
connections, all open from the start. Each point was measured in {blocks} blocks, in random order; of {trials} trials
{suspect} are suspect and {void} void.

## Rows a second

| pool | {heads} |
|---|{dashes}
{rates}

**Knee**: the smallest pool beyond which more changes nothing for the better: of each larger one the rate is at most
{margin:.0%} higher, by the upper end of its interval of 95 %.

{knees}

## How long a commit takes

Waiting for a connection included: half within / 99 % within, in ms.

| pool | {heads} |
|---|{dashes}
{delays}

Run {run}. The records are in [batching](batching).
"""


def pools(runs: Path) -> str:
    """Return the page on pools that the records of its run make."""
    found = sweep(read(RunDirectory(runs / POOLS)))
    records = latest(RunDirectory(runs / POOLS).records())
    [curve] = found.curves
    points = {(_whole(point, "pool"), _whole(point, "in_flight")): point for point in curve.points}
    sizes, many = (sorted({each[part] for each in points}) for part in (0, 1))
    knees = {in_flight: knee_at(records, sizes, in_flight, found.margin) for in_flight in many}
    return POOL.format(
        answer=answer_of_pools(sizes, knees),
        host=described(found),
        blocks=len({record.trial.block for record in records}),
        **counts(records),
        heads=" | ".join(f"{in_flight} in flight" for in_flight in many),
        dashes="---|" * len(many),
        rates="\n".join(lines(sizes, many, lambda size, each: rate_at(points[size, each], size, sizes, knees[each]))),
        margin=found.margin,
        knees="\n".join(f"- {knee_text(sizes, in_flight, of_it)}" for in_flight, of_it in knees.items()),
        delays="\n".join(lines(sizes, many, lambda size, each: took(points[size, each]))),
        run=found.run,
    )


def lines(sizes: Iterable[int], many: Sequence[int], text: Callable[[int, int], str]) -> Iterable[str]:
    """Yield a line for each pool, with a text for each number in flight."""
    for size in sizes:
        yield f"| {size} | {' | '.join(text(size, each) for each in many)} |"


def _whole(point: Point, name: str) -> int:
    value = point.values[name]
    assert isinstance(value, int)
    return value


def knee_at(records: Sequence[Record], sizes: Sequence[int], in_flight: int, margin: float) -> Knee | None:
    """Return from which of the pools on more changes nothing, with so many in flight."""
    rates: dict[int, dict[int, float]] = {size: {} for size in sizes}
    for record in records:
        own, reached = record.trial.parameters, burst(record)
        if own.in_flight == in_flight and own.pool_max and reached:
            rates[own.pool_max][record.trial.block] = reached
    return knee(list(rates.values()), margin)


def answer_of_pools(sizes: Sequence[int], knees: Mapping[int, Knee | None]) -> str:
    """Say how many connections are enough, whatever is in flight."""
    enough = {in_flight: sizes[found.point] for in_flight, found in knees.items() if found}
    if not enough:
        return "In no case was a size shown beyond which more connections change nothing."
    each = "; ".join(f"{size} with {in_flight} in flight" for in_flight, size in enough.items())
    most = max(found.beyond.high or 0 for found in knees.values() if found)
    sentence = f"So many connections are enough: {each}. More gain {max(most - 1, 0):.1%} at most (95 %)."
    if len(enough) < len(knees):
        open_ones = " and ".join(str(in_flight) for in_flight, found in knees.items() if found is None)
        sentence += f" With {open_ones} in flight it was not shown how many are."
    return sentence


def knee_text(sizes: Sequence[int], in_flight: int, found: Knee | None) -> str:
    """Say what lies beyond the knee."""
    if found is None:
        return f"{in_flight} in flight: not shown."
    low, high = found.beyond.low or 0, found.beyond.high or 0
    return (
        f"{in_flight} in flight: {sizes[found.point]}; all larger pools reach {low:.2f} to {high:.2f} times its rate."
    )


def rate_at(point: Point, size: int, sizes: Sequence[int], found: Knee | None) -> str:
    """Return a rate with its interval; bold at the knee."""
    of_it = point.rows_per_s
    text = f"{rate(of_it.estimate if of_it else None)} ({ends(of_it)})"
    return f"**{text}**" if found and sizes[found.point] == size else text


def took(point: Point) -> str:
    """Return how long commits took."""
    return f"{short(point.p50_ms)} / {short(point.p99_ms)}"


# --- both ------------------------------------------------------------------------------------------------------------


def ends(found: Estimate | None) -> str:
    """Return the ends of an interval."""
    if found is None or found.low is None or found.high is None:
        return DASH
    return f"{rate(found.low)}–{rate(found.high)}"


def described(found: Sweep) -> str:
    """Return what the machine is."""
    assert found.host
    return describe_host(found.host).plain


def counts(records: Sequence[Record]) -> dict[str, int]:
    """Return how many trials there are, and how many are doubtful."""
    states = [record.validity.state for record in records]
    return {"trials": len(states), "suspect": states.count("suspect"), "void": states.count("void")}


WRITTEN = {"batch-and-latency": batches, "pool-size": pools}


def measure(into: Path, what: Sequence[str], asked: argparse.Namespace) -> None:
    """Measure a run, or go on with the one that is there; ends this process where it is interrupted."""
    words = ["sweep", *what, "--blocks", str(asked.blocks), "--warm-up", str(asked.warm_up)]
    words += ["--window", str(asked.window), "--repeat-suspect", "no"]
    measuring.measure(into, words, measuring.on(asked.data_dir))


def main() -> None:
    """Measure what is not there yet, then write the pages."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.batching")
    parser.add_argument("--page", choices=PAGES, action="append", help="this one alone")
    parser.add_argument("--into", type=Path, default=RUNS, help="the runs; their pages lie beside them")
    parser.add_argument("--data-dir", type=Path, help="the private server's disk")
    parser.add_argument("--blocks", type=int, default=BLOCKS)
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S)
    parser.add_argument("--window", type=float, default=WINDOW_S)
    asked = parser.parse_args()
    for name in asked.page or PAGES:
        for run in PAGES[name]:
            measure(asked.into / run, ASKED[run], asked)
        (asked.into.parent / f"{name}.md").write_text(WRITTEN[name](asked.into))


if __name__ == "__main__":
    main()
