"""The page of open loops says what records say, and the study fails where they do not agree."""

from dataclasses import replace

import pytest

from bench.store.run_directory import RunDirectory
from tests.builders import a_record
from tests.readme import CHECKOUT
from tests.studies import open_loop as study
from tests.studies.open_loop import BEYOND, CONDITIONS, NO, OPEN_YET, UNKNOWN, YES, Row

MOST_BYTES = 3_000_000


def a_row(ours, theirs, figure="p99, ms", **changes):
    given = {"condition": CONDITIONS[0], "share": 0.5, "rows_per_s": 100.0, "beyond": False}
    return Row(figure=figure, ours=ours, theirs=theirs, **(given | changes))


@pytest.mark.parametrize(
    ("row", "agrees"),
    [
        (a_row([10.9, 10.9], [10.0, 10.0]), YES),
        (a_row([10.9, 10.7], [10.0, 10.0]), OPEN_YET),
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
    assert study.answer(found) == f"{counted}; 1 do not, 0 are not shown to or not to, and of 1 too few blocks tell."
    assert study.disagreeing([a_row([20.0, 20.0], [10.0, 10.0], beyond=True)]) == []


def trials(blocks, pgbench=2):
    """Records of the first condition at its lowest rate: in each block pgladder first, then pgbench."""
    condition, records = CONDITIONS[0], []
    for block in range(1, blocks + 1):
        for driver in (condition.driver, *[study.PGBENCH] * pgbench):
            number = len(records) + 1
            trial = replace(condition.trial(driver, 100.0), number=number, block=block)
            records.append(replace(a_record(number), trial=trial))
    return records


def test_of_two_of_pgbench_in_a_block_the_first_and_the_second_are_the_one_and_the_other_in_turn():
    found = study.arms(trials(2))
    assert {arm: [record.trial.number for record in of_arm] for arm, of_arm in found.items()} == {
        study.OURS: [1, 4],
        study.PGBENCH: [2, 6],
        study.AGAIN: [3, 5],
    }


def test_pgbench_is_set_beside_itself_by_the_same_yardstick(monkeypatch):
    monkeypatch.setattr(study, "CONDITIONS", CONDITIONS[:1])
    monkeypatch.setattr(study, "SHARES", (0.2,))
    p99 = {1: 14.0, 2: 10.0, 3: 10.5, 4: 14.0, 5: 12.0, 6: 10.0}
    figures = {number: (1.0, value, 100.0) for number, value in p99.items()}
    of_candidate = {
        candidate: {row.figure: row for row in study.rows(trials(2), figures, candidate)}
        for candidate in (study.OURS, study.AGAIN)
    }
    ours, again = (of[study.FIGURES[1]] for of in of_candidate.values())
    assert (ours.ours, ours.theirs, ours.agrees) == ([14.0, 14.0], [10.0, 10.0], NO)
    assert (again.ours, again.theirs) == ([10.5, 12.0], [10.0, 10.0])
    assert [pair.is_near for pair in again.pairs] == [True, False]
    [line] = study._pooled([ours], [again])
    assert "| 0 of 2 (0–66 %) | 1 of 2 (9–91 %) | 1.400 (1.400–1.400) | 1.122 (" in line


def test_where_pgbench_came_once_a_block_nothing_is_said_of_it_beside_itself():
    assert study.arms(trials(2, pgbench=1))[study.AGAIN] == []
    assert study._itself([], [a_row([], [])]) == ""
    assert "pgbench and pgbench: 1 of 1 figures agree" in study._itself([], [a_row([1.0, 1.0], [1.0, 1.0])])


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
