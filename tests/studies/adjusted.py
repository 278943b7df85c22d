"""What adjusting for the machine's speed saves, and how often it is wrong: ``make study-adjusted``, half an hour.

Measures two runs below docs/results/adjusted, one as the machine is and one with programs beside that burn its
processors, and writes docs/results/adjusted.md from their records and from those of kept runs alone; a test holds the
page to them. Interrupted, it goes on where it was; of runs that are whole it writes the page alone. It ends
with 1 where adjusted comparisons are wrong more often than in 5 %.

Equal arms are made of kept trials: within each block trials are dealt to the arms at random, so that whatever the
machine did stays in, and no arm differs from another. Each deal is compared as a run's pairs are, adjusted by a slope
of all its arms, and as it is.
"""

import argparse
import math
import os
import random
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median

from bench.analysis.adjusting import levels
from bench.analysis.comparison import Pair, Stated
from bench.analysis.pulled import latest
from bench.engines.postgresql.layout import layout_files
from bench.model.fingerprint import processors_there
from bench.plan.adjustment import COVARIATES, applicable, bearable
from bench.plan.rates import settled
from bench.questions.compare import compared
from bench.report.adjusted import adjusted_figures
from bench.report.numbers import number
from bench.report.terminal import describe_host
from bench.results.read import outcomes_of
from bench.seams import VARIABLE
from bench.stats.adjusted import Gap, Table, compare_adjusted, freedom_of, slopes_of
from bench.stats.compare import ALPHA, MARGIN, Comparison, judged
from bench.stats.distributions import student_t_critical
from bench.stats.proportions import share_interval
from bench.store.run_directory import SUMS, RunDirectory
from tests.kept import KEPT
from tests.planted.measured import hog
from tests.studies import measuring

RUNS, PAGE = KEPT / "adjusted", KEPT / "adjusted.md"
PLACES = (KEPT / "formulas", KEPT / "steps")
CONDITIONS: Mapping[str, int] = {"as-it-is": 0, "hogs": 2}
"""Programs beside that burn a processor each."""
PHASE, BLOCKS, WARM_UP_S, WINDOW_S = "2-G", 14, 0.5, 2.0
EQUAL = tuple(f"equal-{number}" for number in range(1, 6))
BURNING = {"burning-a-little": 4_000, "burning": 10_000, "burning-much": 20_000}
"""Steps that a trigger of the table computes for each COPY."""
NAMES = applicable(COVARIATES, "layout")
SEED, ROUNDS = 15, 1_000
Point = tuple[float, ...]
"""Of a trial, the log rate, then the covariates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deals:
    """What came of so many deals."""

    rounds: int
    false_alarms: int
    """Adjusted intervals without 1: of each deal one pair."""
    false_alarms_unadjusted: int
    widths: Sequence[float]
    """Of each deal's pair, the width of its adjusted interval over that of the unadjusted, of logarithms."""

    @property
    def too_many(self) -> bool:
        """Whether there are more false alarms than 5 %, beyond the chance of so many deals."""
        return share_interval(self.false_alarms, self.rounds).low > ALPHA

    @property
    def nominal(self) -> bool:
        """Whether the interval of the rate of false alarms holds 5 %; that of coverage holds 95 % then."""
        interval = share_interval(self.false_alarms, self.rounds)
        return interval.low <= ALPHA <= interval.high


@dataclass(frozen=True, slots=True)
class Case:
    """What came of the deals of one rung of a run, to so many arms."""

    run: str
    rung: str
    arms: int
    blocks: int
    deals: Deals

    @property
    def width(self) -> float:
        """The median."""
        return median(self.deals.widths)


