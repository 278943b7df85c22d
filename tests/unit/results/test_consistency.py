"""A run's files belong together, or are refused by what contradicts what."""

from dataclasses import replace

import pytest

from bench.engines.postgresql.render import as_variant
from bench.model.codec import from_json, to_json
from bench.model.errors import DataError
from bench.model.plan import UntilDecided
from bench.model.record import Record
from bench.plan.check import check_consistent
from bench.results.consistency import check_records
from tests.builders import a_plan, a_record, a_trial, changed, compared_run, void

RUN = compared_run({"stock": [100.0, 103], "fast": [101.0, 99]})
STOCK, FAST = RUN.plan.variants


def first_changed(**changes):
    return [changed(RUN.records[0], **changes), *RUN.records[1:]]


def test_records_as_planned_belong_and_so_does_one_whose_window_was_never_completed():
    check_records(RUN.plan, RUN.records)
    check_records(RUN.plan, first_changed(**void()))


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
        ({"number": 99}, "is not of a trial of plan"),
    ],
)
def test_a_record_that_contradicts_its_plan_is_refused_by_what_is_not_as_planned(changes, told):
    with pytest.raises(DataError, match=told):
        check_records(RUN.plan, first_changed(**changes))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rows_per_s": 300.0}, "the rows_per_s of trial 1 is 300.0, and the recorder makes 100.0 of its rows"),
        ({"rows_per_s": 100.00000000000001}, "the rows_per_s of trial 1 is 100.00000000000001"),
        ({"rows_per_s": None}, "the rows_per_s of trial 1 is None"),
        ({"settled_rows_per_s": 100.0}, "the settled_rows_per_s of trial 1 is 100.0, and the recorder makes 80.0"),
        ({"checkpoint_s": None}, "the settled_rows_per_s of trial 1 is 80.0, and the recorder makes None"),
        ({"commits_per_s": 1.0}, "the commits_per_s of trial 1 is 1.0"),
        ({"rows": 3}, "the rows_per_s of trial 1 is 100.0, and the recorder makes 1.5"),
        ({**void(), "rows_per_s": 100.0}, "the rows_per_s of trial 1 is 100.0, and the recorder makes None"),
    ],
)
def test_a_rate_that_its_record_does_not_make_is_refused_by_file_and_line(changes, told):
    with pytest.raises(DataError, match=f"^here/trials.jsonl, line 1: {told}"):
        check_records(RUN.plan, first_changed(**changes), "here/trials.jsonl")
    with pytest.raises(DataError, match=r"^trials\.jsonl, line 4: "):
        check_records(RUN.plan, [*RUN.records[1:], first_changed(**changes)[0]])


def test_a_rate_that_no_decimal_holds_exactly_is_still_the_recorders():
    third = first_changed(rows=200, checkpoint_s=0.1, settled_rows_per_s=200 / 2.1)
    check_records(RUN.plan, [from_json(to_json(each), Record, "here") for each in third])


def test_a_trial_recorded_twice_is_refused():
    with pytest.raises(DataError, match="is recorded twice"):
        check_records(RUN.plan, [*RUN.records, RUN.records[0]])


def test_a_text_that_was_changed_and_its_hash_not_is_refused():
    stock, fast = RUN.plan.variants
    plan = replace(RUN.plan, variants=(stock, replace(fast, text="fsync = off\n")))
    with pytest.raises(DataError, match="the text of fast is not the one its sha256 tells"):
        check_records(plan, RUN.records)
    with pytest.raises(DataError, match="the text of harness is not"):
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
    with pytest.raises(DataError, match=told):
        check_records(plan, [a_record()] if plan.run != RUN.plan.run else [])


UNFIT = as_variant("fast", "", "it has nothing for this box")
RULED = replace(
    compared_run({"stock": [100.0] * 3, "fast": [101.0] * 3}).plan,
    until_decided=UntilDecided(margin=0.02, alpha=0.05),
)


def with_variants(*variants):
    return replace(RUN.plan, variants=variants)


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (with_variants(STOCK, replace(FAST, refused="no")), "fast is refused, and has a text all the same"),
        (with_variants(STOCK, replace(UNFIT, refused="")), "fast is refused, and has no reason for it"),
        (replace(RUN.plan, harness=replace(RUN.plan.harness, refused="no")), "the harness is under every variant"),
        (with_variants(replace(UNFIT, name="stock"), UNFIT), "every variant that has trials is refused"),
        (
            with_variants(STOCK, replace(STOCK, name="fast"), as_variant("x", "jit = on")),
            "stock and fast have one text",
        ),
        (replace(RULED, trials=RULED.trials[::2]), "takes two variants or more"),
        (
            replace(RULED, trials=tuple(replace(each, block=(each.block + 1) // 2) for each in RULED.trials)),
            "takes 3 to",
        ),
        (
            replace(RULED, trials=(*RULED.trials, replace(RULED.trials[0], number=99))),
            "block 1 tries stock 2 times in phase 2-C; a run until decided does so once",
        ),
    ],
)
def test_a_plan_that_would_break_later_is_refused_before(plan, told):
    with pytest.raises(DataError, match=told):
        check_consistent(plan)


def test_a_plan_may_set_a_variant_against_itself_refuse_several_and_name_one_without_trials():
    none = [as_variant(name, "", "it has nothing for this box") for name in ("fast", "x")]
    for plan in (
        RULED,
        with_variants(STOCK, replace(STOCK, name="fast")),
        with_variants(STOCK, *none),
        with_variants(STOCK, FAST, replace(FAST, name="same-as-fast")),
    ):
        check_consistent(plan)


def test_a_result_under_a_variant_that_the_plan_refuses_is_refused():
    plan = with_variants(STOCK, UNFIT)
    under = [
        replace(each, variant_sha256=UNFIT.sha256) if each.trial.variant == "fast" else each for each in RUN.records
    ]
    with pytest.raises(DataError, match=r"line 2: trial 2 of run .* has a result, and its plan refuses fast"):
        check_records(plan, under)
    check_records(plan, [replace(each, **void("refused")) if each.trial.variant == "fast" else each for each in under])
