"""What a batch costs in latency, and how large a pool has to be: ``make study-batching``, half an hour.

Measures six sweeps below docs/results/batching and writes docs/results/batch-and-latency.md and pool-size.md from
their records alone; a test holds the pages to them. Interrupted, it goes on where it was; of runs that are whole it
writes the pages alone. ``--page`` chooses one of the two, with what it takes.
"""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from bench.analysis.curves import Curve, Point, Sweep
from bench.analysis.pulled import latest
from bench.analysis.sweep import sweep
from bench.model.record import Record
from bench.plan.rate_points import KEPT as KEPT_UP
from bench.plan.rates import burst
from bench.report.numbers import DASH, rate, short
from bench.report.terminal import describe_host
from bench.results.read import read
from bench.stats.intervals import Estimate
from bench.stats.knee import Knee, knee, likely_knee
from bench.store.run_directory import RunDirectory
from tests.kept import KEPT
from tests.studies import measuring

RUNS = KEPT / "batching"
CAPACITY, SINGLY, POOLS = "free-batches", "singly", "pool-sizes"
PER_S = 2_000
"""Rows that come: of 2,000 sensors at 1 Hz."""
NO_LIMIT_MS = 1000
"""So long a batch waits where nothing else sends it: longer than any of these takes to fill."""
COLLECTED: Mapping[int, tuple[str, str]] = {
    PER_S: ("collected-2000", f"batch=10,100,500 collect_ms=5,20,{NO_LIMIT_MS}"),
    10_000: ("collected-10000", f"batch=10,100,500 collect_ms=5,{NO_LIMIT_MS}"),
    30_000: ("collected-30000", f"batch=100,500,1000 collect_ms=5,{NO_LIMIT_MS}"),
}
"""By rows/s that come, a run and what it sweeps: of smaller batches one client process can't send so many."""
ASKED: Mapping[str, Sequence[str]] = {
    CAPACITY: ("--phases", "2-D", "--of", "batch=1,10,100,500,1000,5000"),
    # One process has no time for so many commits; of several each opens a pool.
    SINGLY: (
        *("--phases", "2-D", "--rate", str(PER_S), "--batch", "1", "--pool-min", "5", "--pool-max", "5"),
        *("--of", "processes=2,4"),
    ),
    **{run: ("--phases", "2-D", "--rate", str(per_s), "--of", of) for per_s, (run, of) in COLLECTED.items()},
    # A pool beyond what is in flight has connections that nobody uses.
    POOLS: ("--phases", "2-B", "--load", "closed", "--of", "pool=2,4,8,16,32 in_flight=32,128"),
}
BLOCKS: Mapping[str, int] = {CAPACITY: 12, POOLS: 12}
AT_RATE_BLOCKS = 4
"""What blocks differ by at a rate is little beside what batches do; a knee needs as many as twelve."""
WARM_UP_S, WINDOW_S = 1.0, 4.0
PAGES = {
    "batch-and-latency": (CAPACITY, SINGLY, *(run for run, _ in COLLECTED.values())),
    "pool-size": (POOLS,),
}
"""Each page, and the runs that it is made of."""


# --- a batch, and how long rows wait ---------------------------------------------------------------------------------

BATCHES = """# What a batch costs in latency

**{answer}**

The published report's second question: "Latency is delayed by the size of the batch: of a batch of 500, 500 rows have
to gather before they are inserted." Runs made by one command tell how much: `make study-batching`.

{host}

## Rows that come one by one

Latency of a row, from when it came to the acknowledgement of its commit: half within / 99 % within, in ms. A commit
takes what has come when its batch is full, or when its first row has waited for so long. Each point was measured in
{blocks} blocks; of {trials} trials {suspect} are suspect and {void} void.
{collected}
{lost}

## How many rows there can be

The same phase without a rate: as many commits as are acknowledged. Each point was measured in {free_blocks} blocks; of
{free_trials} trials {free_suspect} are suspect and {free_void} void.

| batch | rows/s | 95 % | p50 ms of a commit | p99 ms |
|---|---|---|---|---|
{capacity}

{knee}

Runs {runs}. The records are in [batching](batching).
"""

AT_RATE = """
### {per_s:,} rows a second

| batch, at most | {limits} |
|---|{dashes}
{rows}
"""


