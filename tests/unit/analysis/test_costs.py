"""What a row costs two candidates, one beside the other."""

import random
from dataclasses import replace

import pytest

from bench.analysis.compare import compare_arms
from bench.analysis.costs import cost_ratios, costs_of
from bench.model.outcome import outcome_of
from bench.model.record import COSTS, Cpu, costs_per_row
from bench.report.costs import cost_texts, differs, row_costs, row_costs_table
from tests.builders import a_record, compared_run, void
from tests.unit.analysis.test_compare import QUIET, with_versions
from tests.unit.report.test_comparison import plain

COUNTED = {"wal_position": 7_000_000.0, "wal_sync": 350.0, "buffers_used": 70_000.0}


def a_trial_that(**changes):
    """A record of 35,000 rows in 2 s."""
    return a_record(**{"counters": COUNTED, **changes})


def by_block(*records):
    return {("r", block, 1): record for block, record in enumerate(records, 1)}


def ratios(one, other, *, paired=True):
    return cost_ratios(costs_of(one), costs_of(other), paired=paired)


def of(name, one, other, *, paired=True):
    return {cost.name: cost for cost in ratios(one, other, paired=paired)}[name]


# --- of a record -----------------------------------------------------------------------------------------------------


def test_a_row_costs_what_the_window_took_over_its_rows():
    cpu = Cpu(host_pct=61.5, steal_pct=0, client_cores=0.35, server_cores=0.7)
    assert costs_per_row(a_trial_that(cpu=cpu)) == pytest.approx(
        {"client_us": 20, "server_us": 40, "wal_bytes": 200, "flushes": 0.01, "buffers": 2}
    )
    assert set(COSTS) == set(costs_per_row(a_trial_that(cpu=cpu)))


def test_what_was_not_observed_is_not_among_them_and_a_setting_that_flushes_nothing_costs_none():
    unseen = Cpu(host_pct=None, steal_pct=None, client_cores=0.35, server_cores=None)
    found = costs_per_row(a_trial_that(cpu=unseen, counters={"wal_sync": 0.0, "wal_position": None}))
    assert set(found) == {"client_us", "flushes"}
    assert found["flushes"] == 0


def test_a_trial_without_rows_costs_nothing_that_could_be_told():
    assert costs_per_row(a_trial_that(rows=0, commits=0)) == {}


def test_what_is_kept_of_many_records_has_them_too():
    record = a_trial_that()
    assert outcome_of(record).costs == record.costs == costs_per_row(record)
    assert outcome_of(record).server_us_per_row == record.server_us_per_row == record.costs["server_us"]


# --- of two candidates -----------------------------------------------------------------------------------------------


def test_the_ratio_is_of_the_same_blocks_and_has_its_interval():
    one = by_block(*(a_trial_that(counters={"wal_position": each}) for each in (7e6, 7.7e6, 7.1e6)))
    other = by_block(*(a_trial_that(counters={"wal_position": each / 2}) for each in (7e6, 7.7e6, 7.2e6, 9e6)))
    found = of("wal_bytes", one, other)
    assert (found.blocks, found.baseline) == (3, pytest.approx(sum((200, 220, 7.1e6 / 35_000)) / 3))
    assert found.ratio == pytest.approx(0.5, rel=0.01)
    assert found.interval.low < found.ratio < found.interval.high


def test_runs_that_were_not_interleaved_are_compared_without_pairing():
    one = by_block(*(a_trial_that(counters={"wal_position": each}) for each in (7e6, 7.7e6, 7.1e6)))
    other = {("s", block, 1): record for (_, block, _), record in one.items()}
    assert of("wal_bytes", one, other, paired=False).ratio == pytest.approx(1)
    assert ratios(one, other) == ()


def test_a_cost_that_is_nothing_in_some_block_has_no_ratio():
    one = by_block(a_trial_that(), a_trial_that())
    other = by_block(a_trial_that(counters={"wal_sync": 0.0}), a_trial_that(counters={"wal_sync": 0.0}))
    found = of("flushes", one, other)
    assert (found.ratio, found.interval, found.baseline, found.candidate) == (None, None, 0.01, 0)
    assert differs(found, 0.02, 0.05)


def test_one_block_without_a_flush_hides_no_difference():
    """As asynchronous commits have now and then: the ratio is that of the means, its interval the linear one."""
    one = by_block(*(a_trial_that(counters={"wal_sync": each}) for each in (350.0, 340.0, 360.0, 350.0)))
    other = by_block(*(a_trial_that(counters={"wal_sync": each}) for each in (7.0, 0.0, 7.0, 14.0)))
    found = of("flushes", one, other)
    assert found.ratio == pytest.approx(7 / 350)
    assert found.interval.low < found.ratio < found.interval.high < 0.2
    assert differs(found, 0.02, 0.05 / 10)
    later = {("s", block, 1): record for (_, block, _), record in other.items()}
    unpaired = of("flushes", one, later, paired=False)
    assert unpaired.ratio == pytest.approx(7 / 350)
    assert unpaired.interval.low < found.ratio < unpaired.interval.high


