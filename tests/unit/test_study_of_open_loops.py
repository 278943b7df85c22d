"""The page of open loops says what records say, and the study fails where they do not agree."""

import pytest

from bench.store.run_directory import RunDirectory
from tests.readme import CHECKOUT
from tests.studies import open_loop as study
from tests.studies.open_loop import BEYOND, CONDITIONS, NO, UNKNOWN, YES, Row

MOST_BYTES = 3_000_000


def a_row(ours, theirs, figure="p99, ms", **changes):
    given = {"condition": CONDITIONS[0], "share": 0.5, "rows_per_s": 100.0, "beyond": False}
    return Row(figure=figure, ours=ours, theirs=theirs, **(given | changes))


@pytest.mark.parametrize(
    ("row", "agrees"),
    [
        (a_row([10.9, 10.7], [10.0, 10.0]), YES),
        (a_row([11.2, 11.2], [10.0, 10.0]), NO),
        (a_row([8.8, 8.8], [10.0, 10.0]), NO),
        (a_row([1.4, 1.4], [1.0, 1.0]), YES),
        (a_row([1.6, 1.6], [1.0, 1.0]), NO),
        (a_row([100.4, 100.4], [100.0, 100.0], figure="rows/s"), YES),
        (a_row([1.4, 1.4], [1.0, 1.0], figure="rows/s"), NO),
        (a_row([10.0], [10.0]), UNKNOWN),
        (a_row([], []), UNKNOWN),
        (a_row([20.0, 20.0], [10.0, 10.0], beyond=True), BEYOND),
    ],
)
def test_figures_agree_within_a_tenth_or_half_a_millisecond(row, agrees):
    assert row.agrees == agrees


def test_what_does_not_agree_or_is_not_known_fails_the_study_and_is_named():
    found = [a_row([10.0, 10.1], [10.0, 10.0]), a_row([20.0, 20.0], [10.0, 10.0]), a_row([], [], figure="p50, ms")]
    wrong = study.disagreeing(found)
    assert [each.rpartition(", ")[2] for each in wrong] == ["p99 (no)", "p50 (not known)"]
    counted = "1 of 3 figures agree within 10 % or 0.5 ms (p99 1 of 2, p50 0 of 1)"
    assert study.answer(found) == f"{counted}; 1 do not, and of 1 too few blocks tell."
    assert study.disagreeing([a_row([20.0, 20.0], [10.0, 10.0], beyond=True)]) == []


@pytest.mark.skipif(not study.RUNS.is_dir(), reason="make study-open-loop measures it")
def test_the_kept_page_says_what_its_records_say():
    assert study.page() == study.RUNS.with_suffix(".md").read_text()
    for name in (study.CAPACITY, study.RATES):
        run = RunDirectory(study.RUNS / name)
        assert run.check_sums(samples=False)
        assert {path.name for path in run.path.iterdir()} == {"plan.json", "host.json", "trials.jsonl", "SHA256SUMS"}
        assert sum(path.stat().st_size for path in run.path.iterdir()) <= MOST_BYTES


def test_the_study_is_a_goal_of_make():
    assert "\nstudy-open-loop: " in (CHECKOUT / "Makefile").read_text()
