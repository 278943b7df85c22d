"""The results kept in docs/results: they stay readable, and their README says what their records say."""

import csv
import math
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import pytest

from bench.analysis.pairs import decides
from bench.engines.postgresql.render import variant_names
from bench.engines.postgresql.variants import ALL
from bench.questions.compare import compared
from bench.report.ratios import interval_text, ratio_text
from bench.store.run_directory import RunDirectory
from tests import journal
from tests.kept import KEPT, NAMES
from tests.planted.__main__ import JOURNAL as PLANTED
from tests.planted.page import page as planted_page
from tests.readme import BLOCK, CHECKOUT
from tests.studies import batching, durability, engines, next_steps, predictions, published_ceiling, rules, versions

README = (KEPT / "README.md").read_text()
SECTIONS = {part.partition(":")[0]: part for part in README.split("\n## ")[1:]}
ROW = re.compile(r"^\| `(\S+)` \| (.*) \|$", re.MULTILINE)
NOT_SHOWN = "– (–)"


@cache
def comparison(name):
    [report] = compared(KEPT / name)
    return report


def told(report, pair):
    found = decides(report, pair)
    return f"{ratio_text(found)} ({interval_text(found)})"


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
    shown = "".join(block for _, block in BLOCK.findall(SECTIONS[name]))
    [command] = [line for line in shown.splitlines() if line.startswith("make ")]
    return shlex.split(command)


def test_every_kept_run_has_its_section():
    kept = {path.parent.name for path in KEPT.glob("*/plan.json")}
    assert (
        kept - {versions.RUN.name, engines.RUN.name, published_ceiling.RUN.name, rules.RUN.name}
        == set(NAMES)
        == set(SECTIONS) & set(NAMES)
    )


@pytest.mark.skipif(not versions.RUN.is_dir(), reason="make study-versions measures it")
def test_the_page_of_versions_says_what_its_records_say():
    assert versions.page(versions.RUN) == versions.PAGE.read_text()
    assert {path.name for path in versions.RUN.iterdir()} == {"plan.json", "host.json", "trials.jsonl", "SHA256SUMS"}
    assert RunDirectory(versions.RUN).check_sums(samples=False)
    assert len(RunDirectory(versions.RUN).plan().blocks) >= 10


@pytest.mark.skipif(not engines.RUN.is_dir(), reason="make study-engines measures it")
def test_the_page_of_engines_says_what_its_records_say():
    assert engines.page(engines.RUN) == engines.PAGE.read_text()
    assert {path.name for path in engines.RUN.iterdir()} == {"plan.json", "host.json", "trials.jsonl", "SHA256SUMS"}
    assert RunDirectory(engines.RUN).check_sums(samples=False)


@pytest.mark.skipif(not durability.RUN.is_dir(), reason="make study-durability measures it")
def test_the_page_of_cuts_says_what_its_records_say():
    assert durability.page_of(durability.RUN) == durability.RUN.with_suffix(".md").read_text()


@pytest.mark.skipif(not next_steps.PAGE.is_file(), reason="make study-next-steps measures it")
def test_the_page_of_next_steps_says_what_records_and_pages_say():
    assert next_steps.page(next_steps.RUNS) == next_steps.PAGE.read_text()
    for run in next_steps.ASKED:
        kept = next_steps.RUNS / run
        assert {path.name for path in kept.iterdir()} == {"plan.json", "host.json", "trials.jsonl", "SHA256SUMS"}
        assert RunDirectory(kept).check_sums(samples=False)


def test_a_page_of_results_is_quoted_and_one_that_is_missing_said_to_be(tmp_path):
    assert next_steps.quoted(versions.PAGE, "make study-versions").startswith("**Against PostgreSQL 15 on average")
    assert next_steps.quoted(tmp_path / "no.md", "make it") == "Not measured yet: `make it` does."


@pytest.mark.skipif(not predictions.JOURNAL.is_file(), reason="make study-predictions measures it")
def test_the_page_of_predictions_says_what_its_journal_says():
    lines = journal.read(predictions.JOURNAL)
    assert predictions.page(lines) == predictions.PAGE.read_text()
    assert predictions.picture(list(predictions.tried(lines))) == predictions.PICTURE.read_text()


