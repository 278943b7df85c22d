"""What stands in the way, for people: a line a constraint, on the terminal as on the page, then the answer."""

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from bench.analysis.sentences import gain_text, sentence_of_ladder
from bench.model.language import speaking
from bench.report.explain import COLUMNS, show_explained
from bench.report.page.explaining import ExplainedView
from bench.stats.intervals import Estimate
from tests.builders import pulled
from tests.experiments import a_run, explained, planned, waiting


@pytest.fixture(scope="module")
def found():
    plan = planned()
    return explained(plan, a_run(plan, {"reset-query": 1.4}, observed=waiting(wal_flush=10.0, running=2.0)))


def shown(found, width=100):
    out = io.StringIO()
    show_explained(Console(file=out, width=width, color_system=None), found)
    return out.getvalue()


def test_a_line_a_constraint_with_what_is_proved_on_top_then_the_sentence_and_whether_to_trust_it(found):
    said = shown(found)
    assert " ".join(said.split()).endswith(f"{found.sentence} Trust: rough. Windows of 2 s.")
    lines = said.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith(COLUMNS[0]))
    assert lines[head + 1].startswith("the pool's reset ")
    assert lines[head + 1].rstrip().endswith("limit")


def test_reasons_are_told_once_for_all_that_share_one(found):
    said = " ".join(shown(found).split())
    untested = [each for each in found.constraints if each.conclusion == "untested"]
    for why in {each.why for each in untested}:
        assert said.count(why) == 1
    assert "Where the workers' time goes: " in said
    assert "unexplained" in said


def test_the_page_has_the_same_words_and_the_parts_of_the_time_are_no_more_than_all_of_it(found):
    [rung] = ExplainedView(found, pulled()).rungs
    assert rung.rows[0]["constraint"] == "the pool's reset query"
    assert all(list(row) == list(COLUMNS) for row in rung.rows)
    assert sum(percent for _, _, percent in rung.budget) <= 100.5


@pytest.mark.parametrize(
    ("gain", "text"),
    [
        (Estimate(estimate=1.61, low=1.55, high=1.67), "+61 % [55, 67]"),
        (Estimate(estimate=1.01, low=0.99, high=1.03), "+1 % [−1, 3]"),
        (Estimate(estimate=0.9, low=None, high=None), "−10 %"),
    ],
)
def test_a_gain_is_written_in_percent_with_its_interval(gain, text):
    assert gain_text(gain) == text


def test_over_several_rungs_the_answer_is_how_the_limit_moves(found):
    [rung] = found.rungs
    assert sentence_of_ladder([rung, rung]) == "What stops each rung: 2-B, 2-B: the pool's reset query (proved)."


def test_in_korean_all_but_names_is_korean_within_80_columns():
    plan = planned()
    with speaking("ko"):
        found = explained(plan, a_run(plan, {"reset-query": 1.4}, observed=waiting(wal_flush=10.0, running=2.0)))
        text = shown(found, width=80)
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "2-B의 병목: Pool의 초기화 쿼리" in text
    assert set(re.findall("[A-Za-z]{2,}", found.sentence)) <= {
        "Pool",
        "WAL",
        "CPU",
        "Lock",
        "synchronous_commit",
        "off",
    }
