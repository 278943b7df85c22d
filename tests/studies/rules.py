"""How often rules that benchmarks decide by call equal candidates different, and find 5 %: ``make study-rules``.

Measures into docs/results/rules and writes docs/results/rules.md from its records alone; a test holds the page to them.
One run of equal variants, which differ in what no insert reads, and of some that are slower by what their server does:
it sleeps before each flush (``commit_delay``). Each rule judges the same pairs of candidates, by the trials of the same
blocks.
"""

import math
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from statistics import mean, median, stdev
from tempfile import TemporaryDirectory
from typing import Literal

from scipy.stats import mannwhitneyu

from bench.analysis.comparison import ComparisonReport, Pair
from bench.analysis.pairs import decides
from bench.plan.contrast import by_cell
from bench.plan.rates import headline, rates
from bench.questions.compare import compared
from bench.report.terminal import describe_host
from bench.stats.compare import ALPHA, compare
from bench.stats.intervals import geometric
from bench.stats.proportions import share_interval
from bench.store.run_directory import RunDirectory
from tests.kept import KEPT
from tests.studies.measuring import PGLADDER

RUN, PAGE = KEPT / "rules", KEPT / "rules.md"
EQUAL, SLOWER = 24, 5
EQUAL_NAME, SLOWER_NAME = "equal-", "slower-"
ALLOWED = 0.01
"""A share of some hundred pairs may lie so far above what is promised by chance."""
DECIDES = "pgladder: as it decides"
PLANTED, SLACK_US = 0.05, 60
"""What is planted, of a commit's time; and how much longer than asked for a sleep takes (the kernel's timer slack)."""
ASKED = {"phases": "2-C", "blocks": "6", "warm-up": "0.3", "window": "1.5", "repeat-suspect": "no"}

Said = Literal["faster", "slower", "same"]
Rates = Sequence[float]
"""Of one candidate, a block each, in their order."""


# --- the rules -------------------------------------------------------------------------------------------------------


def by(better: bool, worse: bool) -> Said:
    """Return a verdict on the second candidate."""
    if better:
        return "faster"
    return "slower" if worse else "same"


def hammerdb(one: Rates, other: Rates) -> Said:
    """HammerDB's comparison of two profiles: different from 2.5 % on (its default; pull request 860).

    A profile has one run a number of users; here it is given the mean of all runs, which errs on its side.
    """
    ratio = mean(other) / mean(one)
    return by(ratio >= 1.025, ratio <= 0.975)


def postgresbench(one: Rates, other: Rates) -> Said:
    """PostgresBench ranks systems by the best of three consecutive runs, in whole transactions a second."""
    first, second = round(max(one[:3])), round(max(other[:3]))
    return by(second > first, second < first)


def clickbench(one: Rates, other: Rates) -> Said:
    """ClickBench takes the shorter of the second and third run, and shows the ratio to the best with two decimals."""
    ratio = max(other[1:3]) / max(one[1:3])
    shown = round(max(ratio, 1 / ratio), 2)
    return by(shown > 1 and ratio > 1, shown > 1 and ratio < 1)


def hyperfine(one: Rates, other: Rates) -> Said:
    """hyperfine: "r ± σ times faster" by mean times, σ that of the ratio; read as different where r − σ is above 1."""
    first, second = ([1 / rate for rate in rates] for rates in (one, other))
    times = sorted((first, second), key=mean)
    ratio = mean(times[1]) / mean(times[0])
    spread = ratio * math.hypot(*(stdev(each) / mean(each) for each in times))
    shown = ratio - spread > 1
    return by(shown and times[0] is second, shown and times[0] is first)


def benchstat(one: Rates, other: Rates) -> Said:
    """Benchstat's default: Mann and Whitney's U test, two-sided, different where p is below 0.05."""
    differs = mannwhitneyu(one, other).pvalue < ALPHA
    return by(differs and mean(other) > mean(one), differs and mean(other) < mean(one))