@pytest.mark.skipif(not PLANTED.is_file(), reason="make study-planted measures it")
def test_the_page_of_planted_limits_says_what_its_journal_says():
    assert planted_page(journal.read(PLANTED)) == PLANTED.with_suffix(".md").read_text()


@pytest.mark.parametrize("name", batching.PAGES)
def test_the_pages_of_batches_and_pools_say_what_their_records_say(name):
    runs = [batching.RUNS / run for run in batching.PAGES[name]]
    if not all(run.is_dir() for run in runs):
        pytest.skip("make study-batching measures it")
    assert batching.WRITTEN[name](batching.RUNS) == (KEPT / f"{name}.md").read_text()
    for run in runs:
        assert {path.name for path in run.iterdir()} == {"plan.json", "host.json", "trials.jsonl", "SHA256SUMS"}
        assert RunDirectory(run).check_sums(samples=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_kept_run_is_sealed_and_holds_four_files(name):
    there = {path.name for path in (KEPT / name).iterdir()} - {"report.html"}
    assert there == {"plan.json", "host.json", "trials.jsonl", "SHA256SUMS"}
    assert RunDirectory(KEPT / name).check_sums(samples=False)


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_has_the_ratios_and_intervals_that_the_records_make(name):
    report = comparison(name)
    in_readme = {variant: cells.split(" | ") for variant, cells in ROW.findall(SECTIONS[name])}
    assert in_readme == tables(report)


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_begins_with_what_follows_from_the_records(name):
    _, _, text = SECTIONS[name].partition("\n\n")
    assert " ".join(text.split()).startswith(f"**{comparison(name).sentence}**")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_decided_as_the_readme_says(name):
    report = comparison(name)
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
    report = comparison(name)
    published = ("pgtune", "pigsty", "timescaledb")
    asked = [pair for pair in report.overall.pairs if name == "steps" or pair.candidate.startswith(published)]
    intervals = {pair.candidate: pair.settled.interval for pair in asked}
    best = max(intervals, key=lambda each: intervals[each].high)
    worst = min(intervals, key=lambda each: intervals[each].low)
    assert (best, worst) == (gains_most, loses_most)
    text = " ".join(SECTIONS[name].split())
    # Rounded outwards, as the bounds in the program's own sentence are.
    assert f"could gain over both phases is {math.ceil(100 * (intervals[best].high - 1))} % (`{best}`)" in text
    assert f"could lose {math.ceil(100 * (1 - intervals[worst].low))} % (`{worst}`)" in text


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
    report = comparison("formulas")
    assert "ingest" not in variant_names()
    assert [(each.name, each.same_as) for each in report.alike] == [("ingest", "stock")]
    assert "ingest is the same in effect on this box as stock, and was not measured twice." in report.notes


# --- the figures, one by one -----------------------------------------------------------------------------------------

FIGURES = Path(__file__).parent / "recorded"
"""What the comparisons of the kept runs came to when they were kept, a line a pair; blank: none."""


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_of_a_comparison_is_what_it_was_when_its_run_was_kept(name):
    report = comparison(name)
    pairs = {(cell.phase, pair.candidate): pair for cell in report.cells for pair in cell.pairs}
    pairs |= {("all", pair.candidate): pair for pair in report.overall.pairs}
    with (FIGURES / f"{name}.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [(row["cell"], row["candidate"]) for row in rows] == list(pairs)
    for (cell, candidate), row in zip(pairs, rows, strict=True):
        pair = pairs[cell, candidate]
        kept = {figure: float(text) for figure, text in row.items() if text and figure not in WORDS}
        assert figures(pair) == pytest.approx(kept, rel=1e-6), (cell, candidate)
        assert (pair.verdict or "") == row["verdict"]


WORDS = ("cell", "candidate", "verdict")


def figures(pair):
    """The figures that a pair has."""
    if pair.settled is None:
        return {}
    settled, interval = pair.settled, pair.settled.interval
    found = {
        "ratio": settled.ratio,
        "low": interval.low,
        "high": interval.high,
        "p_value": settled.p_value,
        "adjusted_p": pair.adjusted_p,
        "adjusted_equivalence_p": pair.adjusted_equivalence_p,
        "detectable": settled.detectable,
        "more_blocks": settled.more_blocks,
        "more_blocks_at_most": settled.more_blocks_at_most,
        "burst_ratio": pair.burst.ratio,
    }
    return {name: figure for name, figure in found.items() if figure is not None}
