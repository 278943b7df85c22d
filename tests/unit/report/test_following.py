"""Boxes that are followed: a row each on a terminal, plain lines elsewhere."""

import io
from dataclasses import replace

from rich.console import Console

from bench.analysis.progress import Progress
from bench.plan.repeat import USUAL
from bench.report import following
from bench.report.following import WAITS, Following, Row, cells, left_s
from tests.builders import a_plan, a_record, a_trial, doubtful, void


def plan(count=4):
    return a_plan(*(a_trial(number, block=(number + 1) // 2) for number in range(1, count + 1)))


def begun(*seconds):
    return [a_record(number, started=f"2026-07-28T10:00:{at:02d}.000+00:00") for number, at in enumerate(seconds, 1)]


def test_a_row_tells_trial_block_rate_course_and_what_is_left():
    first, second = begun(0, 10)
    so_far = Progress(plan()).with_record(replace(first, rows_per_s=1000.0))
    so_far = so_far.with_record(replace(second, rows_per_s=9000.0))
    row = Row(so_far, state="running", since=5.0)
    assert cells("n100", row, left_s([row], now=5.0)) == [
        "n100",
        "3/4",
        "2/2",
        "2-C stock plain",
        "2-C stock 9,000",
        "▁█",
        "–",
        "20 s",
    ]


def test_the_last_rate_stands_under_its_own_trials_name_not_under_the_next_ones():
    so_far = Progress(a_plan(a_trial(1, "2-G"), a_trial(2, "1", variant="big-wal"), a_trial(3, "2")))
    so_far = so_far.with_record(a_record(1, "2-G", rows_per_s=500_000.0))
    assert cells("n100", Row(so_far, state="running"), 0)[3:5] == ["1 big-wal plain", "2-G stock 500.0k"]
    so_far = so_far.with_record(a_record(2, "1", variant="big-wal", **void()))
    assert cells("n100", Row(so_far, state="running"), 0)[3:5] == ["2 stock plain", "1 big-wal –"]


def test_what_is_left_goes_by_what_trials_take_whenever_following_began():
    so_far = Progress(plan(6))
    for record in begun(0, 10, 20, 45):  # one that was longer is not the rule
        so_far = so_far.with_record(record)
    row = Row(so_far, state="running", since=100.0)
    left = [left_s([row], now) for now in (100.0, 104.0, 110.0, 500.0)]
    assert left == [20.0, 16.0, 10.0, 10.0]  # two trials are left; that under way takes longer than usual


def test_before_two_trials_are_there_the_plan_tells_what_is_left():
    so_far = Progress(plan()).with_record(a_record(1))
    assert left_s([Row(so_far, state="running", since=0.0)], now=0.0) == 12.0


def test_what_is_left_has_repetitions_to_come_in_it():
    trials = [a_trial(number, block=(number + 1) // 2, variant="stock") for number in range(1, 21)]
    so_far = Progress(a_plan(*trials, repeat_suspect=USUAL))
    disturbed = doubtful("suspect", "not-alone", "others", 0.5)
    for number, record in enumerate(begun(0, 5, 10, 15), 1):
        validity = disturbed if number == 1 else record.validity
        so_far = so_far.with_record(replace(record, trial=trials[number - 1], validity=validity))
    # Trials 5 to 20, the first again, and of sixteen as many as of these four.
    assert left_s([Row(so_far, state="running", since=0.0)], now=0.0) == 5 * (16 + 1 + 4)


def test_a_run_that_ended_says_how_and_counts():
    so_far = Progress(plan(1)).with_record(a_record(1))
    assert cells("n100", Row(so_far, state="finished"), 0)[:4] == ["n100", "1/1", "", "finished"]


def measured(so_far, *seconds):
    for record in begun(*seconds):
        so_far = so_far.with_record(record)
    return so_far


def test_of_boxes_that_take_turns_what_is_left_is_that_of_all_one_after_the_other():
    one, other = measured(Progress(plan(4)), 0, 10), measured(Progress(plan(4)), 20, 30)
    rows = [Row(one, state="running", since=50.0), Row(other, state=WAITS, since=40.0)]
    assert [left_s(rows, now) for now in (50.0, 54.0)] == [40.0, 36.0]
    rows[1].state = "not followed"
    assert left_s(rows, 50.0) == 20.0


def test_a_box_that_waits_for_its_turn_says_so_and_when_all_is_done():
    out = Console(file=io.StringIO(), width=80)
    view = Following(out, gated=True)
    for host in ("a", "b"):
        view.begins(host, Progress(plan()))
    view.measures("b")
    out.print(view._table())
    first, second = (" ".join(line.split()) for line in out.file.getvalue().splitlines()[2:])
    assert first == "a 1/4 1/2 waits at its gate – – 32 s"
    assert second == "b 1/4 1/2 2-C stock plain – – 32 s"


def test_without_a_terminal_each_trial_is_a_line_and_nothing_else_is_written():
    out = Console(file=io.StringIO(), width=80)
    view = Following(out)
    view.begins("n100", Progress(plan(2)))
    view.recorded("n100", Progress(plan(2)), a_record(1, rows_per_s=1000.0))
    view.recorded("n100", Progress(plan(2)), a_record(2, **void()))
    view.ended("n100", "finished")
    view.close()
    assert out.file.getvalue().splitlines() == [
        "n100: trial 1 of 2, 2-C stock plain tcp, 1,000 rows/s",
        "n100: trial 2 of 2, 2-C stock plain tcp, – rows/s void: the connection was lost",
    ]


def test_of_a_suspect_trial_the_line_has_the_codes_alone_and_a_long_one_is_broken_at_80_columns():
    out = Console(file=io.StringIO(), width=80)
    view = Following(out)
    variant = "a-very-long-name-of-a-variant-of-someone-else-1234567"
    reason = doubtful("suspect", "not-alone", "other programs kept 0.9 of 2 cores busy, most of it a, b", 0.45)
    view.begins("n100-in-the-cellar", Progress(plan(2)))
    view.recorded("n100-in-the-cellar", Progress(plan(2)), a_record(1, variant=variant, validity=reason))
    lines = out.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(" ".join(lines).split()).endswith("rows/s suspect: not-alone")


def test_where_nothing_else_is_printed_for_a_while_a_line_says_what_is_under_way(monkeypatch):
    out = Console(file=io.StringIO(), width=80)
    view = Following(out)
    view.begins("n100", Progress(plan(2)))
    view.tick()
    assert out.file.getvalue() == ""
    monkeypatch.setattr(following, "SILENT_S", 0)
    view.tick()
    assert out.file.getvalue() == "n100: under way: trial 1 of 2, 2-C stock plain tcp, 8 s left\n"
    monkeypatch.setattr(following, "SILENT_S", 30)
    view.tick()
    assert out.file.getvalue().count("\n") == 1


def test_of_boxes_that_take_turns_only_the_one_that_measures_is_said_to_be_under_way(monkeypatch):
    monkeypatch.setattr(following, "SILENT_S", 0)
    out = Console(file=io.StringIO(), width=80)
    view = Following(out, gated=True)
    for host in ("a", "b", "c"):
        view.begins(host, Progress(plan()))
    view.measures("b")
    view.ended("c", "finished")
    view.tick()
    [line] = out.file.getvalue().splitlines()
    assert line.startswith("b: under way: trial 1 of 4, ")
