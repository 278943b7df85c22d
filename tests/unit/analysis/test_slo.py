"""What a search tells, in a sentence for each way of writing, and what it is told from."""

import re
from dataclasses import replace

import pytest
from rich.console import Console

from bench.analysis.slo import slo
from bench.model.errors import UsageError
from bench.plan.remaining import remaining
from bench.questions.slo import check, sound
from bench.report.slo import show_slo
from tests.builders import changed, doubtful, pulled, void
from tests.unit.plan.test_promise import carried_out, of_trial, searching, seen, up_to


def a_run(plan, records, **changes):
    """The run as it is read: without the trials that tell of its clients alone."""
    own = [record for record in records if not record.trial.experiment]
    run = pulled(*own, **changes)
    return replace(run, plan=plan.as_asked())


def told(
    plan,
    limit=4321.0,
    *,
    capacity=20_000.0,
    overload=None,
    after=None,
    drained=None,
    durability="durable",
    most=1000,
):
    """What is told of a search on a server that keeps the promise up to a rate."""
    records = carried_out(plan, up_to(limit), capacity=capacity, most=most)
    if overload is not None:
        records[-2] = replace(records[-2], open_loop=overload)
    if drained is not None:
        records[-1] = replace(records[-1], open_loop=replace(records[-1].open_loop, drained_s=drained))
    if after is not None:
        records[-1] = replace(records[-1], open_loop=after)
    return slo(a_run(plan, [replace(record, durability=durability) for record in records]))


def test_the_sentence_says_up_to_which_rate_how_surely_and_what_becomes_of_more():
    found = told(searching(), overload=seen(beyond=9000, waiting=1200), drained=3.14)
    assert found.sentence == (
        "2-B keeps 99 % of rows within 50 ms up to 4,260 rows/s (10 of 10 repeats); not 4,390 rows/s (0 of 2"
        " repeats); in one trial at 5,110 rows/s 12 % were still waiting when the window closed, and"
        " the queue that 10 s of it leave was gone 3.1 s later."
    )
    [answer] = found.answers
    assert (answer.highest.rate, answer.above.rate, answer.overload.rate) == (4260, 4390, 5110)
    assert (answer.above.kept, answer.above.repeats) == (0, 2)
    assert (answer.overload.beyond, answer.overload.waiting, answer.overload.kept_after) == (0.9, 0.12, None)
    assert (answer.overload.surge.lasted_s, answer.overload.surge.drained_s) == (10, 3.14)
    assert [tried.trials for tried in answer.tried if tried.rate == 4260] == [11]
    assert answer.capacity_rows_per_s == 20_000
    assert sound(found)


def test_what_is_over_the_promise_without_a_queue_is_told_as_that():
    text = told(searching(), overload=seen(beyond=400)).sentence
    left = "the queue that 10 s of it leave was still there 10 s later."
    assert f"; in one trial at 5,110 rows/s 4 % took longer, and {left}" in text


def test_of_pgbench_which_keeps_to_one_rate_it_says_whether_that_was_kept_right_after_more():
    plan = searching("1-B", drivers=["pgbench"])
    assert ", and right after that it is kept again." in told(plan).sentence
    found = told(plan, after=seen(beyond=5000))
    assert ", and right after that it is not kept." in found.sentence
    assert (found.answers[0].overload.kept_after, found.answers[0].overload.surge) == (False, None)


@pytest.mark.parametrize(
    ("rate", "sentence", "good"),
    [
        (2000.0, "2-B keeps 99 % of rows within 50 ms at 2,000 rows/s (10 of 10 repeats), and up to 4,280 (10", True),
        (4321.0, "2-B keeps 99 % of rows within 50 ms at 4,321 rows/s (10 of 10 repeats), and not at more", True),
        (6000.0, "2-B does not keep 99 % of rows within 50 ms at 6,000 rows/s (0 of 2 repeats), but up to 4,", False),
    ],
)
def test_of_a_rate_that_is_asked_for_it_says_whether_it_is_kept(rate, sentence, good):
    found = told(searching(rate=rate))
    assert found.sentence.startswith(sentence)
    assert sound(found) == good


def test_what_keeps_no_rate_says_down_to_which_none_is():
    found = told(searching(), 0.0)
    assert found.sentence == (
        "2-B keeps no rate: not 99 % of rows within 50 ms at 181 rows/s, the lowest that is tried unasked"
        " (0 of 3 trials); ask for --rate 90."
    )
    assert sound(found)
    found = told(searching(rate=500.0), 0.0)
    assert "at 500 rows/s (0 of 2 repeats), nor at any other down to 57.8" in found.sentence
    assert not sound(found)


