"""What a run that was cut takes up again."""

from hypothesis import given
from hypothesis import strategies as st

from bench.agent.judge import VOID
from bench.agent.run import remaining
from tests.builders import a_plan, a_record, a_trial, doubtful, void

PLAN = a_plan(a_trial(1, "1"), a_trial(2, "2-C"), a_trial(3, "2-D"))
CUT = {"agent-ended", "interrupted"}


def left(*records):
    return [(trial.trial, attempt) for trial, attempt in remaining(PLAN, records)]


def test_at_the_start_everything_is_left_in_the_order_of_the_plan():
    assert left() == [(1, 1), (2, 1), (3, 1)]
    assert remaining(PLAN, [])[1][0] == PLAN.trials[1]


def test_what_has_a_record_is_not_run_twice_whatever_the_order():
    assert left(a_record(2), a_record(1, "1")) == [(3, 1)]


def test_a_trial_that_the_end_of_the_agent_cut_is_taken_again_as_the_next_attempt():
    assert left(a_record(1, **void("agent-ended"))) == [(1, 2), (2, 1), (3, 1)]
    assert left(a_record(1, **void("interrupted"))) == [(1, 2), (2, 1), (3, 1)]


def test_a_trial_cut_twice_is_taken_a_third_time():
    cut = [a_record(1, attempt=attempt, **void("agent-ended")) for attempt in (1, 2)]
    assert left(*cut) == [(1, 3), (2, 1), (3, 1)]


def test_a_later_attempt_that_came_to_its_end_counts():
    assert left(a_record(1, **void("interrupted")), a_record(1, attempt=2)) == [(2, 1), (3, 1)]


def test_a_suspect_trial_is_done():
    assert left(a_record(1, validity=doubtful("suspect", "in-flight"))) == [(2, 1), (3, 1)]


@given(st.sampled_from(sorted(VOID - CUT)))
def test_a_trial_void_for_another_reason_is_a_result_and_not_taken_again(code):
    assert left(a_record(1, **void(code))) == [(2, 1), (3, 1)]


@given(st.lists(st.sampled_from(["whole", "agent-ended", "interrupted", "client-error"]), max_size=12))
def test_a_run_cut_again_and_again_runs_every_trial_to_its_end_exactly_once(fates):
    records = []
    for fate in [*fates, *["whole"] * 3]:
        todo = remaining(PLAN, records)
        if not todo:
            break
        trial, attempt = todo[0]
        changes = {} if fate == "whole" else void(fate)
        records.append(a_record(trial.trial, trial.phase, attempt=attempt, **changes))
    assert remaining(PLAN, records) == []
    ended = [r.trial for r in records if not CUT & {reason.code for reason in r.validity.reasons}]
    assert sorted(ended) == [1, 2, 3]
    assert len({(record.trial, record.attempt) for record in records}) == len(records)