def ours(one: Rates, other: Rates) -> Said:
    """Our comparison by block, of one pair alone, as ``compare`` decides with the usual margin."""
    verdict = compare(one, other).verdict
    return by(verdict == "faster", verdict == "slower")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, its nominal rate of false alarms (None: it promises none), and where it is defined."""

    name: str
    judge: Callable[[Rates, Rates], Said]
    nominal: float | None
    source: str


@dataclass(frozen=True, slots=True)
class OfReport:
    """A rule of ours that takes more than rates: what ``pgladder compare`` says of a pair by itself."""

    name: str
    verdict: Callable[[ComparisonReport, Pair], str | None]
    nominal: float | None
    source: str
    conditional: bool = False
    """Whether it holds on a condition only, so that it decides nothing by itself."""


def as_decided(report: ComparisonReport, pair: Pair) -> str | None:
    """Return the verdict of the comparison that decides: the adjusted one where its guard lets it."""
    found = decides(report, pair)
    return found.verdict if found else None


def adjusted(_: ComparisonReport, pair: Pair) -> str | None:
    """Return the adjusted verdict, whether it may decide or not."""
    return pair.adjusted.verdict if pair.adjusted else None


RULES: tuple[Rule | OfReport, ...] = (
    Rule(
        "HammerDB: 2.5 % or more",
        hammerdb,
        None,
        "[HammerDB, pull request 860](https://github.com/TPC-Council/HammerDB/pull/860); its users ask why equal runs"
        " differ in [issue 822](https://github.com/TPC-Council/HammerDB/issues/822)",
    ),
    Rule(
        "PostgresBench: best of 3",
        postgresbench,
        None,
        "[PostgresBench, README, Multiple runs](https://github.com/ClickHouse/PostgresBench#multiple-runs)",
    ),
    Rule(
        "ClickBench: min of 2",
        clickbench,
        None,
        "[ClickBench, issue 934](https://github.com/ClickHouse/ClickBench/issues/934)",
    ),
    Rule(
        "hyperfine: mean ± σ",
        hyperfine,
        None,
        "[hyperfine, src/benchmark/relative_speed.rs]"
        "(https://github.com/sharkdp/hyperfine/blob/master/src/benchmark/relative_speed.rs); what ± means is asked in"
        " [issue 523](https://github.com/sharkdp/hyperfine/issues/523)",
    ),
    Rule(
        "benchstat: Mann–Whitney",
        benchstat,
        0.05,
        "[benchstat](https://pkg.go.dev/golang.org/x/perf/cmd/benchstat)",
    ),
    Rule("pgladder: paired by block", ours, 0.05, "[comparing.md](../comparing.md)"),
    OfReport(DECIDES, as_decided, 0.05, "the adjusted comparison where its guard lets it decide"),
    OfReport(
        "pgladder: adjusted",
        adjusted,
        0.05,
        "for the client's CPU time a row, which holds if the candidates leave that as it is: it decides nothing",
        conditional=True,
    ),
)


# --- what they come to -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """How many pairs of all, and the interval of that share."""

    found: int
    pairs: int
    low: float
    high: float

    def __str__(self) -> str:
        """As the page has it."""
        return f"{self.found / self.pairs:.1%} ({self.low:.1%}–{self.high:.1%})"


def share(found: dict[tuple[str, str], bool]) -> Share:
    """Return in which share of pairs something was found.

    Pairs share candidates, so they are not independent: of Wilson's interval and that of a jackknife over candidates
    (Arvesen, Annals of Mathematical Statistics 40, 1969, for statistics of pairs) the wider end counts.
    """
    count = sum(found.values())
    whole, names = count / len(found), sorted({name for pair in found for name in pair})
    without = []
    for name in names:
        others = [value for pair, value in found.items() if name not in pair]
        without.append(sum(others) / len(others) if others else whole)
    spread = sum((each - mean(without)) ** 2 for each in without)
    reach = 1.96 * math.sqrt((len(names) - 1) / len(names) * spread)
    wilson = share_interval(count, len(found))
    return Share(count, len(found), max(min(wilson.low, whole - reach), 0.0), min(max(wilson.high, whole + reach), 1.0))


@dataclass(frozen=True, slots=True)
class Candidates:
    """The rates of every candidate in the blocks in which all have one."""

    equal: dict[str, Rates]
    slower: dict[str, Rates]
    pairs: Mapping[tuple[str, str], tuple[ComparisonReport, Pair]]
    """As ``pgladder compare`` reports them, by baseline and candidate."""

    def said(self, rule: Rule | OfReport, baseline: str, candidate: str) -> Said:
        """Return what a rule says of a candidate against a baseline."""
        if isinstance(rule, OfReport):
            verdict = rule.verdict(*self.pairs[baseline, candidate])
            return by(verdict == "faster", verdict == "slower")
        every = self.equal | self.slower
        return rule.judge(every[baseline], every[candidate])

    def alarms(self, rule: Rule | OfReport) -> Share:
        """Return how often a rule calls equal candidates different."""
        return share({pair: self.said(rule, *pair) != "same" for pair in combinations(self.equal, 2)})

    def power(self, rule: Rule | OfReport) -> Share:
        """Return how often it finds an equal one faster than one that is slower."""
        return share({pair: self.said(rule, *pair) == "faster" for pair in product(self.slower, self.equal)})

    @property
    def planted(self) -> str:
        """How much faster the equal ones are, over all blocks."""
        of_blocks = []
        for block in range(len(next(iter(self.equal.values())))):
            means = [mean(math.log(each[block]) for each in arms.values()) for arms in (self.equal, self.slower)]
            of_blocks.append(math.exp(means[0] - means[1]))
        found = geometric(of_blocks)
        assert found.low is not None
        assert found.high is not None
        return f"{found.estimate - 1:+.1%} ({found.low - 1:+.1%} to {found.high - 1:+.1%})"


def candidates_of(directory: Path) -> Candidates:
    """Return the rates of a run's candidates."""
    run = RunDirectory(directory)
    records = run.records()
    [arms] = by_cell(run.plan(), records).values()
    known = {name: rates(blocks, headline(records)) for name, blocks in arms.items()}
    common = [block for block in next(iter(known.values())) if all(block in each for each in known.values())]
    of_all = {name: [each[block] for block in common] for name, each in known.items()}
    return Candidates(
        equal={name: each for name, each in of_all.items() if name.startswith(EQUAL_NAME)},
        slower={name: each for name, each in of_all.items() if name.startswith(SLOWER_NAME)},
        pairs=reported(directory, list(of_all)),
    )