def points(directory: Path) -> dict[str, list[list[Point]]]:
    """Return by phase and block the trials of a run that count; of PostgreSQL's versions each is by itself."""
    run = outcomes_of(RunDirectory(directory))
    cpus = processors_there(run.host)
    by_rung: dict[str, dict[int, list[Point]]] = {}
    for record in latest(run.records):
        rate = settled(record)
        met = [level for name in NAMES for level in levels(name, [record], cpus) if level is not None]
        if rate is None or len(met) < len(NAMES):
            continue
        trial = record.trial
        if trial.layout in BURNING:
            continue
        rung = " ".join(filter(None, (trial.phase, trial.version)))
        by_rung.setdefault(rung, {}).setdefault(trial.block, []).append((math.log(rate), *met))
    return {rung: list(blocks.values()) for rung, blocks in by_rung.items()}


def dealt(blocks: Sequence[Sequence[Point]], arms: int, count: int, source: random.Random) -> Table:
    """Return a table of equal arms: of some blocks, some trials of each in random order."""
    columns = [source.sample(block, arms) for block in source.sample(blocks, count)]
    rows = list(zip(*columns, strict=True))
    rates, *covariates = ([[point[at] for point in row] for row in rows] for at in range(1 + len(NAMES)))
    return Table(rates, dict(zip(NAMES, covariates, strict=True)))


def both(table: Table) -> tuple[Comparison, Comparison]:
    """Return the second arm against the first, adjusted and as it is."""
    varying = [name for name, row in table.covariates.items() if len(set(chain.from_iterable(row))) > 1]
    names = varying[: bearable(freedom_of([table]))]
    slopes = slopes_of([table], names)
    assert slopes is not None
    logs = _differences(table.rates)
    gap = Gap(slopes=slopes, between={name: _differences(table.covariates[name]) for name in names})
    found = compare_adjusted(logs, [gap], margin=MARGIN, alpha=ALPHA)
    assert found is not None
    return found, judged(logs, MARGIN, ALPHA)


def _differences(rows: Sequence[Sequence[float]]) -> list[float]:
    return [other - one for one, other in zip(rows[0], rows[1], strict=True)]


def deals(blocks: Sequence[Sequence[Point]], arms: int, count: int, rounds: int = ROUNDS, seed: int = SEED) -> Deals:
    """Deal so often."""
    source = random.Random(seed)
    alarms = plain = 0
    widths = []
    for _ in range(rounds):
        adjusted, unadjusted = both(dealt(blocks, arms, count, source))
        alarms += _excludes_1(adjusted)
        plain += _excludes_1(unadjusted)
        widths.append(_width(adjusted) / _width(unadjusted))
    return Deals(rounds=rounds, false_alarms=alarms, false_alarms_unadjusted=plain, widths=widths)


def _excludes_1(found: Comparison) -> bool:
    assert found.interval is not None
    return not found.interval.low <= 1 <= found.interval.high


def _width(found: Comparison) -> float:
    assert found.interval is not None
    return math.log(found.interval.high / found.interval.low)


def blocks_for(width: float, blocks: int) -> int:
    """Return in how many blocks an unadjusted interval is so many times as wide as it is in these."""
    wanted = width * student_t_critical(ALPHA, blocks - 1) / math.sqrt(blocks)
    need = 2
    while student_t_critical(ALPHA, need - 1) / math.sqrt(need) > wanted:
        need += 1
    return need


def cases(directory: Path) -> Iterator[tuple[str, list[list[Point]], int, int]]:
    """Yield of each rung of a run its blocks, and how many arms and blocks are dealt: two arms, and all there are."""
    for rung, blocks in points(directory).items():
        arms, count = min(map(len, blocks)), len(blocks)
        for dealt_to in dict.fromkeys((2, arms)):
            if arms > 1 and count >= 5:
                yield rung, blocks, dealt_to, count


# --- the page --------------------------------------------------------------------------------------------------------

