"""A run's files belong together, or are refused by what contradicts what."""

from dataclasses import replace

import pytest

from bench.analysis.belongs import check_records
from bench.model import WrongUseError
from bench.plan import check_consistent
from tests.builders import a_plan, a_record, a_trial, compared_run, void

RUN = compared_run({"stock": [100.0, 103], "fast": [101.0, 99]})


def changed(**changes):
    return [replace(RUN.records[0], **changes), *RUN.records[1:]]


def test_records_as_planned_belong_and_so_does_one_whose_window_was_never_completed():
    check_records(RUN.plan, RUN.records)
    check_records(RUN.plan, changed(**void()))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seconds": 20}, "its seconds is 20, planned is 2"),
        ({"seconds": 1.999}, "its seconds is 1.999, planned is 2"),
        ({"preload_rows": 1_000_000}, "its preload_rows is 1000000, planned is 0"),
        ({"warm_up_s": 9}, "its warm_up_s is 9, planned is 1"),
        ({"variant_sha256": "0" * 64}, "its variant_sha256 is 0000"),
        ({"layout": "unlogged"}, "its layout is unlogged, planned is plain"),
        ({"batch": 7}, "its batch is 7"),
        ({"phase": "2-D"}, "its phase is 2-D, planned is 2-C"),
        ({"block": 2}, "its block is 2, planned is 1"),
        ({"run": "another"}, "is not of a trial of plan"),
        ({"trial": 99}, "is not of a trial of plan"),
    ],
)
def test_a_record_that_contradicts_its_plan_is_refused_by_what_is_not_as_planned(changes, told):
    with pytest.raises(WrongUseError, match=told):
        check_records(RUN.plan, changed(**changes))


def test_a_trial_recorded_twice_is_refused():
    with pytest.raises(WrongUseError, match="is recorded twice"):
        check_records(RUN.plan, [*RUN.records, RUN.records[0]])


def test_a_text_that_was_changed_and_its_hash_not_is_refused():
    stock, fast = RUN.plan.variants
    plan = replace(RUN.plan, variants=(stock, replace(fast, text="fsync = off\n")))
    with pytest.raises(WrongUseError, match="the text of fast is not the one its sha256 tells"):
        check_records(plan, RUN.records)
    with pytest.raises(WrongUseError, match="the text of harness is not"):
        check_consistent(replace(RUN.plan, harness=replace(RUN.plan.harness, text="port = 1\n")))


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (replace(RUN.plan, variants=RUN.plan.variants[:1]), "trial 2 is of fast, no variant of the plan"),
        (replace(RUN.plan, variants=()), "trial 1 is of stock, no variant of the plan"),
        (replace(RUN.plan, variants=RUN.plan.variants[:1] * 2), "has the variant stock twice"),
        (replace(RUN.plan, trials=()), "has no trials"),
        (a_plan(a_trial(1), a_trial(1)), "has two trials of one number"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(plan, told):
    with pytest.raises(WrongUseError, match=told):
        check_records(plan, [a_record()] if plan.run != RUN.plan.run else [])
