"""A comparison in a sentence: who is faster by how much and at what risk, or how much anybody could gain or lose."""

import math
import random
import re
from dataclasses import replace
from itertools import product
from statistics import median

import pytest

from bench.analysis.answer import sentence_of
from bench.analysis.compare import compare_arms
from bench.analysis.sides import compare_runs
from bench.model.plan import UntilDecided
from bench.plan.estimate import estimate
from bench.plan.repeat import USUAL
from bench.stats.compare import compare
from tests.builders import a_host, a_record, compared_run, pulled, void
from tests.studies import answers

QUIET = [100.0, 103, 98, 101, 99, 102]
SWAPPED = [101.0, 102, 99, 100, 98, 103]
LATER = "20261123T101500-ab12"


def compared(rates, grades=None, **more):
    run = compared_run(rates, **more)
    return compare_arms([graded(run, grades or {})], lambda _cell, _blocks: None)


def graded(run, grades):
    records = [replace(each, durability=grades.get(each.trial.variant, "durable")) for each in run.records]
    return replace(run, records=records)


def times(factor, rates=QUIET):
    return [factor * rate for rate in rates]


def scattered(seed, spread=0.1, blocks=6):
    source = random.Random(seed)
    return [100 * source.lognormvariate(0, spread) for _ in range(blocks)]


# --- one candidate ---------------------------------------------------------------------------------------------------


def test_a_faster_candidate_is_named_with_the_range_of_its_gain():
    assert (
        compared({"stock": QUIET, "fast": times(1.12, SWAPPED)}).sentence == "fast is 10–14 % faster than stock here."
    )


def test_speed_that_is_bought_with_durability_says_the_risk():
    report = compared({"stock": QUIET, "async-commit": times(1.12, SWAPPED)}, {"async-commit": "may lose last 600 ms"})
    assert report.sentence == "async-commit is 10–14 % faster than stock here, at the risk of the last 600 ms."


@pytest.mark.parametrize(
    ("grades", "words"),
    [
        ({"b": "not crash-safe"}, "than stock here, but is not crash-safe."),
        ({"b": "in memory"}, "than stock here, but its rows are in memory only."),
        ({"b": "unknown"}, "than stock here, but what a crash would take is not known."),
        ({"stock": "not crash-safe"}, "than stock here, and is durable, unlike stock."),
    ],
)
def test_another_durability_is_said_whichever_it_is(grades, words):
    assert compared({"stock": QUIET, "b": times(1.12, SWAPPED)}, grades).sentence.endswith(words)


def test_a_large_gain_is_a_factor():
    assert compared({"stock": QUIET, "b": times(2.5, SWAPPED)}).sentence == "b is 2.4–2.6 times as fast as stock here."


def test_a_wide_range_is_one_of_factors():
    rates = [rate * wobble for rate, wobble in zip(QUIET, [2.0, 3.1, 1.6, 4.0, 2.2, 3.4], strict=True)]
    assert re.fullmatch(
        r"b is 1\.\d–3\.\d times as fast as stock here\.", compared({"stock": QUIET, "b": rates}).sentence
    )


def test_a_slower_candidate_is_not_taken():
    assert (
        compared({"stock": QUIET, "b": times(0.8, SWAPPED)}).sentence
        == "b is 19–21 % slower than stock here: keep stock."
    )


def test_an_equivalent_candidate_is_no_reason_to_change():
    sentence = compared({"stock": QUIET, "b": QUIET}).sentence
    assert sentence == "b is within ±2 % of stock here (95 %): keep stock."


def test_an_undecided_candidate_has_its_bounds_and_what_would_tell_more():
    report = compared({"stock": scattered(1, 0.3), "b": scattered(2, 0.3)})
    low, high = report.cells[0].pairs[0].settled.interval.low, report.cells[0].pairs[0].settled.interval.high
    found = re.fullmatch(
        r"Undecided: b gains at most (\d+) % and loses at most (\d+) % against stock \(95 %\)\.",
        report.sentence,
    )
    assert [int(text) for text in found.groups()] == [math.ceil(100 * (high - 1)), math.ceil(100 * (1 - low))]
    assert report.longer is not None


