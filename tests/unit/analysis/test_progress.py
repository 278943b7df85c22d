"""A run while it goes on."""

from bench.analysis.progress import Progress, sparkline
from bench.model.record import Reason, Validity
from tests.builders import a_plan, a_record, a_trial


def plan(count):
    return a_plan(*(a_trial(number) for number in range(1, count + 1)))


def test_the_trial_under_way_is_the_first_without_a_record():
    so_far = Progress(plan(3)).with_record(a_record(1))
    assert so_far.next is not None
    assert (so_far.next.number, so_far.done) == (2, 1)


def test_a_trial_that_was_cut_short_is_still_to_do():
    cut = Validity(state="void", reasons=(Reason(code="agent-ended", detail="power"),))
    so_far = Progress(plan(2)).with_record(a_record(1, validity=cut))
    assert so_far.next is not None
    assert (so_far.next.number, so_far.done) == (1, 0)
    assert so_far.with_record(a_record(1, attempt=2)).done == 1


def test_a_record_that_comes_twice_counts_once():
    so_far = Progress(plan(2)).with_record(a_record(1)).with_record(a_record(1))
    assert len(so_far.records) == 1


def test_at_the_end_nothing_is_under_way():
    assert Progress(plan(1)).with_record(a_record(1)).next is None


def test_a_sparkline_keeps_the_last_values_and_a_blank_for_none():
    assert sparkline([1, 10, 100, None], 3) == "▁█ "
    assert sparkline([5, 5], 9) == "▁▁"
    assert sparkline([None, 0.0], 9) == ""
    assert sparkline([], 9) == ""
