"""The ranking over a whole matrix: cells count alike, blocks are repeated, durability is not traded for speed."""

import random
from dataclasses import replace

import pytest
from scipy import stats

from bench.analysis.compare import compare_arms
from bench.stats.multiplicity import holm
from tests.builders import compared_run, void

QUIET = [100.0, 103, 98, 101, 99, 102]
FASTER = [1.5 * rate * wobble for rate, wobble in zip(QUIET, [1, 1.01, 0.99, 1, 1.01, 0.99], strict=True)]
PHASES = ("2-D", "2-G", "2-H")


def told(run):
    return compare_arms([run], lambda _cell, _blocks: None)


def scaled(run, change):
    """The run with both rates of each record changed by ``change(record)``."""

    def by(record, factor):
        rates = {name: getattr(record, name) * factor for name in ("rows_per_s", "settled_rows_per_s")}
        return replace(record, **rates)

    return replace(run, records=[by(record, change(record)) for record in run.records])


def ranks(report):
    return [{rank.arm: (rank.best, rank.worst) for rank in each.ranking} for each in report.overall.standings]


def test_the_ratio_over_all_cells_is_the_geometric_mean_of_the_cells_ratios_block_by_block():
    chance = random.Random(3)
    run = scaled(compared_run({"a": QUIET, "b": FASTER}, PHASES), lambda _: chance.lognormvariate(0, 0.1))
    report = told(run)
    [pair] = report.overall.pairs
    ratios = [cell.pairs[0].settled.ratio for cell in report.cells]
    assert pair.settled.ratio == pytest.approx(stats.gmean(ratios))
    assert (report.overall.cells, pair.settled.blocks) == (3, len(QUIET))


def test_a_cell_of_high_rates_counts_no_more_than_one_of_low_rates():
    rates = {"1": {"a": 1, "b": 2}, "2-H": {"a": 1e5, "b": 0.5e5}}
    run = scaled(
        compared_run({"a": QUIET, "b": QUIET}, ("1", "2-H")), lambda each: rates[each.trial.phase][each.trial.variant]
    )
    assert told(run).overall.pairs[0].settled.ratio == pytest.approx(1)


def test_one_cell_has_nothing_over_all_cells():
    assert told(compared_run({"a": QUIET, "b": FASTER})).overall is None


def test_a_block_counts_for_an_arm_only_where_it_has_a_rate_in_every_cell():
    run = compared_run({"a": QUIET, "b": FASTER}, PHASES)
    lost = next(
        each for each in run.records if (each.trial.block, each.trial.variant, each.trial.phase) == (2, "b", "2-G")
    )
    records = [replace(each, **void()) if each is lost else each for each in run.records]
    [pair] = told(replace(run, records=records)).overall.pairs
    assert pair.settled.blocks == len(QUIET) - 1


def test_p_values_are_holms_over_the_pairs_over_all_cells():
    report = told(compared_run({"a": QUIET, "b": FASTER, "c": QUIET[::-1]}, PHASES))
    pairs = report.overall.pairs
    assert [pair.adjusted_p for pair in pairs] == holm([pair.settled.p_value for pair in pairs])
    assert [pair.verdict for pair in pairs] == ["faster", "undecided"]


def test_ties_are_shown_as_ties_and_winners_as_winners():
    report = told(compared_run({"a": QUIET, "b": FASTER, "c": QUIET[::-1]}, PHASES))
    assert ranks(report) == [{"b": (1, 1), "a": (2, 3), "c": (2, 3)}]


def test_arms_are_ranked_among_those_of_their_durability():
    run = compared_run({"a": QUIET, "no-fsync": [3 * rate for rate in FASTER], "b": FASTER}, PHASES)
    grades = {"no-fsync": "not crash-safe"}
    records = [replace(each, durability=grades.get(each.trial.variant, "durable")) for each in run.records]
    report = told(replace(run, records=records))
    assert ranks(report) == [{"b": (1, 1), "a": (2, 2)}, {"no-fsync": (1, 1)}]
    assert [each.durability for each in report.overall.standings] == [("durable",), ("not crash-safe",)]


def test_nor_does_a_rank_over_all_cells_separate_what_is_undecided_beside_arms_of_other_durability():
    barely = [rate * wobble for rate, wobble in zip(QUIET, [1.01, 1.09, 1.05, 1.12, 1.02, 1.06], strict=True)]
    others = {f"unsafe-{n}": QUIET for n in range(9)}
    run = compared_run({"a": QUIET, "b": barely} | others, PHASES)
    records = [
        replace(each, durability=each.trial.variant if "unsafe" in each.trial.variant else "durable")
        for each in run.records
    ]
    report = told(replace(run, records=records))
    assert report.overall.pairs[0].verdict == "undecided"
    assert ranks(report)[0] == {"a": (1, 2), "b": (1, 2)}


def test_an_arm_that_never_ran_has_no_rank():
    report = told(compared_run({"a": QUIET, "b": FASTER, "huge": [None] * 6}, PHASES))
    assert ranks(report) == [{"b": (1, 1), "a": (2, 2)}]


def test_a_variant_of_the_plan_without_trials_is_told_by_the_one_it_comes_to():
    run = compared_run({"a": QUIET, "b": FASTER}, PHASES)
    same, other = replace(run.plan.variants[1], name="c"), replace(run.plan.variants[1], name="d", text="jit = off")
    report = told(replace(run, plan=replace(run.plan, variants=(*run.plan.variants, same, other))))
    assert [(each.name, each.same_as) for each in report.alike] == [("c", "b"), ("d", None)]
    assert "c is the same in effect on this box as b, and was not measured twice." in report.notes
    assert "d has no trial in this plan." in report.notes
    assert [arm.name for arm in report.cells[0].arms] == ["a", "b"]


def test_under_no_difference_a_false_alarm_over_all_cells_comes_at_most_6_times_in_100():
    source = random.Random(17)
    alarms = 0
    for _ in range(100):
        run = compared_run({name: [1000.0] * 6 for name in "abcd"}, PHASES)
        report = told(scaled(run, lambda _: source.lognormvariate(0, 0.02)))
        alarms += any(pair.verdict in ("faster", "slower") for pair in report.overall.pairs)
    assert alarms <= 6


def test_an_arm_without_a_block_in_all_cells_is_told_and_one_that_was_refused_is_not_told_twice():
    run = compared_run({"a": QUIET, "b": FASTER, "c": QUIET}, PHASES[:2])
    odd = {"2-D": 0, "2-G": 1}
    records = [
        replace(each, **void("refused", "refused: no huge pages"))
        if each.trial.variant == "c"
        else replace(each, **void())
        if each.trial.variant == "b" and each.trial.block % 2 == odd[each.trial.phase]
        else each
        for each in run.records
    ]
    report = told(replace(run, records=records))
    assert [rank.arm for standing in report.overall.standings for rank in standing.ranking] == ["a"]
    assert [note for note in report.notes if note.startswith("Over all cells")] == [
        "Over all cells nothing is known of b: in no block has it a rate in every cell."
    ]
