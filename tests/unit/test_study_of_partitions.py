"""The page of partitions says what records say, in sentences that follow from the intervals."""

from dataclasses import replace

import pytest

from bench.stats.intervals import Estimate
from bench.store.run_directory import RunDirectory
from tests.builders import a_record, rated
from tests.readme import CHECKOUT
from tests.studies import partitions as study
from tests.studies.partitions import CLIENTS, COUNTS, KEEPS, PHASE, Ratio


def a_ratio(words, low, high):
    return Ratio(words=words, found=Estimate(estimate=(low + high) / 2, low=low, high=high))


def records_of(trials, factors):
    """Three blocks of these trials, each with its factor of rows/s."""
    made = []
    for block in (1, 2, 3):
        for trial, factor in zip(trials, factors, strict=True):
            number = len(made) + 1
            record = a_record(number, trial.phase, **rated(factor * (1000 + 10 * block)))
            made.append(replace(record, trial=replace(trial, number=number, block=block)))
    return made


def test_what_relieves_and_what_costs_is_named_and_the_rest_is_bounded():
    found = [a_ratio("4 with 8 in flight", 1.05, 1.12), a_ratio("16 with 1 in flight", 0.8, 0.9)]
    found.append(a_ratio("2 with 1 in flight", 0.97, 1.03))
    assert study.answer_of_hash(found) == (
        "Hash partitions relieve 2-D: 4 with 8 in flight (5–12 % faster); hash partitions cost 2-D: 16 with 1 in flight"
        " (10–20 % slower); none of the other 1 numbers of hash partitions and commits in flight gains more than 3.0 %"
        " or loses more than 3.0 % (95 %, all together)."
    )
    assert study.answer_of_hash([a_ratio("a", 0.5, 1.5)]).startswith("None of 1 numbers of hash partitions")
    assert "measure 3 blocks or more" in study.answer_of_hash([Ratio(words="a", found=None)])


def test_partitions_are_compared_with_the_plain_table_of_as_many_clients():
    trials = study.of_hash()
    assert len(trials) == len(CLIENTS) * (1 + len(COUNTS))
    factors = [1.0 if trial.layout == "plain" else 1.2 for trial in trials]
    ratios = study.ratios_of_hash(study.rates_of(records_of(trials, factors)))
    assert all(each.found.estimate == pytest.approx(1.2) for each in ratios.values())
    assert set(ratios) == {(count, clients) for count in COUNTS for clients in CLIENTS}


def test_the_tables_have_each_rate_and_too_few_blocks_no_interval():
    records = records_of(study.of_hash(), [1.0] * len(study.of_hash()))
    lines = list(study.lines_of_rates(study.rates_of(records)))
    assert [line.split(" | ")[0] for line in lines][:3] == ["| plain", "| 1 partition", "| 2 partitions"]
    assert not any("–" in line for line in lines)
    two = study.rates_of(record for record in records if record.trial.block < 3)
    assert not any(each.known for each in study.ratios_of_hash(two).values())
    assert all(
        line.endswith("| 1.00 (–) | 1.00 (–) | 1.00 (–) |") for line in study.lines_of_ratios(study.ratios_of_hash(two))
    )


def test_dropping_is_compared_with_deleting_and_each_with_keeping_all():
    trials = study.of_retention()
    assert {(trial.layout, trial.parameters.retain) for trial in trials} == {
        (layout, retain) for layout in (study.DELETES, study.DROPS) for retain in (0, KEEPS)
    }
    factor = {(study.DELETES, 0): 1.0, (study.DELETES, KEEPS): 0.6, (study.DROPS, 0): 0.9, (study.DROPS, KEEPS): 0.81}
    factors = [factor[trial.layout, trial.parameters.retain] for trial in trials]
    ratios = study.ratios_of_retention(study.rates_of(records_of(trials, factors)))
    for deletes, drops, against in ratios:
        assert [round(each.found.estimate, 3) for each in (deletes, drops, against)] == [0.6, 0.9, 1.35]
    said = study.answer_of_retention(ratios)
    assert f"Beside {PHASE}, keeping 250,000 rows costs 40 % [40, 40] of the rows/s by DELETE" in said
    assert "costs 10 % [10, 10] of the rows/s by dropped partitions; dropping writes 1.35 [1.35–1.35] times" in said


def test_its_plans_can_be_carried_out():
    for name, asked in study.ASKED.items():
        plan = study.planned(asked(), 2, 0.2, 1)
        assert len(plan.trials) == 2 * len(asked())
        assert plan.preload_rows == (KEEPS if name == study.RETENTION else 0)
        assert {trial.layout for trial in plan.trials if trial.layout in plan.baselines} == set(plan.baselines)


@pytest.mark.skipif(not study.RUNS.is_dir(), reason="make study-partitions measures it")
def test_the_kept_page_says_what_its_records_say():
    assert study.page(study.RUNS) == study.RUNS.with_suffix(".md").read_text()
    for name in study.ASKED:
        run = RunDirectory(study.RUNS / name)
        assert {path.name for path in run.path.iterdir()} == {"plan.json", "host.json", "trials.jsonl", "SHA256SUMS"}
        assert run.check_sums(samples=False)


def test_the_study_is_a_goal_of_make():
    assert "\nstudy-partitions: " in (CHECKOUT / "Makefile").read_text()
