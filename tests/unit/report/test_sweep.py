"""A sweep on the terminal and on its page: the sentence, a line a point, the curve and what it is held against."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from bench.analysis.sweep import sweep
from bench.questions.report import _compared
from bench.report.page import build_page
from bench.report.page.assets import Assets
from bench.report.page.sweeping import CurveView, SweepView
from bench.report.sweep import show_sweep
from bench.results.read import ladder_of
from tests.builders import doubtful
from tests.sweeps import POOLS, Box, a_sweep, at_rates, planned, swept_run

KNEE = (100, 200, 400, 402, 399)
LAW = tuple(1000 * n / (1 + 0.05 * (n - 1) + 0.002 * n * (n - 1)) for n in POOLS)


def shown(found):
    out = io.StringIO()
    show_sweep(Console(file=out, width=80), found)
    return out.getvalue()


def of_page(run):
    found = sweep(run)
    html = build_page([run], [ladder_of(run)], Assets("/* vega */", {}), "0.1.0", sweeps=[(found, "bench-1")])
    return found, html


def view(run):
    found = sweep(run)
    [curve] = found.curves
    return CurveView(found, curve)


def test_the_terminal_has_a_line_a_point_and_ends_with_the_sentence_and_whether_to_trust_it():
    found = sweep(a_sweep(KNEE))
    said = shown(found)
    last = " ".join(said.split()).partition(found.sentence)[2]
    assert last == " Trust: rough. Windows of 2 s."
    table = said.partition("2-B: beyond")[0]
    firsts = [line.split()[0] for line in table.splitlines() if line.split()]
    assert [first for first in firsts if first.isdigit()] == list(map(str, POOLS))
    assert max(map(len, said.splitlines())) <= 80


def test_at_rates_the_terminal_has_what_was_kept_of_what_came():
    said = shown(sweep(at_rates(lambda _: 31_000, (10_000, 20_000, 40_000))))
    assert "of what came" in said
    assert "to the fastest" not in said
    [line] = [line for line in said.splitlines() if line.strip().startswith("20000 ")]
    assert line.rstrip().endswith("kept up")


def test_the_page_begins_with_the_sentence_and_shows_every_point():
    found, html = of_page(a_sweep(KNEE))
    assert html.count(found.sentence) == 1
    assert html.index(found.sentence) < html.index('data-chart="curve"')
    assert 'data-chart="curve"' in html
    assert 'data-chart="delays"' in html
    assert html.index('class="part sweep"') < html.index('id="climb"')


def test_the_knee_is_marked_on_the_curve_and_each_point_has_its_interval():
    rate, delays = view(a_sweep(KNEE)).figures
    assert [row["at"] for row in rate.rows] == list(POOLS)
    assert [row["at"] for row in rate.rows if row["knee"]] == [4]
    assert all(row["low"] <= row["rate"] <= row["high"] for row in rate.rows)
    assert {row["kind"] for row in delays.rows} == {"p50", "p99"}


def test_the_scalability_law_is_drawn_where_it_fits_and_nowhere_else():
    fits, does_not = view(a_sweep(LAW, noise=0.001)), view(a_sweep((100, 300, 320, 900, 950), noise=0.001))
    assert all(row["guide"] == pytest.approx(row["rate"], rel=0.05) for row in fits.figures[0].rows)
    assert fits.about[0].startswith("Dashed: the Universal Scalability Law")
    assert [row["guide"] for row in does_not.figures[0].rows] == [None] * len(POOLS)
    assert not any(line.startswith("Dashed") for line in does_not.about)


def test_rates_are_held_against_what_came():
    of_rates = view(at_rates(lambda _: 31_000, (10_000, 20_000, 40_000)))
    assert [row["guide"] for row in of_rates.figures[0].rows] == [10_000, 20_000, 40_000]
    assert SweepView(of_rates.found, "bench-1").title == "Which rates are kept up?"


def test_a_grid_has_a_line_for_each_value_of_the_parameter_with_fewer():
    points = ({"batch": 10}, {"batch": 100})
    grid = view(at_rates(lambda own: 150 * own.batch, (1_000, 5_000, 10_000), points=points))
    assert grid.along == "rate"
    assert [name for _, name in grid.key] == ["batch 10", "batch 100"]


def test_of_values_that_are_no_numbers_there_is_no_curve():
    plan = planned("reset=query,none", "2-B", blocks=3)
    run = swept_run(plan, Box(lambda value: {"query": 100, "none": 130}[value], of="reset").carry_out(plan))
    assert view(run).figures == []
    assert 'data-chart="curve"' not in of_page(run)[1]


def test_points_of_a_sweep_that_refines_are_all_drawn():
    plan = planned()
    run = swept_run(plan, Box(lambda pool: 1000 * min(pool, 6)).carry_out(plan))
    assert [row["at"] for row in view(run).figures[0].rows] == [1, 2, 4, 5, 6, 8, 16, 32]


def test_what_is_swept_is_not_compared_once_more():
    assert _compared(a_sweep(KNEE).plan) == []


def test_doubts_stand_in_a_column_of_their_own_suspect_trials_among_them():
    run = a_sweep(KNEE, spoiled={(1, 4)})
    company = doubtful("suspect", "not-alone", "others", 0.5)
    records = [replace(each, validity=company) if each.trial.number == 1 else each for each in run.records]
    found = sweep(replace(run, records=records))
    said = shown(found)
    head, *lines = [line.strip() for line in said.splitlines() if re.match(r" *(pool|\d+) ", line)]
    assert head.split()[-1] == "doubts"
    doubted = [line.split()[-2:] for line in lines if line.endswith(("void", "suspect"))]
    assert doubted == [["1", "suspect"], ["1", "void"]]
    assert "1 of 30 trials had company" in " ".join(said.split())
    assert "doubts" not in shown(sweep(a_sweep(KNEE)))


def test_that_a_rate_is_too_much_is_the_answer_and_no_doubt():
    run = at_rates(lambda _: 31_000, (10_000, 40_000))
    behind = doubtful("suspect", "behind", "most of it was not begun", 0.5)
    found = sweep(replace(run, records=[replace(each, validity=behind) for each in run.records]))
    assert [point.suspect for point in found.curves[0].points] == [0, 0]
    assert found.trust.why == ("windows of 2 s",)