TEXT = """# Comparisons adjusted for the machine's speed

**{answer}**

Equal arms are dealt from kept trials: within each block at random, {rounds:,} times. *False alarms*: the share of deals
whose interval excludes 1; the nominal share is 5 %. In brackets stands the Monte Carlo error of so many deals (95 %),
and no more: all deals of a row are of the same blocks of one run, and another run is not in it. The trials that are
dealt are of different configurations, no A/A run, so what these differ by is part of the spread.
*Width*: the median width of the adjusted interval over the unadjusted one's. *Blocks*: in how many the unadjusted
interval would be as narrow. All is adjusted for the client's CPU time a row, from
20 degrees of freedom on for steal too, and from 40 on for the cores of other programs, by slopes of all arms together.

| run | rung | arms | blocks | false alarms, adjusted | unadjusted | width | blocks, unadjusted |
|---|---|---|---|---|---|---|---|
{deals}

{planted}
"""
PLANTED = """## Planted: a trigger of the table computes something for each COPY

{host}. As the machine is, and with {hogs} programs beside that burn a processor each.

| run | layout | unadjusted | adjusted | the machine was | decides |
|---|---|---|---|---|---|
{rows}

A trigger that burns may slow the client down too, on cores that both share: *the machine was* says whether the client's
CPU time a row is shown to be the same. `make study-adjusted` measures both runs anew once they are removed.
"""


def page(runs: Path = RUNS) -> str:
    """Return the page that the records of these runs, and of the kept ones, make."""
    return worded(runs, dealt_cases(runs))


def dealt_cases(runs: Path) -> list[Case]:
    """Return what comes of the deals of each case, of the kept runs and of these."""
    found = []
    for place in (*PLACES, *whole(runs)):
        for rung, of_rung, arms, count in cases(place):
            found.append(Case(place.name, rung, arms, count, deals(of_rung, arms, count)))
    return found


def whole(runs: Path) -> list[Path]:
    """Return which of the runs have been measured."""
    return [runs / name for name in CONDITIONS if (runs / name / SUMS).is_file()]


def worded(runs: Path, found: Sequence[Case]) -> str:
    """Return the page."""
    blocks = [each.blocks / blocks_for(each.width, each.blocks) for each in found]
    alarms = [each.deals.false_alarms / each.deals.rounds for each in found]
    rows, measured = list(map(row, found)), whole(runs)
    real = list(real_pairs(PLACES))
    answer = (
        "If the candidates leave alone what it is adjusted for (the client's CPU time a row and, where the blocks bear"
        " more, steal and the cores of other programs), an adjusted comparison takes"
        f" {_percent(min(blocks))} to {_percent(max(blocks))} of the blocks for an interval of the same width, median"
        f" {_percent(median(blocks))}, with {_percent(min(alarms), 1)} to {_percent(max(alarms), 1)} of false alarms."
        f" In the {len(real)} pairs that these runs compared the adjusted interval is {median(real):.2f} times as wide"
        " (median)."
    )
    planted = ""
    if measured:
        host = RunDirectory(measured[0]).host()
        assert host is not None
        planted = PLANTED.format(
            host=describe_host(host).plain, hogs=CONDITIONS["hogs"], rows="\n".join(_planted(measured))
        )
    return TEXT.format(answer=answer, rounds=ROUNDS, deals="\n".join(rows), planted=planted).rstrip() + "\n"


def real_pairs(runs: Iterable[Path]) -> Iterator[float]:
    """Yield how wide the adjusted interval of each pair of these runs is, over the unadjusted one's."""
    for run in runs:
        [report] = compared(run)
        for pair in chain.from_iterable(cell.pairs for cell in report.cells):
            if pair.adjusted and pair.unadjusted:
                yield _stated_width(pair.adjusted) / _stated_width(pair.unadjusted)


def _stated_width(found: Stated) -> float:
    assert found.low is not None
    assert found.high is not None
    return math.log(found.high / found.low)


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"


def row(case: Case) -> str:
    """Return the row of a case."""
    found, width, count = case.deals, case.width, case.blocks
    interval = share_interval(found.false_alarms, found.rounds)
    alarms = f"{_percent(found.false_alarms / found.rounds, 1)} ({100 * interval.low:.1f}–{100 * interval.high:.1f})"
    unadjusted = _percent(found.false_alarms_unadjusted / found.rounds, 1)
    start = f"| {case.run} | {case.rung} | {case.arms} | {count} |"
    return f"{start} {alarms} | {unadjusted} | {width:.2f} | {blocks_for(width, count)} |"


