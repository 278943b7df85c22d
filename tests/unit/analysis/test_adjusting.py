"""Comparisons adjusted for the machine's speed: by what, and when they decide."""

import math
import re
from dataclasses import replace

import pytest

from bench.analysis.compare import compare_arms
from bench.analysis.sides import compare_runs
from bench.model.plan import UntilDecided
from bench.plan.adjustment import COVARIATES, applicable, bearable
from tests.varying_speed import BLOCKS, SLOPE, measured


def told(run, **more):
    return compare_arms([run], lambda *_: None, **more)


def pair_of(run, **more):
    [cell] = told(run, **more).cells
    return cell.pairs[-1]


# --- what it is ------------------------------------------------------------------------------------------------------


def test_the_client_s_cpu_time_a_row_takes_the_machine_s_speed_out_of_a_ratio():
    pair = pair_of(measured())
    assert [each.name for each in pair.covariates] == ["client-cpu"]
    assert pair.covariates[0].slope == pytest.approx(SLOPE, abs=0.1)
    assert pair.adjusted.low < 1.05 < pair.adjusted.high
    narrower = math.log(pair.adjusted.high / pair.adjusted.low) / math.log(pair.unadjusted.high / pair.unadjusted.low)
    assert narrower < 0.25


def test_the_unadjusted_stands_beside_and_what_adjusting_took_is_what_lies_between():
    pair = pair_of(measured())
    assert (pair.unadjusted.ratio, pair.unadjusted.verdict) == (pair.settled.ratio, pair.settled.verdict)
    assert pair.unadjusted.ratio == pytest.approx(pair.adjusted.ratio * pair.covariates[0].taken)


def test_the_slope_is_of_all_pairs_and_of_its_rung_alone():
    run = measured({"stock": 0.0, "a": 0.02, "b": 0.05}, phases=("2-C", "2-G"))
    slopes = {cell.phase: {pair.covariates[0].slope for pair in cell.pairs} for cell in told(run).cells}
    assert [len(each) for each in slopes.values()] == [1, 1]
    assert slopes["2-C"] != slopes["2-G"]


def test_over_all_cells_ratios_are_adjusted_too():
    over = told(measured(phases=("2-C", "2-G"))).overall
    [pair] = over.pairs
    assert pair.adjusted.low < 1.05 < pair.adjusted.high
    assert math.log(pair.adjusted.high / pair.adjusted.low) < math.log(pair.unadjusted.high / pair.unadjusted.low) / 3


# --- which decides ---------------------------------------------------------------------------------------------------


def test_on_a_machine_whose_speed_hardly_varied_between_the_candidates_the_adjusted_decides():
    pair = pair_of(measured(speed=0.003, noise=0.003))
    assert pair.covariates[0].differs_between_candidates is False
    assert (pair.why_unadjusted, pair.verdict) == (None, "faster")
    assert pair.adjusted_decides.ratio == pair.adjusted.ratio


def test_where_blocks_cannot_show_that_the_client_was_as_quick_under_both_the_unadjusted_decides():
    pair = pair_of(measured())
    assert (pair.adjusted.verdict, pair.covariates[0].differs_between_candidates) == ("faster", None)
    assert (pair.adjusted_decides, pair.verdict) == (None, pair.settled.verdict)
    assert pair.why_unadjusted.startswith("these blocks can't show that the client's CPU time a row is the same")


@pytest.mark.parametrize("speed", [0.003, 0.02, 0.1])
def test_a_candidate_that_slows_the_client_on_shared_cores_is_not_adjusted_into_an_equal(speed):
    """Its rate falls by 9 % and the client's CPU time a row grows by 10 %: adjusted, nothing would be left of it."""
    for seed in range(20):
        pair = pair_of(measured({"stock": 0.0, "slow": 0.0}, slowed=0.1, speed=speed, seed=seed))
        assert (pair.adjusted_decides, pair.verdict) == (None, pair.settled.verdict)
        assert pair.covariates[0].differs_between_candidates is not False
        if speed < 0.1:
            assert pair.verdict == "slower"


def test_the_whole_of_a_report_goes_by_what_decides_ranks_too():
    run = measured({"stock": 0.0, "a": 0.02, "b": 0.05}, speed=0.003, noise=0.003)
    [cell] = told(run, margin=0.01).cells
    assert all(pair.adjusted_decides for pair in cell.pairs)
    assert [(rank.arm, rank.best) for rank in cell.ranking] == [("b", 1), ("a", 2), ("stock", 3)]
    assert cell.pairs[0].adjusted_decides.detectable is not None
    assert cell.pairs[0].adjusted_p < 0.05


@pytest.mark.parametrize("margin", [0.001, 0.02, 0.5])
def test_a_margin_that_is_asked_for_with_the_outcome_known_does_not_choose_what_decides(margin):
    assert pair_of(measured(speed=0.003, noise=0.003), margin=margin).adjusted_decides is not None
    pair = pair_of(measured(), margin=margin)
    assert (pair.adjusted_decides, pair.hinges_on) == (None, ("client-cpu",))


