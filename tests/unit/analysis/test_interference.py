"""What readers, or keeping so many rows, cost the writers: a sentence with an interval."""

import random
import re
from dataclasses import replace

from bench.analysis.answer import sentence_of
from bench.analysis.compare import compare_arms
from bench.analysis.interference import named
from bench.analysis.sweep import sweep
from tests.builders import a_record, pulled, rated

QUIET = [100.0, 103, 98, 101, 99, 102]
SWAPPED = [101.0, 102, 99, 100, 98, 103]


def times(factor, rates):
    return [factor * rate for rate in rates]


def scattered(seed):
    source = random.Random(seed)
    return [100 * source.lognormvariate(0, 0.3) for _ in range(6)]


def run_of(factor, rates, **parameters):
    """A run that varies one parameter: rows/s by its value, one a block."""
    records = []
    for value, of_value in rates.items():
        for block, rate in enumerate(of_value, 1):
            number = len(records) + 1
            varied = {factor: value, **parameters}
            records.append(a_record(number, block=block, **rated(rate), **varied))
    return pulled(*records)


def compared(factor, rates, **parameters):
    return compare_arms([run_of(factor, rates, **parameters)], lambda _cell, _blocks: None, across=factor)


def test_what_readers_cost_is_a_share_of_the_writers_rate_with_its_interval():
    report = compared("readers", {0: QUIET, 4: times(0.88, SWAPPED)})
    found = re.fullmatch(r"4 readers cost the writers (\d+) % \[(\d+), (\d+)\] of their rows/s here\.", report.sentence)
    low, high = report.cells[0].pairs[0].settled.interval.low, report.cells[0].pairs[0].settled.interval.high
    cost, least, most = map(int, found.groups())
    assert cost == 12
    assert least <= 100 * (1 - high) < least + 1
    assert most - 1 < 100 * (1 - low) <= most


def test_one_reader_costs_and_what_is_kept_is_told_with_its_number():
    assert compared("readers", {0: QUIET, 1: times(0.7, SWAPPED)}).sentence.startswith(
        "1 reader costs the writers 30 %"
    )
    kept = compared("retain", {0: QUIET, 100_000: times(0.7, SWAPPED)}).sentence
    assert kept.startswith("Keeping 100,000 rows costs the writers 30 %")
    assert named("retain", 1) == ("keeping 1 row", "costs")


def test_several_have_a_sentence_each_and_intervals_that_hold_at_once():
    sentence = compared("readers", {0: QUIET, 1: times(0.9, SWAPPED), 4: times(0.6, SWAPPED)}).sentence
    assert sentence.startswith("1 reader costs the writers 10 % [")
    assert ". 4 readers cost the writers 40 % [" in sentence
    assert sentence.count("of their rows/s here (95 %, both at once).") == 2


def test_nothing_that_matters_is_said_so():
    assert compared("readers", {0: QUIET, 4: QUIET}).sentence == (
        "4 readers cost the writers nothing that matters, within ±2 % here (95 %)."
    )


def test_what_is_undecided_has_its_bounds():
    sentence = compared("readers", {0: scattered(1), 4: scattered(2)}).sentence
    assert re.match(
        r"Undecided: 4 readers cost the writers at most \d+ % and gain them at most \d+ % \(95 %\)\.", sentence
    )


def test_writers_that_are_quicker_with_readers_are_told_too():
    sentence = compared("readers", {0: QUIET, 4: times(1.12, SWAPPED)}).sentence
    assert re.match(r"With 4 readers the writers write 12 % \[\d+, \d+\] more rows/s here\.", sentence)


def test_against_some_readers_it_is_said_against_how_many():
    sentence = compared("readers", {2: QUIET, 4: times(0.7, SWAPPED)}).sentence
    assert "of their rows/s against 2 readers here." in sentence


def test_at_a_rate_no_cost_is_told_by_rows():
    report = compared("readers", {0: QUIET, 4: QUIET}, rate=100.0, arrivals="poisson", load="open")
    assert "cost the writers" not in sentence_of(report)


def test_a_sweep_says_what_each_number_of_readers_costs_and_has_no_knee():
    [curve] = sweep(run_of("readers", {0: QUIET, 1: times(0.9, SWAPPED), 4: times(0.6, SWAPPED)})).curves
    assert re.fullmatch(
        r"2-C: 1 reader costs the writers 10 % \[\d+, \d+\] of their rows/s;"
        r" 4 readers cost the writers 40 % \[\d+, \d+\] of their rows/s\.",
        curve.sentence,
    )
    assert curve.knee is None


def test_a_sweep_says_what_it_costs_also_where_none_of_it_is_not_the_fastest():
    [quicker] = sweep(run_of("readers", {0: QUIET, 2: times(1.12, SWAPPED), 4: times(0.88, SWAPPED)})).curves
    assert quicker.best == 1
    assert re.fullmatch(
        r"2-C: with 2 readers the writers write 12 % \[\d+, \d+\] more rows/s;"
        r" 4 readers cost the writers 12 % \[\d+, \d+\] of their rows/s\.",
        quicker.sentence,
    )
    least, *others = (point.to_least for point in quicker.points)
    assert least is None
    assert [each.low < factor < each.high for each, factor in zip(others, (1.12, 0.88), strict=True)] == [True, True]
    [undecided] = sweep(run_of("readers", {0: scattered(1), 4: scattered(2)})).curves
    assert re.match(r"2-C: undecided: 4 readers cost the writers at most \d+ % and gain them", undecided.sentence)