def reported(directory: Path, names: Iterable[str]) -> dict[tuple[str, str], tuple[ComparisonReport, Pair]]:
    """Return what a comparison with each of these as the baseline says of every other."""
    found = {}
    for name in names:
        [report] = compared(directory, across="variant", baseline=name)
        for cell in report.cells:
            found |= {(pair.baseline, pair.candidate): (report, pair) for pair in cell.pairs}
    return found


# --- the page --------------------------------------------------------------------------------------------------------

TEXT = """# Rules that benchmarks decide by, on the same trials

**{answer}**

One run, made by one command: `make study-rules`. {equal} candidates are equal (they differ in `cursor_tuple_fraction`,
which no insert reads), and {slower} are slower by what their server does: it sleeps before each flush (`commit_delay`).
Measured over all blocks, the equal ones are {planted} faster. Each rule judges the same pairs by the same {blocks}
blocks of 2-C: {pairs} of equal candidates, {planted_pairs} of an equal one against a slower one. Pairs share candidates
and are not independent: an interval is the wider of Wilson's and of a jackknife over the candidates.

{host}

| rule | equal candidates called different | planted difference found |
|---|---|---|
{rows}

A rule without a threshold names a winner wherever its two figures differ: of equal candidates it nearly always does
so. Every rule is given the trials of blocks in random order; as its tool runs them, one candidate after the other,
drift comes on top.

{sources}

Run {run}. The records are in [rules](rules). {doubts}
"""


def page(directory: Path) -> str:
    """Return the page that a run's records make."""
    run = RunDirectory(directory)
    plan, host, records = run.plan(), run.host(), run.records()
    assert host is not None
    found = candidates_of(directory)
    shares = [(rule, found.alarms(rule), found.power(rule)) for rule in RULES]
    _, some_alarms, some_power = shares[0]
    suspect = sum(record.validity.state == "suspect" for record in records)
    void = sum(record.validity.state == "void" for record in records)
    return TEXT.format(
        answer=answer(shares),
        equal=len(found.equal),
        slower=len(found.slower),
        planted=found.planted,
        blocks=len(next(iter(found.equal.values()))),
        pairs=some_alarms.pairs,
        planted_pairs=some_power.pairs,
        host=describe_host(host).plain,
        rows="\n".join(f"| {rule.name} | {alarms} | {power} |" for rule, alarms, power in shares),
        sources="\n".join(sources()),
        run=plan.run,
        doubts=f"Of {len(records)} trials {suspect} are suspect and {void} void.",
    )