def test_bounds_are_never_narrower_than_they_are():
    report = compared({"stock": QUIET, "b": times(1.12, SWAPPED)})
    low, high = map(int, re.search(r"(\d+)–(\d+) %", report.sentence).groups())
    interval = report.cells[0].pairs[0].settled.interval
    assert low <= 100 * (interval.low - 1) < low + 1
    assert high - 1 < 100 * (interval.high - 1) <= high


# --- several candidates ----------------------------------------------------------------------------------------------


def test_of_many_of_which_none_is_faster_the_largest_gain_and_loss_are_bounded():
    report = compared({"stock": scattered(1)} | {f"v{n}": scattered(n) for n in range(2, 20)})
    intervals = [pair.settled.interval for pair in report.cells[0].pairs]
    gains = math.ceil(100 * (max(each.high for each in intervals) - 1))
    loses = math.ceil(100 * (1 - min(each.low for each in intervals)))
    undecided = [pair.candidate for pair in report.cells[0].pairs if pair.verdict == "undecided"]
    assert len(undecided) == 18
    assert report.sentence == (
        f"Undecided: none of 18 configurations gains more than {gains} % or loses more than {loses} % against stock"
        " (95 %)."
    )


def test_to_keep_the_baseline_is_said_where_each_is_decided():
    sentence = compared({"stock": QUIET, "a": times(1.001), "b": times(0.999)}).sentence
    assert (
        sentence
        == "None of 2 configurations gains more than 0.1 % or loses more than 0.1 % against stock (95 %): keep stock."
    )


def test_those_that_are_undecided_are_named_beside_those_that_are_not():
    rates = {"stock": QUIET, "a": times(0.5, SWAPPED), "b": QUIET, "c": scattered(1), "d": scattered(2)}
    assert re.fullmatch(
        r"Undecided for c and d: none of 4 configurations gains more than \d+ % or loses more than \d+ % against stock"
        r" \(95 %\); a is slower\.",
        compared(rates).sentence,
    )


def test_no_candidate_gains_more_than_the_bound_says_whichever_of_many_gains_the_most():
    """Of equal candidates one or another gains the most by chance: the bound holds all the same."""
    broken, runs = 0, 300
    for seed in range(runs):
        arms = {"stock": scattered(1000 * seed)} | {f"v{n}": scattered(1000 * seed + n) for n in range(1, 7)}
        highest = max(compare(arms["stock"], rates).interval.high for name, rates in arms.items() if name != "stock")
        broken += highest < 1
    assert broken / runs <= 0.025


def test_several_that_are_faster_are_told_with_ranges_that_hold_at_once_and_the_rest_is_bounded():
    rates = {"stock": QUIET, "a": times(1.2, SWAPPED), "b": times(1.5, SWAPPED[::-1]), "c": QUIET[::-1]}
    report = compared(rates)
    assert report.sentence.startswith("Against stock, b is ")
    assert "(95 %, all 3 at once); c gains at most " in report.sentence
    assert report.sentence.endswith(" b is the fastest.")
    low, high = map(int, re.search(r"a is (\d+)–(\d+) % faster", report.sentence).groups())
    [pair] = [pair for pair in report.cells[0].pairs if pair.candidate == "a"]
    assert low <= 100 * (pair.settled.interval.low - 1)
    assert high >= math.ceil(100 * (pair.settled.interval.high - 1))
    both = re.search(r"b is (\d+)–(\d+) % faster", report.sentence).groups()
    alone = re.search(r"b is (\d+)–(\d+) % faster", compared({name: rates[name] for name in ("stock", "b")}).sentence)
    assert int(both[0]) < int(alone.group(1)), "together they are wider than one alone"


@pytest.mark.parametrize("truth", answers.TRUTHS[:2])
def test_sentences_hold_in_all_their_parts(truth):
    wrong = [seed for seed in range(40) if not all(answers.claims(answers.sentence(truth, seed), truth))]
    assert len(wrong) <= 2


