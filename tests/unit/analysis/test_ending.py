"""Whether to trust an answer from all trials of a run: what its records carry, and what too little was measured of."""

from dataclasses import replace

import pytest

from bench.analysis.ending import against, is_suspect, trust_of, trusted
from bench.model.outcome import outcome_of
from tests.builders import a_plan, a_record, a_trial, doubtful, void

PLAN = replace(a_plan(*(a_trial(number, block=number) for number in (1, 2, 3))), window_s=20)
COMPANY = doubtful("suspect", "not-alone", "other programs kept 0.9 of 2 cores busy", 0.45)


def records(first=None):
    found = [a_record(number, block=number) for number in (1, 2, 3)]
    if first:
        found[0] = replace(found[0], validity=first)
    return found


def test_of_three_blocks_of_long_windows_without_a_doubt_it_is_good():
    trust = trust_of(records(), PLAN, complete=True)
    assert (trust.level, trust.trials, trust.why) == ("good", 3, ())
    assert trusted(trust) == "Trust: good. Nothing of weight speaks against its 3 trials."


def test_what_speaks_against_it_is_said_doubts_first():
    found = [*records(COMPANY)[:2], a_record(3, **void("rows-lost", "3 rows"))]
    plan = replace(PLAN, window_s=2, trials=PLAN.trials[:2])
    assert trusted(trust_of(found, plan, "a false alarm", complete=False)) == (
        "Trust: rough. 1 of 3 trials is void (rows-lost); 1 of 3 trials had company; the run is not complete;"
        " a false alarm; 2 blocks; windows of 2 s."
    )


def test_without_a_trial_that_counts_there_is_nothing_to_trust():
    assert trust_of([a_record(1, **void())], PLAN, complete=True).level == "none"


@pytest.mark.parametrize("code", ["behind", "refused"])
def test_what_a_trial_was_to_answer_is_no_doubt_of_the_answer(code):
    answered = doubtful("suspect", code)
    assert trust_of(records(answered), PLAN, complete=True).level == "good"
    assert not is_suspect(records(answered)[0])
    assert is_suspect(records(COMPANY)[0])


def test_what_is_slight_speaks_against_nothing():
    assert against(records(doubtful("valid", "some-steal"))) == []


def test_outcomes_tell_as_much_as_whole_records():
    found = records(COMPANY)
    assert trust_of(list(map(outcome_of, found)), PLAN, complete=True) == trust_of(found, PLAN, complete=True)