def test_covariates_that_take_little_each_but_much_together_leave_the_unadjusted_to_decide():
    takes = {"slowed": 0.007 / -SLOPE, "stolen": 0.7}
    pair = pair_of(measured(blocks=24, speed=0.004, noise=0.002, steal=0.4, **takes))
    assert [each.differs_between_candidates for each in pair.covariates] == [False, False]
    assert pair.taken.low < pair.unadjusted.ratio / pair.adjusted.ratio < pair.taken.high < 1
    assert (pair.adjusted_decides, pair.machine_alike, pair.hinges_on) == (None, False, ())
    assert pair.why_unadjusted.endswith("gave to others together differ between the candidates")


def test_what_one_covariate_takes_is_what_all_take_together():
    pair = pair_of(measured())
    assert (pair.taken.low, pair.taken.high) == pytest.approx(
        (pair.covariates[0].taken_low, pair.covariates[0].taken_high)
    )


def test_a_plan_of_before_is_decided_by_the_unadjusted_and_shows_the_adjusted():
    pair = pair_of(measured(speed=0.003, noise=0.003, rule=()))
    assert pair.adjusted is not None
    assert (pair.adjusted_decides, pair.verdict) == (None, pair.settled.verdict)
    assert "was made before" in pair.why_unadjusted


def test_a_run_until_decided_is_decided_by_the_unadjusted():
    run = measured(speed=0.003, noise=0.003)
    run = replace(run, plan=replace(run.plan, until_decided=UntilDecided(margin=0.02, alpha=0.05)))
    pair = pair_of(run)
    assert pair.adjusted is not None
    assert pair.adjusted_decides is None
    assert "until decided" in pair.why_unadjusted


def test_runs_are_never_adjusted():
    one, other = measured({"stock": 0.0}), measured({"stock": 0.0}, seed=2)
    other = replace(other, plan=replace(other.plan, run="20261122T101500-cd34"))
    [cell] = compare_runs([one, other], "run").cells
    [pair] = cell.pairs
    assert (pair.adjusted, pair.covariates) == (None, ())
    assert pair.unadjusted.ratio == pair.settled.ratio
    assert "part of what is asked" in pair.why_unadjusted


def test_an_answer_that_is_undecided_says_what_holds_if_the_candidates_leave_the_client_alone():
    sentence = told(measured(speed=0.2)).sentence
    assert sentence.startswith("Undecided: fast gains at most ")
    condition = "If fast leaves the client's CPU time a row as it is, which these blocks can't show, it is "
    assert re.search(re.escape(condition) + r"\d(\.\d)?–\d(\.\d)? % faster \(95 %\)\.", sentence)


def test_a_condition_that_tells_no_more_than_is_known_without_it_is_not_said():
    report = told(measured(speed=0.001, noise=0.05))
    [pair] = report.cells[0].pairs
    assert pair.adjusted is not None
    wider = pair.adjusted.high - pair.adjusted.low > pair.settled.interval.high - pair.settled.interval.low
    assert wider
    assert "If " not in report.sentence


def test_of_many_candidates_the_condition_bounds_them_all():
    sentence = told(measured({"stock": 0.0, "a": 0.0, "b": 0.0}, speed=0.2)).sentence
    condition = (
        "If a and b leave the client's CPU time a row as it is, which these blocks can't show, none of them gains"
    )
    assert condition in sentence
    assert sentence.endswith("(95 %, both at once).")


def test_a_condition_that_holds_of_one_pair_of_many_allows_for_all_of_them():
    """The more pairs were looked at, the wider is what the one that was picked comes to."""
    widths = []
    for others in (0, 6):
        names = [f"other-{number}" for number in range(others)]
        report = told(measured({"stock": 0.0} | dict.fromkeys(names, 2.0) | {"fast": math.log(1.06)}, speed=0.3))
        found = re.search(r"If fast leaves .*, it is ([\d.]+)–([\d.]+) % faster \(([^)]+)\)", report.sentence)
        assert found[3] == ("95 %, all 7 at once" if others else "95 %")
        adjusted = report.cells[0].pairs[-1].adjusted
        widths.append((float(found[2]) - float(found[1])) / (100 * (adjusted.high - adjusted.low)))
    of_one, of_seven = widths
    # Ends are rounded outwards, by a tenth of a percent each.
    assert of_one == pytest.approx(1, abs=0.1)
    assert of_seven > 1.3


def test_conditions_of_candidates_of_another_durability_are_by_themselves():
    run = measured({"stock": 0.0, "a": 0.0, "b": 0.0}, speed=0.2)
    records = []
    for each in run.records:
        grade = "may lose last 600 ms" if each.trial.variant == "b" else "durable"
        records.append(replace(each, durability=grade))
    sentence = told(replace(run, records=records)).sentence
    assert "If a leaves the client's CPU time a row as it is" in sentence
    assert "If b leaves the client's CPU time a row as it is" in sentence
    assert "at the risk of the last 600 ms (95 %, both at once)" in sentence