def test_which_is_the_fastest_is_said_only_where_that_is_decided():
    rates = {"stock": QUIET, "a": times(1.2, SWAPPED), "b": times(1.21, SWAPPED[::-1])}
    assert compared(rates).sentence.endswith(" Which of them is the fastest is not decided.")


def test_those_of_other_durability_are_told_apart_from_the_rest():
    rates = {"stock": scattered(1)} | {f"v{n}": scattered(n) for n in range(2, 6)}
    sentence = compared(rates, {"v4": "not crash-safe", "v5": "may lose last 600 ms"}).sentence
    assert re.fullmatch(
        r"Undecided: none of 2 configurations gains .* \(95 %\)\."
        r" Of other durability, undecided: none of v4 and v5 gains more than [\d.]+ % or loses more than [\d.]+ %\.",
        sentence,
    )


def test_a_faster_one_of_other_durability_does_not_hide_that_no_durable_one_is():
    rates = {"stock": QUIET, "a": times(1.001), "b": times(0.999), "no-fsync": times(1.5, SWAPPED)}
    sentence = compared(rates, {"no-fsync": "not crash-safe"}).sentence
    assert sentence.startswith("None of 2 configurations gains more than ")
    assert re.search(
        r"no-fsync is \d+–\d+ % faster than stock here \(95 %, all 3 at once\), but is not crash-safe", sentence
    )


def test_slower_ones_are_named():
    rates = {"stock": QUIET, "a": times(0.5, SWAPPED), "b": QUIET}
    assert "; a is slower: keep stock." in compared(rates).sentence


def test_a_refused_candidate_is_named_and_counts_for_nothing():
    run = compared_run({"stock": QUIET, "b": times(1.5, SWAPPED), "huge": [None] * 6})
    refused = void("refused", "refused: variant huge: no huge pages")
    records = [replace(each, **refused) if each.trial.variant == "huge" else each for each in run.records]
    report = compare_arms([replace(run, records=records)], lambda _cell, _blocks: None)
    assert re.fullmatch(r"b is \d+–\d+ % faster than stock here\. huge was refused\.", report.sentence)


def test_a_candidate_whose_trials_are_all_void_is_not_known():
    sentence = compared({"stock": QUIET, "b": [None] * 6}).sentence
    assert sentence == "Nothing is known of b: without a block that counts."


def test_a_refused_baseline_leaves_nothing_to_compare():
    run = compared_run({"huge": [None] * 6, "b": QUIET})
    refused = void("refused", "refused: variant huge: no huge pages")
    records = [replace(each, **refused) if each.trial.variant == "huge" else each for each in run.records]
    report = compare_arms([replace(run, records=records)], lambda _cell, _blocks: None)
    assert report.sentence == "Nothing was compared: the baseline huge was refused."


# --- cells -----------------------------------------------------------------------------------------------------------


def test_over_several_rungs_the_answer_is_over_all_of_them():
    report = compared({"stock": QUIET, "b": times(1.12, SWAPPED)}, phases=("2-C", "2-G"))
    assert re.fullmatch(r"b is \d+–\d+ % faster than stock on average over 2-C and 2-G\.", report.sentence)


def test_where_no_block_has_all_in_every_cell_each_cell_speaks_for_itself():
    run = compared_run({"stock": QUIET, "huge": QUIET, "b": SWAPPED}, phases=("1-B", "2-B"))
    refused = void("refused", "refused: variant huge: no huge pages")
    records = [replace(each, **refused) if each.trial.variant == "huge" else each for each in run.records]
    report = compare_arms([replace(run, records=records)], lambda _cell, _blocks: None, across="phase")
    assert report.sentence == "2-B is within ±2 % of 1-B under stock and b (95 %)."


