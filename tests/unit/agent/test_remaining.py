"""What a run that was cut takes up again."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.agent.run import remaining
from bench.analysis.compare import compare_arms
from bench.engines.postgresql.render import as_variant
from bench.model.plan import UntilDecided
from bench.plan.contrast import alpha_each, decided_after
from bench.stats.sequential import compare_so_far
from bench.validity.judge import VOID
from tests.builders import a_plan, a_record, a_trial, doubtful, pulled, rated, void

PLAN = a_plan(a_trial(1, "1"), a_trial(2, "2-C"), a_trial(3, "2-D"))
CUT = {"agent-ended", "interrupted", "server-restarted"}


def left(*records):
    return [(trial.number, attempt) for trial, attempt in remaining(PLAN, records)]


def test_at_the_start_everything_is_left_in_the_order_of_the_plan():
    assert left() == [(1, 1), (2, 1), (3, 1)]
    assert remaining(PLAN, [])[1][0] == PLAN.trials[1]


def test_what_has_a_record_is_not_run_twice_whatever_the_order():
    assert left(a_record(2), a_record(1, "1")) == [(3, 1)]


def test_a_trial_that_the_end_of_the_agent_cut_is_taken_again_as_the_next_attempt():
    assert left(a_record(1, **void("agent-ended"))) == [(1, 2), (2, 1), (3, 1)]
    assert left(a_record(1, **void("interrupted"))) == [(1, 2), (2, 1), (3, 1)]


def test_a_trial_under_which_the_server_was_restarted_is_taken_again_but_not_for_ever():
    restarted = [a_record(1, attempt=attempt, **void("server-restarted")) for attempt in (1, 2, 3)]
    assert [left(*restarted[:many])[0] for many in (1, 2)] == [(1, 2), (1, 3)]
    assert left(*restarted) == [(2, 1), (3, 1)]


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
        records.append(a_record(trial.number, trial.phase, attempt=attempt, **changes))
    assert remaining(PLAN, records) == []
    ended = [r.trial.number for r in records if not CUT & {reason.code for reason in r.validity.reasons}]
    assert sorted(ended) == [1, 2, 3]
    assert len({record.key for record in records}) == len(records)


# --- until decided ---------------------------------------------------------------------------------------------------


def decided_plan(blocks=5, arms=("a", "b")):
    """Blocks of one phase under each arm."""
    trials = [a_trial(n, block=n // len(arms) + 1, variant=arm) for n, arm in enumerate(arms * blocks)]
    trials = [replace(trial, number=number) for number, trial in enumerate(trials, 1)]
    variants = tuple(as_variant(arm, f"# {arm}\n") for arm in arms)
    return a_plan(*trials, variants=variants, until_decided=UntilDecided(margin=0.02, alpha=0.05))


def ran(plan, rates, trials):
    """Records of the first trials, each rate of its arm's list by block."""
    return [
        a_record(trial.number, block=trial.block, variant=trial.variant, **rated(rates[trial.variant][trial.block - 1]))
        for trial in plan.trials[:trials]
    ]


APART = {"a": [100.0, 101, 99, 100, 101], "b": [200.0, 203, 199, 201, 202]}
ALIKE = {"a": [100.0, 110, 90, 100, 105], "b": [101.0, 95, 108, 97, 103]}


def test_a_run_until_decided_has_nothing_left_after_the_block_that_decides():
    plan = decided_plan()
    assert len(remaining(plan, ran(plan, APART, 5))) == 5
    assert remaining(plan, ran(plan, APART, 6)) == []


def test_it_is_not_looked_at_in_the_middle_of_a_block_nor_before_the_third():
    plan = decided_plan()
    for trials in (0, 2, 4, 5):
        assert len(remaining(plan, ran(plan, APART, trials))) == 10 - trials


def test_a_run_that_is_not_decided_goes_on_to_its_last_block():
    plan = decided_plan()
    assert [len(remaining(plan, ran(plan, ALIKE, trials))) for trials in range(6, 11)] == [4, 3, 2, 1, 0]


