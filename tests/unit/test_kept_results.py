"""The results kept in docs/results: they stay readable, and their README says what their records say."""

import re
import shlex
import subprocess

import pytest

from bench.engines.postgresql.render import variant_names
from bench.engines.postgresql.variants import ALL
from bench.questions.compare import compared
from bench.report.ratios import headlined, interval_text, ratio_text
from bench.store.run_directory import RunDirectory
from tests.kept import KEPT, NAMES
from tests.readme import BLOCK, CHECKOUT

README = (KEPT / "README.md").read_text()
SECTIONS = {part.partition(":")[0]: part for part in README.split("\n## ")[1:]}
ROW = re.compile(r"^\| `(\S+)` \| (.*) \|$", re.MULTILINE)
NOT_SHOWN = "– (–)"


def told(report, pair):
    decides = headlined(report, pair)
    return f"{ratio_text(decides)} ({interval_text(decides)})"


def tables(report):
    """Each variant's ratios as the README writes them: by cell, then over all cells; without what was refused."""
    columns = [cell.pairs for cell in report.cells] + [report.overall.pairs]
    found = {}
    for pairs in columns:
        for pair in pairs:
            found.setdefault(pair.candidate, []).append(told(report, pair))
    return {name: ratios for name, ratios in found.items() if set(ratios) != {NOT_SHOWN}}


def words(name):
    """The words of the make command that measures a kept run again."""
    [command] = [line for line in "".join(BLOCK.findall(SECTIONS[name])).splitlines() if line.startswith("make ")]
    return shlex.split(command)


def test_every_kept_run_has_its_section():
    assert {path.parent.name for path in KEPT.glob("*/plan.json")} == set(NAMES) == set(SECTIONS) & set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_kept_run_is_sealed_and_holds_four_files(name):
    there = {path.name for path in (KEPT / name).iterdir()} - {"report.html"}
    assert there == {"plan.json", "host.json", "trials.jsonl", "SHA256SUMS"}
    assert RunDirectory(KEPT / name).check_sums(samples=False)


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_has_the_ratios_and_intervals_that_the_records_make(name):
    [report] = compared(KEPT / name)
    in_readme = {variant: cells.split(" | ") for variant, cells in ROW.findall(SECTIONS[name])}
    assert in_readme == tables(report)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_decided_as_the_readme_says(name):
    [report] = compared(KEPT / name)
    pairs = [pair for cell in report.cells for pair in cell.pairs] + [*report.overall.pairs]
    assert {pair.verdict for pair in pairs if pair.candidate != "huge-pages"} == {"undecided"}
    durable = report.overall.standings[0]
    assert durable.durability == ("durable",)
    assert {(rank.best, rank.worst) for rank in durable.ranking} == {(1, len(durable.ranking))}
    assert len(durable.ranking) == {"steps": 8, "formulas": 18}[name]


@pytest.mark.parametrize(
    ("name", "gains_most", "loses_most"),
    [("steps", "no-process-title", "wal-compression"), ("formulas", "pigsty-oltp", "pigsty-tiny")],
)
def test_the_most_to_be_gained_and_lost_is_what_the_readme_says(name, gains_most, loses_most):
    [report] = compared(KEPT / name)
    published = ("pgtune", "pigsty", "timescaledb")
    asked = [pair for pair in report.overall.pairs if name == "steps" or pair.candidate.startswith(published)]
    intervals = {pair.candidate: pair.settled.interval for pair in asked}
    best = max(intervals, key=lambda each: intervals[each].high)
    worst = min(intervals, key=lambda each: intervals[each].low)
    assert (best, worst) == (gains_most, loses_most)
    text = " ".join(SECTIONS[name].split())
    assert f"about {100 * (intervals[best].high - 1):.0f} % (`{best}`)" in text
    assert f"about {100 * (1 - intervals[worst].low):.0f} % (`{worst}`)" in text


@pytest.mark.parametrize("name", NAMES)
def test_the_words_to_measure_it_again_are_those_of_the_kept_plan(name):
    plan = RunDirectory(KEPT / name).plan()
    given = dict(word.split("=", 1) for word in words(name)[2:])
    assert given["PHASES"].split() == sorted({trial.phase for trial in plan.trials})
    assert int(given["BLOCKS"]) == max(trial.block for trial in plan.trials)
    assert (float(given["WARM_UP"]), float(given["WINDOW"])) == (plan.warm_up_s, plan.window_s)
    if given["VARIANTS"] == ALL:
        assert {variant.name for variant in plan.variants} - {"ingest"} <= set(variant_names())
    else:
        assert given["VARIANTS"].split() == [variant.name for variant in plan.variants]
        assert set(given["VARIANTS"].split()) <= set(variant_names())


@pytest.mark.parametrize("name", NAMES)
def test_make_takes_the_words_to_measure_it_again(name):
    command = words(name)
    assert command[:2] == ["make", "compare"]
    dry = ["make", "--dry-run", "--no-print-directory", *command[1:]]
    ended = subprocess.run(dry, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "--window=" in ended.stdout


def test_a_run_that_names_a_variant_that_is_gone_is_compared():
    [report] = compared(KEPT / "formulas")
    assert "ingest" not in variant_names()
    assert [(each.name, each.same_as) for each in report.alike] == [("ingest", "stock")]
    assert "ingest is the same in effect on this box as stock, and was not measured twice." in report.notes