def test_of_more_candidates_than_a_sentence_names_it_tells_how_many():
    names = [f"equal-{number}" for number in range(5)]
    sentence = told(measured(dict.fromkeys(["stock", *names], 0.0), speed=0.2)).sentence
    assert "If the 5 undecided configurations leave the client's CPU time" in sentence


def test_each_covariate_that_is_not_shown_to_be_the_same_is_in_the_condition():
    pair = pair_of(measured(blocks=24, steal=3.0))
    both = "the client's CPU time a row and the CPU time that the hypervisor gave to others"
    assert pair.hinges_on == ("client-cpu", "steal")
    assert pair.why_unadjusted == f"these blocks can't show that {both} are the same under both candidates"
    sentence = told(measured(blocks=24, steal=3.0, speed=0.2)).sentence
    assert f"If fast leaves {both} as they are, which these blocks can't show, it is " in sentence


def test_a_plan_without_covariates_and_a_covariate_that_differs_give_no_such_condition():
    assert "If " not in told(measured(speed=0.2, rule=())).sentence
    assert "If " not in told(measured({"stock": 0.0, "slow": 0.0}, slowed=0.6, speed=0.2)).sentence


# --- by what ---------------------------------------------------------------------------------------------------------


def test_where_the_client_s_own_work_differs_the_metronome_tells_the_speed():
    assert applicable(COVARIATES, "variant") == ["client-cpu", "steal", "others"]
    assert applicable(COVARIATES, "batch") == ["metronome", "steal", "others"]
    assert applicable(COVARIATES, "transport") == ["metronome", "steal", "others"]


def test_so_few_blocks_bear_one_covariate_or_none():
    assert [bearable(freedom) for freedom in (3, 4, 19, 20, 40)] == [0, 1, 1, 2, 3]
    assert pair_of(measured(blocks=4)).why_unadjusted.startswith("so few blocks")


def test_what_is_not_known_of_a_trial_adjusts_nothing_and_that_is_said():
    run = measured()
    first, *others = run.records
    first = replace(first, cpu=replace(first.cpu, client_cores=None))
    pair = pair_of(replace(run, records=[first, *others]))
    assert pair.adjusted is None
    assert pair.why_unadjusted == "the client's CPU time a row is not known of 1 of 16 trials"


def test_a_covariate_beside_the_first_that_is_not_known_is_left_out_and_that_is_said():
    run = measured(blocks=24, steal=3.0)
    first, *others = run.records
    first = replace(first, cpu=replace(first.cpu, steal_pct=None))
    pair = pair_of(replace(run, records=[first, *others]))
    assert "steal" not in [each.name for each in pair.covariates]
    assert pair.not_adjusted_for[0] == (
        "the CPU time that the hypervisor gave to others is not known of 1 of 48 trials"
    )
    assert pair_of(run).not_adjusted_for == ()


def test_a_covariate_that_tells_what_another_does_is_left_out_and_the_other_adjusts():
    run = measured(blocks=24, host_pct=None)
    records = []
    for each in run.records:
        spent = math.log(each.costs["client_us"])
        records.append(replace(each, cpu=replace(each.cpu, steal_pct=50 + spent)))
    pair = pair_of(replace(run, records=records))
    assert [each.name for each in pair.covariates] == ["client-cpu"]
    assert pair.adjusted.low < 1.05 < pair.adjusted.high
    assert pair.not_adjusted_for[0] == (
        "the CPU time that the hypervisor gave to others tells no more than the client's CPU time a row"
    )


def test_a_void_trial_takes_its_block_out_of_the_adjusted_too():
    run = measured()
    first, *others = run.records
    gone = replace(first, rows_per_s=None, settled_rows_per_s=None)
    pair = pair_of(replace(run, records=[gone, *others]))
    assert pair.settled.blocks == BLOCKS - 1
    assert pair.adjusted.low < 1.05 < pair.adjusted.high


def test_without_any_covariate_that_varies_nothing_is_adjusted():
    run = measured()
    same = [replace(each, cpu=replace(each.cpu, client_cores=each.rows / (1 << 20))) for each in run.records]
    pair = pair_of(replace(run, records=same))
    assert (pair.adjusted, pair.verdict) == (None, pair.settled.verdict)
    assert pair.why_unadjusted == "the client's CPU time a row was the same in all trials"


def test_choosing_which_decides_by_what_adjusting_takes_raises_no_false_alarms():
    """Which of the two decides hangs on these same trials; here it is the adjusted in most comparisons, not in all."""
    rounds, held, adjusted = 300, 0, 0
    for seed in range(rounds):
        pair = pair_of(measured({"stock": 0.0, "equal": 0.0}, blocks=10, speed=0.004, noise=0.012, seed=seed))
        found = pair.adjusted_decides or pair.settled
        held += found.interval.low <= 1 <= found.interval.high
        adjusted += pair.adjusted_decides is not None
    assert held / rounds >= 0.95 - 3.3 * math.sqrt(0.95 * 0.05 / rounds)
    assert 0.3 * rounds < adjusted < rounds