def batches(runs: Path) -> str:
    """Return the page on batches that the records of its runs make."""
    free, singly = (sweep(read(RunDirectory(runs / name))) for name in (CAPACITY, SINGLY))
    collected = {per_s: sweep(read(RunDirectory(runs / run))) for per_s, (run, _) in COLLECTED.items()}
    [of_free], [alone] = free.curves, singly.curves
    curves = {per_s: found.curves[0] for per_s, found in collected.items()}
    of_rates = [record for name in (SINGLY, *(run for run, _ in COLLECTED.values())) for record in asked(runs / name)]
    closed = asked(runs / CAPACITY)
    return BATCHES.format(
        answer=answer_of_batches(of_free, curves),
        host=described(free),
        blocks=len({record.trial.block for record in of_rates}),
        **counts(of_rates),
        collected="".join(table_at(per_s, curve, alone) for per_s, curve in curves.items()),
        lost=lost_text([*alone.points, *(point for curve in curves.values() for point in curve.points)]),
        free_blocks=len({record.trial.block for record in closed}),
        **{f"free_{name}": count for name, count in counts(closed).items()},
        capacity="\n".join(map(row_of_capacity, of_free.points)),
        knee=of_free.sentence,
        runs=", ".join(found.run for found in (free, singly, *collected.values())),
    )


def asked(run: Path) -> list[Record]:
    """Return the trials of a run that were asked for: without those of the clients alone."""
    return [record for record in latest(RunDirectory(run).records()) if not record.trial.experiment]


def table_at(per_s: int, curve: Curve, alone: Curve) -> str:
    """Return the table of a rate; at that of single rows these come first."""
    limits = list(dict.fromkeys(point.values["collect_ms"] for point in curve.points))
    lines = list(rows_collected(curve))
    if per_s == PER_S:
        lines = [*rows_singly(alone, len(limits)), *lines]
    return AT_RATE.format(
        per_s=per_s,
        limits=" | ".join(f"up to {limit:g} ms" for limit in limits if isinstance(limit, int | float)),
        dashes="---|" * len(limits),
        rows="\n".join(lines),
    )


def rows_singly(curve: Curve, columns: int) -> Iterable[str]:
    """Yield a line for each number of processes that send single rows: nothing is waited for."""
    for point in curve.points:
        same = [kept_or_starred(point), *['"'] * (columns - 1)]
        yield f"| 1, by {point.values['processes']} processes | {' | '.join(same)} |"