def test_what_only_one_rung_shows_is_said_beside_the_whole():
    blocks = range(1, 7)
    records = []
    for block, phase, variant in product(blocks, ("2-C", "2-G"), ("stock", "b")):
        rate = QUIET[block - 1] if variant == "stock" else SWAPPED[block - 1]
        if (phase, variant) == ("2-G", "b"):
            rate *= 1.3
        if (phase, variant) == ("2-C", "b"):
            rate /= 1.3
        records.append(
            a_record(
                len(records) + 1, phase, block=block, variant=variant, batch=1, rows_per_s=rate, settled_rows_per_s=rate
            )
        )
    run = compared_run({"stock": QUIET, "b": SWAPPED})
    plan = replace(run.plan, trials=tuple(record.trial for record in records))
    sentence = compare_arms([replace(run, plan=plan, records=records)], lambda _cell, _blocks: None).sentence
    _, _, alone = sentence.partition("Rung by rung, b is ")
    assert re.search(r"\d+–\d+ % faster in 2-G", alone)
    assert re.search(r"\d+–\d+ % slower in 2-C", alone)
    assert alone.endswith("(95 %, both at once).")


def of_layouts(rates):
    """Two layouts in two rungs: rows/s by phase and layout."""
    records = []
    for block, (phase, layout) in product(range(6), rates):
        number = len(records) + 1
        rate = rates[phase, layout][block]
        records.append(
            a_record(number, phase, block=block + 1, layout=layout, rows_per_s=rate, settled_rows_per_s=rate)
        )
    return compare_arms([pulled(*records)], lambda _cell, _blocks: None, across="layout")


def without_overall(rates):
    """As a comparison of whole runs has it: cells, and nothing over all of them."""
    report = replace(of_layouts(rates), overall=None)
    return replace(report, sentence=sentence_of(report))


def test_an_average_over_rungs_does_not_hide_where_there_is_no_difference():
    report = of_layouts(
        {
            ("2-C", "plain"): QUIET,
            ("2-C", "no-index"): times(1.3, SWAPPED),
            ("2-G", "plain"): QUIET,
            ("2-G", "no-index"): SWAPPED,
        }
    )
    assert report.sentence == (
        "no-index is 12–16 % faster than plain on average over 2-C and 2-G."
        " Rung by rung, no-index is 28–32 % faster in 2-C and within ±2 % in 2-G (95 %, both at once)."
    )


def test_where_one_kind_of_database_overtakes_another_that_comes_first_and_no_average(monkeypatch):
    monkeypatch.setattr("bench.analysis.answer.crossings", lambda _: ["b overtakes a between 500 and 5,000 rows."])
    report = of_layouts(
        {
            ("2-C", "plain"): QUIET,
            ("2-C", "no-index"): times(1.3, SWAPPED),
            ("2-G", "plain"): QUIET,
            ("2-G", "no-index"): times(0.7, SWAPPED),
        }
    )
    assert report.sentence.startswith("b overtakes a between 500 and 5,000 rows. Against plain, no-index is 29–")
    assert "on average" not in report.sentence


def test_where_nothing_is_over_all_each_rung_has_its_difference():
    report = without_overall(
        {
            ("2-C", "plain"): QUIET,
            ("2-C", "no-index"): times(1.3, SWAPPED),
            ("2-G", "plain"): QUIET,
            ("2-G", "no-index"): SWAPPED,
        }
    )
    assert re.fullmatch(
        r"Against plain, no-index is \d+–\d+ % faster in 2-C \(95 %, both at once\)\."
        r" No other difference is shown: none gains more than [\d.]+ % or loses more than [\d.]+ %\.",
        report.sentence,
    )


def test_where_nothing_is_over_all_the_bound_is_over_all_rungs():
    report = without_overall(
        {
            ("2-C", "plain"): scattered(1),
            ("2-C", "no-index"): scattered(2),
            ("2-G", "plain"): scattered(3),
            ("2-G", "no-index"): scattered(4),
        }
    )
    assert re.fullmatch(
        r"Undecided: in 2-C and 2-G no-index nowhere gains more than \d+ % or loses more than \d+ % against plain"
        r" \(95 %\)\.",
        report.sentence,
    )


# --- runs and hosts --------------------------------------------------------------------------------------------------