def test_a_plan_without_the_rule_runs_every_block():
    plan = replace(decided_plan(), until_decided=None)
    assert len(remaining(plan, ran(plan, APART, 6))) == 4


def test_void_blocks_do_not_count_towards_the_first_look():
    plan = decided_plan()
    assert len(remaining(plan, ran(plan, {"a": APART["a"], "b": [None, *APART["b"][1:]]}, 6))) == 4
    assert remaining(plan, ran(plan, {"a": APART["a"], "b": [None, *APART["b"][1:]]}, 8)) == []


def test_a_refused_arm_does_not_keep_the_others_from_being_decided():
    plan = decided_plan(arms=("a", "b", "c"))
    records = ran(plan, APART | {"c": [None] * 5}, 9)
    refused = [replace(each, **void("refused")) if each.trial.variant == "c" else each for each in records]
    assert len(remaining(plan, records)) == 6
    assert remaining(plan, refused) == []


def test_where_the_baseline_is_refused_there_is_nothing_to_wait_for():
    plan = decided_plan()
    records = ran(plan, {"a": [None] * 5, "b": APART["b"]}, 6)
    assert len(remaining(plan, [replace(r, **void("refused")) if r.trial.variant == "a" else r for r in records])) == 0


def test_where_all_others_are_refused_there_is_nothing_to_wait_for():
    plan = decided_plan()
    records = ran(plan, {"a": APART["a"], "b": [None] * 5}, 2)
    assert remaining(plan, [replace(r, **void("refused")) if r.trial.variant == "b" else r for r in records]) == []


def test_comparisons_share_what_may_be_spent_on_false_alarms():
    source, alarms, alpha = random.Random(11), 0, alpha_each(decided_plan(arms=("a", "b", "c", "d", "e")))
    for _ in range(1500):
        first, *others = ([math.exp(source.gauss(0, 0.03)) for _ in range(5)] for _ in range(5))
        looks = [(each, blocks) for each in others for blocks in range(3, 6)]
        found = [compare_so_far(first[:n], each[:n], 5, margin=0, alpha=alpha).verdict for each, n in looks]
        alarms += found != ["undecided"] * len(looks)
    assert alarms <= 0.06 * 1500


def test_many_arms_and_blocks_have_a_first_look_too():
    plan = decided_plan(blocks=60, arms=tuple("abcdefgh"))
    source = random.Random(10)
    records = ran(plan, {arm: [100 + source.random() for _ in range(60)] for arm in "abcdefgh"}, 3 * 8)
    assert len(remaining(plan, records)) == 57 * 8
    report = compare_arms([replace(pulled(*records), plan=plan)], lambda *_: None)
    assert {pair.verdict for pair in report.cells[0].pairs} == {"undecided"}


def test_all_comparisons_must_be_decided():
    plan = decided_plan(arms=("a", "b", "c"))
    assert len(remaining(plan, ran(plan, APART | {"c": ALIKE["b"]}, 9))) == 6
    assert remaining(plan, ran(plan, APART | {"c": [300.0, 301, 303, 299, 300]}, 9)) == []


@pytest.mark.parametrize("blocks", [6, 12])
def test_looking_after_every_block_raises_at_most_6_percent_false_alarms(blocks):
    source = random.Random(8)
    plan = decided_plan(blocks)
    alarms = 0
    for _ in range(300):
        drift = [0.04 * block / blocks for block in range(blocks)]
        rates = {arm: [1000 * math.exp(x + source.gauss(0, 0.1)) for x in drift] for arm in ("a", "b")}
        whole = ran(plan, rates, 2 * blocks)
        block = decided_after(plan, whole)
        if block is not None:
            a, b = (rates[arm][:block] for arm in ("a", "b"))
            alarms += compare_so_far(a, b, blocks).verdict in ("faster", "slower")
    assert alarms / 300 <= 0.06
