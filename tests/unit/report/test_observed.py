"""What probes observed, on paper: a line for each, from the least rung's figure to the most; by rung on the page."""

import io

from rich.console import Console

from bench.report.numbers import figure
from bench.report.page.view import LadderView
from bench.report.terminal import observed_lines, show_ladders
from bench.report.words import figure_words
from tests.builders import a_record, a_report, climbed, void


def on_the_page(ladder):
    return LadderView(None, ladder).observed


def record(number, phase="2-C", **figures):
    return a_record(number, phase, observed={"toy": figures})


def test_a_rung_has_the_median_of_the_trials_that_count_and_know_it():
    known = [record(number, depth_pct=depth) for number, depth in ((1, 10.0), (2, 30.0), (3, 50.0))]
    uncounted = a_record(5, observed={"toy": {"depth_pct": 999.0}}, **void())
    [rung] = climbed(*known, record(4, depth_pct=None), uncounted)[0].rungs
    assert rung.observed == {"toy": {"depth_pct": 30.0}}


def test_what_no_trial_knows_is_null_and_what_earlier_releases_did_not_observe_is_not_there():
    assert climbed(record(1, depth_pct=None))[0].rungs[0].observed == {"toy": {"depth_pct": None}}
    assert climbed(a_record(1))[0].rungs[0].observed == {}


def test_a_line_goes_from_the_least_rung_to_the_most_and_leaves_out_what_is_not_known():
    ladders = climbed(
        record(1, depth_pct=2.0, heat_c=None, rows=3.0), record(2, "2", depth_pct=75.5, heat_c=None, rows=3.0)
    )
    assert list(observed_lines(ladders)) == ["observed, toy: depth 2 to 75.5 %, rows 3."]
    assert list(observed_lines(climbed(record(1, depth_pct=None)))) == []


def test_it_stands_below_the_ladders_within_80_columns():
    out = Console(file=io.StringIO(), width=80, highlight=False)
    figures = {f"figure_number_{number}_mb_per_s": 1e6 + number for number in range(12)}
    show_ladders(out, a_report(record(1, **figures)), detail=True)
    after = out.file.getvalue().partition("observed, toy: ")[2]
    assert "figure number 11 1.000M MB/s." in " ".join(after.split())
    assert max(map(len, after.splitlines())) <= 80


def test_the_unit_is_at_the_end_of_a_figures_name():
    named = ("disk_written_mb_per_s", "disk_writes_per_s", "busy_pct", "temperature_c", "went_s", "depth")
    assert [figure_words(name) for name in named] == [
        ("disk written", "MB/s"),
        ("disk writes", "/s"),
        ("busy", "%"),
        ("temperature", "°C"),
        ("went", "s"),
        ("depth", ""),
    ]
    assert [figure(value) for value in (None, 0.0, -5.0, -12345.0, 0.25)] == ["–", "0", "-5", "-12,345", "0.25"]


def test_the_page_has_each_rung_with_every_figure_that_some_rung_has():
    [ladder] = climbed(record(1, depth_pct=2.0), a_record(2, "2"))
    assert [(name.split()[0], figures) for name, figures in on_the_page(ladder)] == [
        ("2", [("toy depth %", "–")]),
        ("2-C", [("toy depth %", "2")]),
    ]
    assert on_the_page(climbed(a_record(1))[0]) == []