def test_two_runs_are_named_as_runs_and_nothing_is_to_be_kept():
    one = compared_run({"stock": QUIET})
    other = compared_run({"stock": times(0.8, SWAPPED)})
    later = replace(other, plan=replace(other.plan, run=LATER))
    report = compare_runs([one, later], "run")
    assert re.fullmatch(rf"run {LATER} is \d+–\d+ % slower than run {one.plan.run}\.", report.sentence)
    assert report.longer is None


def test_two_hosts_are_compared_by_name():
    other = replace(compared_run({"stock": times(1.5, SWAPPED)}), host=replace(a_host(), host="bench-2"))
    sentence = compare_runs([compared_run({"stock": QUIET}), other], "host").sentence
    assert re.fullmatch(r"bench-2 is \d+–\d+ % faster than bench-1\.", sentence)


# --- what is not whole -----------------------------------------------------------------------------------------------


def test_a_run_that_is_not_complete_answers_so_far():
    run = compared_run({"stock": QUIET, "b": times(1.12, SWAPPED)})
    report = compare_arms([replace(run, records=run.records[:8])], lambda _cell, _blocks: None)
    assert report.sentence.startswith("So far, of a run that is not complete: ")


def test_one_block_decides_nothing_and_six_are_offered():
    report = compared({"stock": [100.0], "b": [150.0]})
    assert report.sentence == "One block decides nothing: measure six or more."
    assert (report.longer.blocks, report.longer.tells) == (6, None)


def test_a_difference_that_rests_on_few_blocks_says_so_and_offers_more():
    report = compared({"stock": QUIET[:3], "b": times(2.5, QUIET[:3])})
    assert report.sentence.endswith(
        "So few blocks may take drift for a difference: measure six or more before acting on it."
    )
    assert report.longer is None or report.longer.blocks >= 6


def test_a_run_until_decided_has_the_intervals_of_its_rule():
    run = compared_run({"stock": scattered(1), "b": scattered(2), "c": scattered(3)})
    plan = replace(run.plan, until_decided=UntilDecided(margin=0.02, alpha=0.05))
    report = compare_arms([replace(run, plan=plan)], lambda _cell, _blocks: None)
    highest = max(pair.settled.interval.high for pair in report.cells[0].pairs)
    assert f"gains more than {math.ceil(100 * (highest - 1))} %" in report.sentence
    assert report.longer.blocks <= 200


# --- measuring longer ------------------------------------------------------------------------------------------------


def test_nothing_is_offered_where_all_is_decided():
    assert compared({"stock": QUIET, "b": times(1.12, SWAPPED)}).longer is None


def test_what_is_offered_is_what_so_many_blocks_tell():
    """Of equally noisy new runs half the intervals are as narrow as was said, or narrower."""
    first = compared({"stock": scattered(1, blocks=40), "b": scattered(2, blocks=40)})
    assert first.longer is not None
    halves = []
    for seed in range(100):
        one, other = (scattered(9000 + 2 * seed + n, blocks=first.longer.blocks) for n in range(2))
        interval = compare(one, other).interval
        halves.append(math.log(interval.high / interval.low) / 2)
    seen = first.cells[0].pairs[0].settled.error * math.sqrt(40) / (0.1 * math.sqrt(2))
    assert median(halves) * seen == pytest.approx(math.log1p(first.longer.tells), rel=0.1)


def test_the_time_is_the_plans_own_estimate_for_so_many_blocks():
    run = compared_run({"stock": scattered(1), "b": scattered(2)})
    report = compare_arms([run], lambda _cell, _blocks: None)
    a_block = [trial for trial in run.plan.trials if trial.block == 1]
    longer = tuple(trial for _ in range(report.longer.blocks) for trial in a_block)
    plan = replace(run.plan, trials=longer, repeat_suspect=USUAL)
    # As many are measured again as three of ten come to, in whole trials.
    assert report.longer.seconds == pytest.approx(estimate(plan, longer).seconds, rel=0.05)


def test_more_than_a_day_is_not_offered():
    run = compared_run({"stock": scattered(1), "b": scattered(2)})
    plan = replace(run.plan, window_s=86_000.0)
    assert compare_arms([replace(run, plan=plan)], lambda _cell, _blocks: None).longer is None