def answer_of_batches(free: Curve, curves: Mapping[int, Curve]) -> str:
    """Say what waiting for a full batch costs, what a limit in time saves, and what a batch is worth in rows/s."""
    parts = []
    for per_s, curve in curves.items():
        full, limited = at(curve, 500, NO_LIMIT_MS), at(curve, 500, 5)
        parts.append(
            f"At {per_s:,} rows/s that come one by one, a batch that waits for 500 rows stores {within(full)};"
            f" one that is sent after 5 ms at the latest stores {within(limited)}."
        )
    if free.knee is not None:
        knee_at = free.points[free.knee]
        assert knee_at.rows_per_s
        parts.append(
            f"The box takes {knee_at.rows_per_s.estimate:,.0f} rows/s ({ends(knee_at.rows_per_s)}) with batches of"
            f" {knee_at.values['batch']}, and larger ones change nothing for the better: beyond that a batch costs"
            " latency and gains no rows."
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
    half, most = in_ms(point, "p50"), in_ms(point, "p99")
    return f"half of the rows within {half} and 99 % within {most}"


def in_ms(point: Point, percentile: str) -> str:
    """Return a percentile with its interval."""
    text = f"{short(point.p50_ms if percentile == 'p50' else point.p99_ms)} ms"
    if percentile in point.latency_intervals:
        low, high = map(short, point.latency_intervals[percentile])
        text += f" ({low} to {high})"
    return text


def keeps_up(point: Point) -> bool:
    """Return whether all that comes is shown to be begun in time."""
    return point.kept is not None and point.kept.low is not None and point.kept.low >= KEPT_UP


def rows_collected(curve: Curve) -> Iterable[str]:
    """Yield a line for each batch."""
    by_batch: dict[object, list[str]] = {}
    for point in curve.points:
        by_batch.setdefault(point.values["batch"], []).append(kept_or_starred(point))
    for batch, texts in by_batch.items():
        yield f"| {batch:,} | {' | '.join(texts)} |"


def kept_or_starred(point: Point) -> str:
    """Return how long rows took, with a star where it is not shown that the rate is kept up."""
    return took(point) if keeps_up(point) else f"{took(point)} \\*"


def lost_text(points: Sequence[Point]) -> str:
    """Say what a star means, where there is one."""
    if all(map(keeps_up, points)):
        return "At each of them the rate is kept up."
    text = "\\* It is not shown that the rate is kept up there: what waits at the end waits longer."
    if any(point.void == point.trials for point in points):
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
    rates = {in_flight: rates_at(records, sizes, in_flight) for in_flight in many}
    knees = {in_flight: knee(each, found.margin) for in_flight, each in rates.items()}
    likely = {in_flight: likely_knee(each, found.margin) for in_flight, each in rates.items()}
    return POOL.format(
        answer=answer_of_pools(sizes, knees, likely),
        host=described(found),
        blocks=len({record.trial.block for record in records}),
        **counts(records),
        heads=" | ".join(f"{in_flight} in flight" for in_flight in many),
        dashes="---|" * len(many),
        rates="\n".join(lines(sizes, many, lambda size, each: rate_at(points[size, each], size, sizes, knees[each]))),
        margin=found.margin,
        knees="\n".join(f"- {knee_text(sizes, each, knees[each], likely[each])}" for each in many),
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


def rates_at(records: Sequence[Record], sizes: Sequence[int], in_flight: int) -> list[dict[int, float]]:
    """Return the rates of each pool by block, with so many in flight."""
    rates: dict[int, dict[int, float]] = {size: {} for size in sizes}
    for record in records:
        own, reached = record.trial.parameters, burst(record)
        if own.in_flight == in_flight and own.pool_max and reached:
            rates[own.pool_max][record.trial.block] = reached
    return list(rates.values())


def answer_of_pools(sizes: Sequence[int], knees: Mapping[int, Knee | None], likely: Mapping[int, Knee | None]) -> str:
    """Say how many connections are enough, whatever is in flight."""
    enough = {in_flight: sizes[found.point] for in_flight, found in knees.items() if found}
    parts = []
    if enough:
        each = "; ".join(f"{size} with {in_flight} in flight" for in_flight, size in enough.items())
        most = max(found.beyond.high or 0 for found in knees.values() if found)
        parts.append(f"So many connections are enough: {each}. More gain {max(most - 1, 0):.1%} at most (95 %).")
    else:
        parts.append("In no case was a size shown beyond which more connections change nothing.")
    for in_flight, found in knees.items():
        if found is None:
            parts.append(f"With {in_flight} in flight {likely_text(sizes, likely[in_flight])}.")
    return " ".join(parts)


def likely_text(sizes: Sequence[int], found: Knee | None) -> str:
    """Say what is known of a knee that is not shown."""
    if found is None or found.beyond.high is None:
        return "it is not shown how many are enough"
    return f"beyond {sizes[found.point]} more gain {found.beyond.high - 1:.0%} at most: more blocks tell"


def knee_text(sizes: Sequence[int], in_flight: int, found: Knee | None, likely: Knee | None) -> str:
    """Say what lies beyond the knee."""
    if found is None:
        return f"{in_flight} in flight: not shown; {likely_text(sizes, likely)}."
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


def measure(run: str, given: argparse.Namespace) -> None:
    """Measure a run, or go on with the one that is there; ends this process where it is interrupted."""
    blocks = given.blocks or BLOCKS.get(run, AT_RATE_BLOCKS)
    words = ["sweep", *ASKED[run], "--blocks", str(blocks), "--warm-up", str(given.warm_up)]
    words += ["--window", str(given.window), "--repeat-suspect", "no"]
    measuring.measure(given.into / run, words, measuring.on(given.data_dir))


def main() -> None:
    """Measure what is not there yet, then write the pages."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.batching")
    parser.add_argument("--page", choices=PAGES, action="append", help="this one alone")
    parser.add_argument("--into", type=Path, default=RUNS, help="the runs; their pages lie beside them")
    parser.add_argument("--data-dir", type=Path, help="the private server's disk")
    parser.add_argument("--blocks", type=int, help="of each run; default: as many as each needs")
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S)
    parser.add_argument("--window", type=float, default=WINDOW_S)
    given = parser.parse_args()
    for name in given.page or PAGES:
        for run in PAGES[name]:
            measure(run, given)
        (given.into.parent / f"{name}.md").write_text(WRITTEN[name](given.into))


if __name__ == "__main__":
    main()