def test_a_sweep_says_what_each_level_of_waiting_costs_whichever_is_the_fastest():
    [curve] = sweep(run_of("replica", {"on": times(0.6, QUIET), "none": QUIET, "async": times(1.1, SWAPPED)})).curves
    assert [point.values for point in curve.points] == [{"replica": level} for level in ("none", "async", "on")]
    assert curve.best == 1
    assert "with a standby that no commit waits for (async) the writers write 10 % [" in curve.sentence
    assert "; waiting until a standby has flushed (on) costs the writers 4" in curve.sentence


def test_a_sweep_of_some_readers_says_against_how_many():
    [curve] = sweep(run_of("readers", {2: QUIET, 4: times(0.7, SWAPPED)})).curves
    assert curve.sentence.endswith("of their rows/s against 2 readers.")


def test_of_a_grid_a_sweep_says_what_it_costs_for_each_value_of_the_other_parameter():
    by_value = {
        5: {0: QUIET, 4: times(0.9, SWAPPED)},
        10: {0: times(2, QUIET), 4: times(2.2, SWAPPED)},
    }
    records = []
    for in_flight, rates in by_value.items():
        for record in run_of("readers", rates, in_flight=in_flight).records:
            records.append(replace(record, trial=replace(record.trial, number=len(records) + 1)))
    [curve] = sweep(pulled(*records)).curves
    assert curve.sentence.startswith("2-C is fastest at in_flight 10, readers 4, 221 rows/s (")
    assert "; all others are slower by" in curve.sentence
    assert re.search(r" 2-C, in_flight 5: 4 readers cost the writers 10 % \[\d+, \d+\] of their rows", curve.sentence)
    assert re.search(r"; 2-C, in_flight 10: with 4 readers the writers write 10 % \[\d+, \d+\] more", curve.sentence)


def test_where_one_block_shows_no_spread_a_sweep_tells_no_cost():
    [curve] = sweep(run_of("readers", {0: QUIET[:1], 4: SWAPPED[:1]})).curves
    assert "cost" not in curve.sentence
    assert curve.points[1].to_least.low is None


def test_at_a_rate_a_sweep_tells_no_cost_by_rows():
    [curve] = sweep(run_of("readers", {0: QUIET, 4: QUIET}, rate=100.0, arrivals="poisson", load="open")).curves
    assert "cost" not in curve.sentence
    assert [point.to_least for point in curve.points] == [None, None]


def tables(baseline, candidate, rates, **parameters):
    """A comparison of two layouts: rows/s by layout, one a block."""
    records = []
    for layout, of_layout in zip((baseline, candidate), rates, strict=True):
        for block, rate in enumerate(of_layout, 1):
            number = len(records) + 1
            records.append(a_record(number, block=block, layout=layout, **rated(rate), **parameters))
    return compare_arms([pulled(*records)], lambda _cell, _blocks: None, across="layout", baseline=baseline)


def test_of_tables_that_keep_as_many_rows_it_is_told_what_dropping_partitions_costs_or_gains():
    def said(factor, rates=SWAPPED):
        both = QUIET, times(factor, rates)
        return tables("plain-time-key", "time-partitioned", both, retain=100_000).sentence

    assert re.fullmatch(
        r"With partitions dropped the writers write 15 % \[1\d, 1\d\] more rows/s than with rows deleted here\.",
        said(1.15),
    )
    assert re.fullmatch(
        r"Dropping partitions costs the writers 12 % \[\d+, 1\d\] of their rows/s against deleting rows here\.",
        said(0.88),
    )
    assert said(1, QUIET).startswith("Dropping partitions costs the writers nothing that matters, within ±2 %, against")
    undecided = said(1, scattered(1))
    assert undecided.startswith("Undecided: dropping partitions costs the writers at most ")
    assert undecided.endswith("against deleting rows (95 %).")


def test_tables_that_keep_all_rows_or_drop_none_are_compared_as_others():
    both = QUIET, times(0.88, SWAPPED)
    assert "time-partitioned is" in tables("plain-time-key", "time-partitioned", both).sentence
    assert "plain-time-key is" in tables("plain", "plain-time-key", both, retain=100_000).sentence


def test_what_waiting_for_a_standby_costs_is_told_by_its_level():
    report = compared("replica", {"none": QUIET, "async": times(0.83, SWAPPED), "on": times(0.6, QUIET)})
    text = report.sentence
    assert "A standby that no commit waits for (async) costs the writers " in text
    assert "Waiting until a standby has flushed (on) costs the writers 4" in text


def test_two_levels_are_compared_with_each_other():
    report = compared("replica", {"async": QUIET, "remote_apply": times(0.7, SWAPPED)})
    text = report.sentence
    assert text.startswith("Waiting until a standby has replayed (remote_apply) costs the writers ")
    assert "against a standby that no commit waits for (async)" in text
