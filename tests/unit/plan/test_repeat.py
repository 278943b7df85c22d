"""Which suspect trials are measured again: by what others took, the worst first, each once, no more than planned."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.pulled import complete, finished, latest, repetition_notes
from bench.engines.postgresql.render import as_variant
from bench.model.errors import DataError, UsageError
from bench.model.plan import Repeating, UntilDecided
from bench.model.record import Reason, Validity
from bench.plan.check import check_plan
from bench.plan.contrast import by_cell
from bench.plan.estimate import estimate
from bench.plan.rates import counting
from bench.plan.remaining import remaining
from bench.plan.repeat import DOUBTS, USUAL, chosen, due, repeated, repeated_unasked, repetitions_at_most, to_expect
from bench.plan.rule import decided_after
from bench.validity.judge import VOID
from bench.workload.phase import ladder
from tests.builders import a_plan, a_record, a_trial, changed, doubtful, pulled, rated, void
from tests.unit.plan.test_design import planned

BOTH = tuple(as_variant(name, f"# {name}\n") for name in ("stock", "async-commit"))


def a_comparison(blocks=4, arms=("stock", "async-commit"), **changes):
    """A plan of blocks of these; trials 1 and 2 are its first block."""
    trials = [
        a_trial(block * len(arms) + place + 1, block=block + 1, variant=arm)
        for block in range(blocks)
        for place, arm in enumerate(arms)
    ]
    return a_plan(*trials, **{"repeat_suspect": USUAL, **changes})


def took(*shares, attempt=1, first=1):
    """Records of trials in each of which others took so much; 0: nobody disturbed it."""
    found = []
    for number, share in enumerate(shares, first):
        validity = Validity(state="valid")
        if share:
            validity = doubtful("suspect", "not-alone", "others", share)
        found.append(a_record(number, block=(number + 1) // 2, attempt=attempt, validity=validity))
    return found


def numbers(trials):
    return [trial.number for trial in trials]


# --- which -----------------------------------------------------------------------------------------------------------


def test_the_worst_of_a_block_is_repeated_once_the_block_came_to_its_end():
    plan = a_comparison()
    assert numbers(chosen(plan, took(0.3))) == []
    assert numbers(chosen(plan, took(0.3, 0.5))) == [2]
    assert numbers(chosen(plan, took(0.5, 0.3))) == [1]


def test_a_plan_without_it_repeats_nothing():
    assert chosen(a_comparison(repeat_suspect=None), took(0.3, 0.5)) == []


def test_at_most_three_of_ten_are_repeated_and_no_block_uses_up_what_a_later_one_needs():
    plan = a_comparison(blocks=10)
    every = took(*[0.5] * 20)
    assert repetitions_at_most(plan) == 6
    assert [(number + 1) // 2 for number in numbers(chosen(plan, every))] == [1, 2, 4, 6, 7, 9]


def test_what_quiet_blocks_left_a_later_one_may_use():
    plan = a_comparison(blocks=5)
    assert numbers(chosen(plan, took(0, 0, 0, 0, 0, 0, 0.2, 0.4))) == [8, 7]


@given(st.lists(st.floats(0, 0.9), min_size=24, max_size=24))
def test_each_is_repeated_once_and_never_more_than_planned_whatever_happens(shares):
    plan = a_comparison(blocks=12)
    found = numbers(chosen(plan, took(*shares)))
    assert len(found) == len(set(found)) <= repetitions_at_most(plan) == 7
    assert all(shares[number - 1] > 0 for number in found)


@pytest.mark.parametrize(
    "code",
    [
        *("stalled", "clients-stalled", "not-steady", "few-commits", "in-flight", "flush-rate"),
        *("cpu-quota", "host-full", "throttled", "swapped", "agent-late"),
    ],
)
def test_a_doubt_that_may_depend_on_the_rate_chooses_no_trial(code):
    records = [a_record(1, block=1, validity=doubtful("suspect", code, share=0.9)), *took(0, first=2)]
    assert chosen(a_comparison(), records) == []


def test_steal_and_other_programs_count_together_and_other_doubts_beside_them_do_not():
    both = Validity(
        state="suspect",
        reasons=(
            Reason(code="not-alone", detail="", share=0.2),
            Reason(code="steal", detail="", share=0.2),
        ),
    )
    stalled = Validity(
        state="suspect",
        reasons=(Reason(code="stalled", detail="", share=0.9), Reason(code="not-alone", detail="", share=0.3)),
    )
    records = [a_record(1, block=1, validity=stalled), a_record(2, block=1, validity=both)]
    assert numbers(chosen(a_comparison(), records)) == [2]


def test_the_rates_play_no_part():
    plan = a_comparison()
    for slow, quick in ((1, 1000), (1000, 1)):
        records = [replace(record, rows_per_s=rate) for record, rate in zip(took(0.3, 0.5), (slow, quick), strict=True)]
        assert numbers(chosen(plan, records)) == [2]


def test_a_void_trial_and_one_slightly_disturbed_are_not_repeated():
    slight = Validity(state="valid", reasons=(Reason(code="some-steal", detail="", share=0.04),))
    records = [a_record(1, block=1, **void("not-verified")), a_record(2, block=1, validity=slight)]
    assert chosen(a_comparison(), records) == []


def test_experiments_beside_are_neither_repeated_nor_counted():
    plan = a_comparison(blocks=2)
    beside = [replace(plan.trials[0], number=number, block=number - 4, engine="null") for number in (5, 6)]
    plan = replace(plan, trials=(*plan.trials, *beside))
    disturbed = [replace(record, trial=trial) for record, trial in zip(took(0.9, 0.9, first=5), beside, strict=True)]
    assert repetitions_at_most(plan) == 1
    assert chosen(plan, [*took(0, 0, 0, 0), *disturbed]) == []


# --- what is left to do ----------------------------------------------------------------------------------------------


def left(plan, records):
    return [(trial.number, attempt) for trial, attempt in remaining(plan, records)]


def test_a_repetition_comes_before_the_next_block_as_the_next_attempt():
    plan = a_comparison(blocks=2)
    assert left(plan, took(0.3, 0.5)) == [(2, 2), (3, 1), (4, 1)]
    assert left(plan, [*took(0.3, 0.5), *took(0.4, attempt=2, first=2)]) == [(3, 1), (4, 1)]


def test_a_repetition_that_was_cut_short_is_made_again():
    plan = a_comparison(blocks=1, arms=("stock", "async-commit", "no-wal", "x"))
    first = [replace(record, trial=plan.trials[n]) for n, record in enumerate(took(0.3, 0.5, 0, 0))]
    cut = replace(a_record(2, attempt=2, **void("agent-ended")), trial=plan.trials[1])
    assert left(plan, [*first, cut]) == [(2, 3)]
    assert not complete(plan, [*first, cut])
    again = replace(took(0.1, attempt=3, first=2)[0], trial=plan.trials[1])
    assert left(plan, [*first, cut, again]) == []
    assert complete(plan, [*first, cut, again])


@given(st.lists(st.sampled_from(["whole", "agent-ended", "interrupted"]), max_size=12), st.data())
def test_a_run_cut_again_and_again_repeats_what_one_at_a_stretch_would(fates, data):
    plan = a_comparison(blocks=4)
    shares = data.draw(st.lists(st.sampled_from([0, 0.2, 0.5]), min_size=8, max_size=8))
    records = []
    for fate in [*fates, *["whole"] * 20]:
        todo = remaining(plan, records)
        if not todo:
            break
        trial, attempt = todo[0]
        record = replace(took(shares[trial.number - 1], first=trial.number)[0], trial=trial, attempt=attempt)
        records.append(record if fate == "whole" else replace(record, **void(fate)))
    assert remaining(plan, records) == []
    assert repeated(records) == set(numbers(chosen(plan, took(*shares))))
    assert repeated_unasked(plan, records) is None
    assert finished(records) == set(range(1, 9))


def test_a_run_until_decided_repeats_a_block_before_it_is_looked_at():
    plan = a_comparison(blocks=5, variants=BOTH, until_decided=UntilDecided(margin=0.02, alpha=0.05))
    rates = [100, 200, 101, 203, 99, 199]
    shares = took(0, 0, 0, 0, 0, 0.5)
    records = [
        changed(replace(record, trial=trial), **rated(rate))
        for record, rate, trial in zip(shares, rates, plan.trials, strict=False)
    ]
    assert decided_after(plan, records) is None
    assert left(plan, records)[0] == (6, 2)
    again = replace(records[-1], attempt=2, validity=Validity(state="valid"))
    assert decided_after(plan, [*records, again]) == 3
    assert remaining(plan, [*records, again]) == []


# --- what counts -----------------------------------------------------------------------------------------------------


def test_the_repetition_counts_and_both_are_kept():
    records = [*took(0.3, 0.5), *took(0.2, attempt=2, first=2)]
    assert [record.key for record in latest(records)] == [(1, 1), (2, 2)]
    plan = a_comparison(blocks=1, variants=BOTH)
    [arms] = by_cell(plan, records).values()
    assert [record.attempt for blocks in arms.values() for record in blocks.values()] == [1, 2]


@pytest.mark.parametrize("code", sorted(VOID))
def test_a_repetition_that_is_void_leaves_the_first_where_it_was(code):
    records = [*took(0.3, 0.5), a_record(2, attempt=2, **void(code))]
    assert counting(records)[2].attempt == 1


def test_what_was_cut_short_is_replaced_by_whatever_comes_next():
    cut = [a_record(1, attempt=attempt, **void("interrupted")) for attempt in (1, 2)]
    assert counting(cut)[1].attempt == 2
    assert counting([*cut, a_record(1, attempt=3, **void("not-verified"))])[1].attempt == 3


def test_a_reader_is_told_how_many_were_repeated_and_that_no_rate_played_a_part():
    run = replace(pulled(*took(0.3, 0.5), *took(0, attempt=2, first=2)), plan=a_comparison(blocks=1))
    [note] = repetition_notes(run)
    assert note.startswith("1 trial was measured again in the same block, as others took much of the processor")
    assert "No rate played a part" in note
    assert repetition_notes(replace(run, records=took(0.3, 0.5))) == []


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_repetition_that_was_not_due_is_none():
    plan = a_comparison(blocks=2)
    first = took(0.3, 0.5)
    assert repeated_unasked(plan, [*first, *took(0, attempt=2, first=2)]) is None
    assert repeated_unasked(plan, [*first, *took(0, attempt=2, first=1)]) == 1
    assert repeated_unasked(plan, [*first, *took(0, attempt=2, first=2), *took(0, attempt=3, first=2)]) == 2
    assert repeated_unasked(replace(plan, repeat_suspect=None), [*first, *took(0, attempt=2, first=2)]) == 2


@pytest.mark.parametrize("doubts", [(), ("stalled",), ("not-alone", "few-commits")])
def test_a_plan_that_would_choose_by_other_doubts_is_not_carried_out(doubts):
    plan = replace(planned(), repeat_suspect=Repeating(most_pct=30, doubts=doubts))
    with pytest.raises(DataError, match="repeats trials by the doubts"):
        check_plan(plan, ladder())


# --- planned ---------------------------------------------------------------------------------------------------------


def test_what_is_compared_is_repeated_unless_it_is_not_wanted():
    assert planned().repeat_suspect == USUAL == Repeating(most_pct=30, doubts=DOUBTS)
    assert planned(variants=["stock"], layouts=["plain", "unlogged"]).repeat_suspect == USUAL
    assert planned(repeat_suspect="no").repeat_suspect is None


def test_a_ladder_alone_compares_nothing_unless_it_is_asked_for():
    assert planned(variants=["stock"]).repeat_suspect is None
    assert planned(variants=["stock"], repeat_suspect="yes").repeat_suspect == USUAL
    with pytest.raises(UsageError, match="nothing is compared"):
        planned(variants=["stock"], phases=["2-C"], repeat_suspect="yes")


def test_an_explanation_repeats_nothing():
    assert planned(explains=True).repeat_suspect is None


def test_the_estimate_is_for_as_many_repetitions_as_there_may_be():
    plan = planned()
    without = replace(plan, repeat_suspect=None)
    found, least = (estimate(each, each.trials) for each in (plan, without))
    assert (found.again, least.again) == (repetitions_at_most(plan), 0) == (3, 0)
    assert found.seconds == pytest.approx(least.seconds * 1.25)
    assert found.written_bytes == pytest.approx(least.written_bytes * 1.25)
    assert found.disk_bytes >= least.disk_bytes


def test_the_estimate_of_a_resumed_run_knows_what_was_repeated_and_what_can_be_no_more():
    plan = a_comparison(blocks=10)  # 20 trials, 6 repetitions at most
    records = [*took(0.5, 0.3), *took(0.2, attempt=2), *took(*[0.0] * 16, first=3)]
    left = [trial for trial, _ in remaining(plan, records)]
    assert numbers(left) == [19, 20]
    found, least = estimate(plan, left, records), estimate(replace(plan, repeat_suspect=None), left)
    assert found.again == 2
    assert found.seconds == pytest.approx(2 * least.seconds)
    over = [*records, *took(0, 0, first=19)]
    assert estimate(plan, [], over).again == 0
    disturbed = [record for first in range(1, 19, 2) for record in took(0.5, 0, first=first)]
    again = [took(0, attempt=2, first=trial.number)[0] for trial in chosen(plan, disturbed)]
    assert len(repeated([*disturbed, *again])) == 6
    assert estimate(plan, left, [*disturbed, *again]).again == 0


def test_what_has_to_be_repeated_is_left_and_not_counted_twice():
    plan = a_comparison(blocks=4)  # 2 at most
    records = took(0.5, 0.3)
    left = [trial for trial, _ in remaining(plan, records)]
    assert numbers(left) == [1, 3, 4, 5, 6, 7, 8]
    assert estimate(plan, left, records).again == 1


def test_trials_of_the_null_server_are_not_estimated_twice():
    plan = planned(variants=["stock", "async-commit"], phases=["2-C"], ceiling=True)
    ceilings = [trial for trial in plan.trials if trial.engine]
    assert ceilings
    assert estimate(plan, ceilings).again == 0
    found, least = (estimate(each, plan.trials) for each in (plan, replace(plan, repeat_suspect=None)))
    asked = [trial for trial in plan.trials if not trial.experiment]
    a_trial_s = estimate(replace(plan, repeat_suspect=None), asked).seconds / len(asked)
    assert found.seconds - least.seconds == pytest.approx(found.again * a_trial_s)


def test_as_many_are_expected_to_be_repeated_as_were_so_far():
    plan = a_comparison(blocks=10)
    assert to_expect(plan, []) == to_expect(plan, took(*[0.0] * 10)) == 0
    records = [*took(0.5, *[0.0] * 9), *took(0.2, attempt=2)]
    assert to_expect(plan, records) == 1
    assert to_expect(plan, [*records, *took(*[0.0] * 10, first=11)]) == 0


def test_nothing_is_due_of_a_run_that_is_over():
    assert due(a_comparison(blocks=1), [*took(0.3, 0.5), *took(0.4, attempt=2, first=2)]) == []