@pytest.mark.parametrize(
    ("rate", "capacity", "says"),
    [
        (
            10_000.0,
            20_000.0,
            "nor at any other down to 181 rows/s, the lowest that is tried beside it; ask for --rate 90.",
        ),
        (
            100_000.0,
            400.0,
            "and a closed loop reaches 400 rows/s, where 607 rows/s is the lowest that is tried beside it; ask for"
            " --rate 200.",
        ),
    ],
)
def test_beside_a_rate_that_is_asked_for_it_is_not_the_window_that_bounds_the_rates(rate, capacity, says):
    found = told(searching(rate=rate, window=20.0), 0.0, capacity=capacity)
    assert found.sentence.endswith(f" repeats), {says}")
    assert "windows" not in found.sentence


def test_where_the_window_bounds_the_rates_it_says_so():
    found = told(searching(window=2.0), 0.0)
    assert re.search(
        r"keeps no rate: .* at 5\d\d rows/s, the lowest of which windows of 2 s tell \(0 of", found.sentence
    )


def test_a_box_slower_than_all_rates_that_are_tried_unasked_is_told_to_ask_for_one():
    found = told(searching(), 0.0, capacity=80.0)
    assert found.sentence == (
        "2-B: a closed loop reaches 80 rows/s, and 181 rows/s is the lowest that is tried unasked; ask for --rate 40."
    )


def test_a_window_too_short_for_a_box_says_how_long_a_one_would_do():
    found = told(searching(window=2.0), 0.0, capacity=400.0)
    assert "a closed loop reaches 400 rows/s, and windows of 2 s tell of 99 % from 5" in found.sentence
    assert "ask for --window 6 or longer" in found.sentence


def test_what_a_power_cut_would_take_stands_in_the_same_sentence():
    found = told(searching(variants=["async-commit"]), durability="may lose last 600 ms")
    assert "2-B (async-commit) keeps 99 %" in found.sentence
    assert "(10 of 10 repeats), at the risk of the last 600 ms; not" in found.sentence


def test_each_way_of_writing_has_its_sentence_and_its_name():
    plan = searching("1-B", "2-B", variants=["stock", "async-commit"], window=10.0)
    found = told(plan, 900.0)
    names = [sentence.split(" keeps")[0] for sentence in found.sentence.split(". ")]
    assert names == ["1-B (stock)", "1-B (async-commit)", "2-B (stock)", "2-B (async-commit)"]


def test_a_search_that_was_cut_says_what_is_known():
    found = told(searching(), most=5)
    assert not found.complete
    assert found.sentence.startswith("2-B: the search has not come to its end; so far a trial kept it at")
    assert not sound(found)
    assert told(searching(), most=1).answers[0].tried == ()


def test_rates_that_the_clients_can_not_send_are_said_to_be_theirs():
    plan = searching()
    can_not = "7,060 rows/s are 71% of what these clients can send (9,900 rows/s)"
    records = []
    while left := remaining(plan, records):
        trial, _ = left[0]
        record = of_trial(trial)
        if (trial.parameters.rate or 0) > 7000:
            record = changed(record, **void("refused", can_not))
        records.append(record)
    found = slo(a_run(plan, records))
    assert found.sentence.endswith(f"up to 6,920 rows/s (10 of 10 repeats); no more was offered: {can_not}.")
    assert found.answers[0].not_offered.rate > 7000


def test_a_variant_that_never_ran_says_why():
    plan = searching(variants=["io-uring"])
    records = carried_out(plan, up_to(0), most=2)
    refused = doubtful("void", "refused", "refused: io-uring takes PostgreSQL 18")
    found = slo(a_run(plan, [records[0], replace(records[1], validity=refused)]))
    assert found.sentence == "2-B (io-uring): refused: io-uring takes PostgreSQL 18."
    assert not sound(found)


def test_what_was_tried_is_a_table_of_eighty_columns(capsys):
    plan = searching(rate=6000.0)
    out = Console(width=80, force_terminal=False, highlight=False)
    show_slo(out, told(plan, overload=seen(beyond=9000, waiting=1200)))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.split()[0] == "6,000" and line.endswith("asked for") for line in lines if line.strip())
    assert sum("highest" in line.split()[-1:] for line in lines) == 1
    assert sum("overload" in line.split()[-1:] for line in lines) == 1


def test_a_run_or_a_plan_that_promises_nothing_is_refused():
    with pytest.raises(UsageError, match="searched for no rate"):
        slo(pulled())
    plan = replace(searching(), promise=None)
    with pytest.raises(UsageError, match="--p99 50ms"):
        check(plan, {})
    check(searching(), {"p99": 50.0})
