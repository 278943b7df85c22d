"""The rules that other benchmarks decide by, as their sources define them, and how often they are right."""

import random

import pytest
from scipy.stats import mannwhitneyu

from tests.builders import a_host, a_record, compared_run, pulled, written
from tests.studies.rules import (
    DECIDES,
    PAGE,
    RULES,
    RUN,
    Candidates,
    Rule,
    Share,
    answer,
    benchstat,
    clickbench,
    delay_us,
    hammerdb,
    hyperfine,
    ours,
    page,
    postgresbench,
    share,
    variants_in,
)

ONE = [100.0, 101, 99, 100, 102, 98]


def times(factor, of=ONE):
    return [factor * rate for rate in of]


def test_hammerdb_calls_two_and_a_half_percent_different_whatever_the_spread():
    assert [hammerdb(ONE, times(factor)) for factor in (1.02, 1.03, 0.98, 0.97)] == ["same", "faster", "same", "slower"]


def test_postgresbench_ranks_by_the_best_of_the_first_three():
    assert postgresbench(ONE, [90, 90, 102, 1, 1, 1]) == "faster"
    assert postgresbench(ONE, [100.9, 1, 1, 200, 200, 200]) == "same"
    assert postgresbench(ONE, [90, 90, 90, 200, 200, 200]) == "slower"


def test_clickbench_takes_the_better_of_the_second_and_third_with_two_decimals():
    assert clickbench(ONE, [500, 102.5, 1, 500, 500, 500]) == "faster"
    assert clickbench(ONE, [500, 101.3, 1, 500, 500, 500]) == "same"
    assert clickbench(ONE, [500, 99, 98, 500, 500, 500]) == "slower"


def test_hyperfine_is_read_as_different_where_one_sigma_of_the_ratio_leaves_it_above_one():
    assert hyperfine(ONE, times(1.05)) == "faster"
    assert hyperfine(ONE, times(0.95)) == "slower"
    assert hyperfine(ONE, times(1.01)) == "same"


def test_benchstat_is_the_exact_test_of_mann_and_whitney():
    faster = times(1.1)
    assert mannwhitneyu(ONE, faster, method="exact").pvalue < 0.05
    assert (benchstat(ONE, faster), benchstat(faster, ONE), benchstat(ONE, ONE[::-1])) == ("faster", "slower", "same")


def test_ours_is_paired_by_block():
    drifting = [100.0, 200, 50, 400, 120, 80]
    noisy = [1.05 * rate * noise for rate, noise in zip(drifting, (1.01, 1, 0.99, 1, 1.01, 1), strict=True)]
    assert ours(drifting, noisy) == "faster"
    assert benchstat(drifting, noisy) == "same"


def simulated(equal=10, slower=3, spread=0.03):
    source = random.Random(5)
    level = [100 * (1 + 0.1 * block) for block in range(6)]

    def one(factor):
        return [factor * rate * (1 + source.gauss(0, spread)) for rate in level]

    return Candidates(
        equal={f"equal-{n}": one(1.0) for n in range(equal)},
        slower={f"slower-{n}": one(0.95) for n in range(slower)},
        pairs={},
    )


OF_RATES = [rule for rule in RULES if isinstance(rule, Rule)]


def test_every_rule_judges_every_pair_once():
    found = simulated()
    for rule in OF_RATES:
        assert (found.alarms(rule).pairs, found.power(rule).pairs) == (45, 30)
        assert 0 <= found.alarms(rule).low <= found.alarms(rule).found / 45 <= found.alarms(rule).high <= 1


def test_what_names_a_winner_whatever_the_spread_alarms_nearly_always_and_a_test_seldom():
    found = simulated()
    alarms = {rule.judge: found.alarms(rule).found / 45 for rule in OF_RATES}
    assert alarms[postgresbench] > 0.9
    assert alarms[benchstat] < 0.2
    assert alarms[ours] < 0.2


def test_the_planted_difference_is_told_with_its_interval():
    assert simulated(spread=0.001).planted.startswith("+5.")


def test_pairs_that_share_candidates_have_an_interval_no_narrower_than_wilsons():
    names = [f"a{n}" for n in range(8)]
    of_one = {(a, b): "a0" in (a, b) for n, a in enumerate(names) for b in names[n + 1 :]}
    found = share(of_one)
    assert found.found == 7
    assert found.low == 0.0
    assert found.high > 0.6
    assert str(found).startswith("25.0% (0.0%–")


def test_the_answer_names_who_keeps_the_rate_and_finds_most():
    found = simulated()
    sentence = answer([(rule, found.alarms(rule), found.power(rule)) for rule in OF_RATES])
    assert sentence.startswith("These keep to about the 5 % of false alarms that they promise: ")
    assert "pgladder: paired by block" in sentence
    assert "of the planted difference: " in sentence


def of_report(name, wrong, found):
    [rule] = [rule for rule in RULES if rule.name == name]
    return rule, Share(wrong, 100, 0.0, 1.0), Share(found, 50, 0.0, 1.0)


def test_what_holds_on_a_condition_is_never_the_best():
    sentence = answer(
        [
            of_report("pgladder: paired by block", 4, 20),
            of_report(DECIDES, 5, 21),
            of_report("pgladder: adjusted", 5, 49),
        ]
    )
    assert f"Of those that decide {DECIDES} find most of the planted difference: 42%." in sentence
    assert f"{DECIDES} is wrong in 5.0% (at most 6%), and no rule that decides finds more." in sentence


def test_ours_is_told_where_it_is_wrong_too_often_or_finds_less():
    sentence = answer([of_report("pgladder: paired by block", 4, 20), of_report(DECIDES, 9, 10)])
    assert f"{DECIDES} is wrong in 9.0% (more than 6%), and another rule finds more." in sentence


def test_the_variants_differ_in_what_no_insert_reads_or_sleep_before_they_flush(tmp_path):
    files = variants_in(tmp_path, 75)
    assert len({file.read_text() for file in files}) == len(files) == 29
    assert sum("commit_delay = 75\n" in file.read_text() for file in files) == 5


def test_what_is_slept_is_a_twentieth_of_a_commit_with_what_a_sleep_takes_by_itself(tmp_path):
    run = pulled(*(a_record(number, "2-C", commits=commits) for number, commits in ((1, 400), (2, 500), (3, 800))))
    assert delay_us(written(tmp_path / "run", run)) == 200 - 60


def test_the_page_is_made_of_a_runs_records_alone(tmp_path):
    found = simulated(equal=4, slower=2)
    rates = {name: [round(rate) for rate in each] for name, each in (found.equal | found.slower).items()}
    text = page(written(tmp_path / "run" / "bench-1", compared_run(rates, host=a_host())))
    assert "6 of equal candidates, 8 of an equal one against a slower one" in text.replace("\n", " ")
    for rule in RULES:
        assert f"| {rule.name} | " in text
        assert f"- {rule.name}: " in text


@pytest.mark.skipif(not RUN.is_dir(), reason="make study-rules measures it")
def test_the_page_of_rules_says_what_its_records_say():
    assert page(RUN) == PAGE.read_text()