def _planted(runs: Iterable[Path]) -> Iterator[str]:
    for run in runs:
        [report] = compared(run, across="layout", baseline="plain")
        for pair in report.cells[0].pairs:
            yield f"| {run.name} | {pair.candidate} | {_unadjusted(pair)} | {_adjusted(pair)} |"


def _unadjusted(pair: Pair) -> str:
    found = pair.unadjusted
    if found is None or found.low is None or found.high is None:
        return "–"
    return f"{number(found.ratio)} ({number(found.low)}–{number(found.high)})"


def _adjusted(pair: Pair) -> str:
    if pair.adjusted is None:
        return f"– | {pair.why_unadjusted} | unadjusted"
    ratio, interval, alike, decides = adjusted_figures(pair)
    return f"{ratio} ({interval}) | {alike} | {decides}"


# --- measuring -------------------------------------------------------------------------------------------------------

BURNS = """
CREATE OR REPLACE FUNCTION {schema}.burn() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE sum bigint := 0;
BEGIN FOR step IN 1..STEPS LOOP sum := sum + step; END LOOP; RETURN NULL; END $$;
CREATE TRIGGER burn BEFORE INSERT ON {schema}.events FOR EACH STATEMENT EXECUTE FUNCTION {schema}.burn();
"""


def write_layouts(folder: Path) -> None:
    """Write the layouts: the plain table under other names, and with a trigger that burns."""
    place = folder / "layouts"
    place.mkdir(parents=True)
    plain = layout_files()["plain"].read_text()
    for name in EQUAL:
        (place / f"{name}.sql").write_text(plain)
    # A table with a trigger is not what the plain one's header reads back.
    table = "".join(line for line in plain.splitlines(keepends=True) if not line.startswith("-- reads back"))
    for name, steps in BURNING.items():
        (place / f"{name}.sql").write_text(table + BURNS.replace("STEPS", str(steps)))


def measure(into: Path, hogs: int, asked: argparse.Namespace) -> None:
    """Measure a run, or go on with the one that is there; ends this process where it is interrupted."""
    words = ["run", "--phases", PHASE, "--layouts", "plain", *EQUAL, *BURNING, "--blocks", str(asked.blocks)]
    words += ["--warm-up", str(asked.warm_up), "--window", str(asked.window), "--repeat-suspect", "no"]
    with ExitStack() as beside:
        folder = Path(beside.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        write_layouts(folder)
        for _ in range(hogs):
            beside.enter_context(hog())
        environment = {**os.environ, VARIABLE: str(folder)}
        measuring.measure(into, words, measuring.on(asked.data_dir), environment)


def main() -> None:
    """Measure what is not there yet, then write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.adjusted")
    parser.add_argument("--into", type=Path, default=RUNS, help="the runs; their page lies beside them")
    parser.add_argument("--data-dir", type=Path, help="the private server's disk")
    parser.add_argument("--blocks", type=int, default=BLOCKS)
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S)
    parser.add_argument("--window", type=float, default=WINDOW_S)
    parser.add_argument("--page-alone", action="store_true", help="measure nothing")
    asked = parser.parse_args()
    for name, hogs in CONDITIONS.items():
        if not asked.page_alone and not (asked.into / name / SUMS).is_file():
            measure(asked.into / name, hogs, asked)
    found = dealt_cases(asked.into)
    asked.into.with_suffix(".md").write_text(worded(asked.into, found))
    if wrong := alarming(found):
        sys.exit(f"More false alarms than {_percent(ALPHA)} of these deals: {'; '.join(wrong)}.")


def alarming(found: Iterable[Case]) -> list[str]:
    """Return the cases whose adjusted comparisons are wrong more often than they promise."""
    return [f"{case.run} {case.rung}, {case.arms} arms" for case in found if case.deals.too_many]


if __name__ == "__main__":
    main()