def test_of_one_block_among_none_no_interval_is_made():
    one, other = by_block(a_trial_that()), by_block(a_trial_that(), a_trial_that(counters={"wal_sync": 0.0}))
    assert of("flushes", one, other).interval is None
    flushless = by_block(a_trial_that(counters={"wal_sync": 0.0}))
    assert of("flushes", flushless, flushless).ratio is None


def test_the_linear_interval_of_means_holds_its_ratio():
    """Simulated: of counts that are 1 on average some blocks have none."""
    source = random.Random(5)
    missed = known = 0
    for _ in range(400):
        counts = [[float(sum(source.random() < 0.05 for _ in range(20))) for _ in range(6)] for _ in range(2)]
        one, other = (by_block(*(a_trial_that(counters={"wal_sync": each}) for each in side)) for side in counts)
        found = of("flushes", one, other)
        if found.interval is not None:
            known += 1
            missed += not found.interval.low <= 1 <= found.interval.high
    assert known > 300
    assert missed / known < 0.06


def test_void_trials_do_not_count_and_one_block_has_no_interval():
    one = by_block(a_trial_that(), a_trial_that(**void()))
    other = by_block(a_trial_that(), a_trial_that())
    found = of("wal_bytes", one, other)
    assert (found.blocks, found.ratio, found.interval) == (1, pytest.approx(1), None)
    assert not differs(found, 0.02, 0.05)


# --- in a report -----------------------------------------------------------------------------------------------------


def report_of(costs):
    """The comparison of variants whose rows have so much WAL, a block each."""
    run = compared_run({name: [1000.0] * len(of_blocks) for name, of_blocks in costs.items()})
    records = [
        replace(record, counters={"wal_position": record.rows * costs[record.trial.variant][record.trial.block - 1]})
        for record in run.records
    ]
    return compare_arms([replace(run, records=records)], lambda *_: None)


def cell(costs):
    [found] = report_of(costs).cells
    return found


def rows_of(costs, *, every):
    report = report_of(costs)
    [found] = report.cells
    return row_costs(report, found, every=every)


def test_every_pair_of_a_comparison_has_its_costs_whatever_the_factor():
    found = cell({"stock": [200, 210, 205, 201], "lean": [100, 106, 102, 100]})
    [pair] = found.pairs
    assert {cost.name for cost in pair.costs} == {"client_us", "server_us", "wal_bytes"}
    assert {cost.name: cost for cost in pair.costs}["wal_bytes"].ratio == pytest.approx(0.5, rel=0.02)


def test_a_table_has_the_costs_that_differ_and_on_demand_all():
    differing = {"stock": [200, 210, 205, 201], "lean": [100, 106, 102, 100]}
    [row] = rows_of(differing, every=False)
    assert list(row[:2]) == ["WAL, bytes", "lean"]
    assert len(rows_of(differing, every=True)) == 3
    same = report_of({"stock": [200, 210, 205, 201], "lean": [200, 210, 205, 202]})
    assert row_costs_table(same, same.cells[0], every=False) is None


def test_of_versions_the_servers_cpu_time_is_always_there_and_told_once():
    run = with_versions(compared_run({"15": QUIET, "17": QUIET}), {"15": 1.0, "17": 1.0})
    report = compare_arms([run], lambda *_: None)
    [found] = report.cells
    [row] = row_costs(report, found, every=False)
    assert list(row[:2]) == ["server CPU, µs", "17"]
    [cost] = [cost for cost in found.pairs[0].costs if cost.name == "server_us"]
    assert (cost.ratio, cost.interval) == (found.pairs[0].server_cpu.ratio, found.pairs[0].server_cpu.interval)
    assert plain(report).count("server CPU") == 1


def test_what_cost_neither_anything_is_left_out():
    rows = rows_of({"stock": [0] * 4, "lean": [0] * 4}, every=True)
    assert {row[0] for row in rows} == {"client CPU, µs", "server CPU, µs"}


def test_each_of_many_costs_that_are_looked_at_has_its_share_of_the_error():
    """Found by looking at many: one of two is enough to be shown among few, and not among forty."""
    costs = {"stock": [200.0, 210, 205, 201], "lean": [182.0, 186, 181, 184]}
    assert len(rows_of(costs, every=False)) == 1
    others = {f"v{number}": [200.0, 210, 205, 201] for number in range(12)}
    report = report_of({**costs, **others})
    [found] = report.cells
    [lean] = [cost for cost in found.pairs[0].costs if cost.name == "wal_bytes"]
    assert lean.interval.high < 1 / 1.02
    assert row_costs(report, found, every=False) == []


def test_what_is_rare_is_told_of_a_thousand_rows():
    one = by_block(a_trial_that(), a_trial_that())
    words = cost_texts("lean", of("flushes", one, one))[:-1]
    assert words == ("flushes/1,000", "lean", "10", "10", "1.000")