def answer(shares: Sequence[tuple[Rule | OfReport, Share, Share]]) -> str:
    """Say which rules keep their promise, which of those that decide finds most, and what ours comes to."""
    kept = [each for each in shares if each[0].nominal and each[1].found <= (each[0].nominal + ALLOWED) * each[1].pairs]
    if not kept:
        return "No rule that promises a rate of false alarms kept it on these trials."
    names = "; ".join(rule.name for rule, _, _ in kept)
    parts = [f"These keep to about the 5 % of false alarms that they promise: {names}."]
    deciding = [each for each in kept if not is_conditional(each[0])]
    most = max((power.found for _, _, power in deciding), default=0)
    if most:
        best = [rule.name for rule, _, power in deciding if power.found == most]
        share_found = most / shares[0][2].pairs
        parts.append(
            f"Of those that decide {' and '.join(best)} find most of the planted difference: {share_found:.0%}."
        )
    else:
        parts.append("None of them that decides finds the planted difference.")
    parts += (as_it_decides(alarms, power, most) for rule, alarms, power in shares if rule.name == DECIDES)
    return " ".join(parts)


def is_conditional(rule: Rule | OfReport) -> bool:
    """Return whether a rule holds on a condition only."""
    return isinstance(rule, OfReport) and rule.conditional


def as_it_decides(alarms: Share, power: Share, most: int) -> str:
    """Say whether our rule keeps to at most 6 % of false alarms, and whether none that decides finds more."""
    wrong = alarms.found / alarms.pairs
    keeps = "at most" if wrong <= ALPHA + ALLOWED else "more than"
    finds = "no rule that decides finds more" if power.found >= most else "another rule finds more"
    return f"{DECIDES} is wrong in {wrong:.1%} ({keeps} {ALPHA + ALLOWED:.0%}), and {finds}."


def sources() -> Iterable[str]:
    """Yield where each rule is defined."""
    for rule in RULES:
        yield f"- {rule.name}: {rule.source}."


# --- measuring -------------------------------------------------------------------------------------------------------


def delay_us(directory: Path) -> int:
    """Return the ``commit_delay`` that makes a commit so much longer than it is in the trials of a run."""
    took_us = [1e6 * each.seconds / each.commits for each in RunDirectory(directory).records() if each.commits]
    return max(round(PLANTED * median(took_us)) - SLACK_US, 10)


def variants_in(place: Path, delay: int) -> list[Path]:
    """Write the variants, and return their files."""
    # No two variants of a run may be the same in effect: what differs is of cursors, which no insert has.
    texts = {f"{EQUAL_NAME}{number:02}": f"cursor_tuple_fraction = 0.1{number:02}\n" for number in range(1, EQUAL + 1)}
    for number in range(1, SLOWER + 1):
        sleeps = f"commit_delay = {delay}\ncommit_siblings = 0\n"
        texts[f"{SLOWER_NAME}{number:02}"] = f"cursor_tuple_fraction = 0.2{number:02}\n{sleeps}"
    files = []
    for name, text in texts.items():
        file = place / f"{name}.conf.j2"
        file.write_text(text)
        files.append(file)
    return files


def measure() -> None:
    """Measure anew, in the place of the run that is kept."""
    subprocess.run(["rm", "-rf", RUN], check=True)
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        before = Path(place) / "before"
        run_into(before)
        run_into(RUN, "--variants", *variants_in(Path(place), delay_us(before)))
    # Most of a run's bytes; no comparison needs them.
    subprocess.run(["rm", "-r", RUN / "samples"], check=True)


def run_into(directory: Path, *more: object) -> None:
    """Measure with one commit under way: what is slept is then part of each."""
    command = [PGLADDER, "run", "--yes", "--in-flight", "1", *map(str, more), "--out", directory]
    for option, value in ASKED.items():
        command += [f"--{option}", value]
    ended = subprocess.run(command, check=False)
    # Suspect trials, of which the page tells, make it 1.
    if ended.returncode not in (0, 1):
        sys.exit(ended.returncode)


if __name__ == "__main__":
    measure()
    PAGE.write_text(page(RUN))
