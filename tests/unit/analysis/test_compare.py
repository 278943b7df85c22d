"""Arms of a run against each other: paired by block, void trials left out by name, ties shown as ties."""

import random
from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.compare import compare_arms
from bench.analysis.ladder import ladder_report
from bench.analysis.notes import POOLED
from bench.engines.postgresql.render import as_variant
from bench.model.errors import UsageError
from bench.model.plan import UntilDecided
from bench.questions.compare import void_or_partial
from bench.stats.compare import among, compare
from bench.stats.multiplicity import holm
from bench.stats.sequential import nominal_alpha
from tests.builders import a_host, a_record, compared_run, doubtful, void
from tests.sweeps import Box, planned, swept_run

QUIET = [100.0, 103, 98, 101, 99, 102]
FASTER = [1.5 * rate * wobble for rate, wobble in zip(QUIET, [1, 1.01, 0.99, 1, 1.01, 0.99], strict=True)]


def told(*runs, **more):
    return compare_arms(runs, lambda _cell, _blocks: None, **more)


def pair_of(*runs, **more):
    [cell] = told(*runs, **more).cells
    [pair] = cell.pairs
    return pair


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_the_first_variant_of_the_plan_is_the_baseline_and_blocks_are_paired():
    pair = pair_of(compared_run({"stock": QUIET, "async-commit": FASTER}))
    assert (pair.baseline, pair.candidate, pair.verdict) == ("stock", "async-commit", "faster")
    assert pair.burst == compare(QUIET, FASTER)
    assert pair.settled.ratio == pytest.approx(pair.burst.ratio)


def test_the_settled_rate_decides_where_a_burst_only_puts_work_off():
    run = compared_run({"stock": QUIET, "big-wal": FASTER})
    put_off = [
        replace(record, settled_rows_per_s=record.rows_per_s / (1.5 if record.trial.variant == "big-wal" else 1))
        for record in run.records
    ]
    pair = pair_of(replace(run, records=put_off))
    assert (pair.burst.verdict, pair.settled.verdict, pair.verdict) == ("faster", "equivalent", "equivalent")


def test_without_any_settled_rate_the_burst_rate_decides_and_that_is_said():
    run = compared_run({"a": QUIET, "b": FASTER})
    report = told(replace(run, records=[replace(each, settled_rows_per_s=None) for each in run.records]))
    assert (report.headline, report.cells[0].pairs[0].verdict) == ("burst", "faster")
    assert any("burst rate decides" in note for note in report.notes)


def test_where_nothing_was_measured_nobody_blames_the_closing_checkpoint():
    nothing = compared_run({"a": [None] * 3, "b": [None] * 3})
    for report in (told(nothing), told(replace(nothing, records=[]))):
        assert report.headline == "settled"
        assert not any("CHECKPOINT" in note for note in report.notes)


def test_a_void_trial_takes_its_block_out_of_its_pair_and_that_is_said():
    report = told(compared_run({"a": QUIET, "b": [*FASTER[:2], None, *FASTER[3:]], "c": FASTER}))
    one, other = report.cells[0].pairs
    assert (one.burst.blocks, other.burst.blocks) == (5, 6)
    assert one.left_out == ("block 3 of b: trial 8 is void, the connection was lost",)
    assert "2-C plain tcp, left out block 3 of b: trial 8 is void, the connection was lost." in report.notes


def test_so_does_a_trial_without_the_rate_that_decides_and_one_that_has_no_record():
    run = compared_run({"a": QUIET, "b": FASTER})
    pair = pair_of(replace(run, records=[replace(run.records[0], settled_rows_per_s=None), *run.records[1:-1]]))
    assert pair.left_out == ("block 1 of a: trial 1 has no settled rate", "block 6 of b: there is no record")


def test_an_arm_whose_trials_are_all_void_has_no_verdict():
    report = told(compared_run({"a": QUIET, "b": [None] * 6}))
    assert report.cells[0].pairs[0].verdict is None
    assert [rank.arm for rank in report.cells[0].ranking] == ["a"]


def test_a_refused_variant_is_an_arm_of_its_own_and_the_others_are_compared():
    run = compared_run({"a": QUIET, "b": FASTER, "huge": [None] * 6})
    refused = void("refused", "refused: variant huge: no huge pages")
    records = [replace(each, **refused) if each.trial.variant == "huge" else each for each in run.records]
    report = told(replace(run, records=records))
    assert [arm.refused for arm in report.cells[0].arms] == [None, None, "refused: variant huge: no huge pages"]
    assert [pair.verdict for pair in report.cells[0].pairs] == ["faster", None]
    assert report.cells[0].pairs[1].left_out == ()
    assert "huge: refused: variant huge: no huge pages." in report.notes


def test_the_last_attempt_of_a_trial_counts():
    run = compared_run({"a": QUIET, "b": FASTER})
    cut = replace(run.records[0], **void("agent-ended"))
    again = replace(run.records[0], attempt=2)
    assert pair_of(replace(run, records=[cut, *run.records[1:], again])).burst == compare(QUIET, FASTER)


def test_one_block_decides_nothing_and_says_so():
    report = told(compared_run({"a": [100.0], "b": [200.0]}))
    assert (report.cells[0].pairs[0].verdict, report.cells[0].pairs[0].settled.interval) == ("undecided", None)
    assert any(note.startswith("One block has no spread") for note in report.notes)


def test_few_blocks_are_told_by_those_that_count_whatever_was_planned():
    few = "With fewer than six blocks"
    assert any(note.startswith(few) for note in told(compared_run({"a": QUIET[:5], "b": FASTER[:5]})).notes)
    assert not any(note.startswith(few) for note in told(compared_run({"a": QUIET, "b": FASTER})).notes)
    lost = told(compared_run({"a": QUIET, "b": FASTER, "c": [None, *FASTER[1:]]}))
    assert any(note.startswith(few) for note in lost.notes)
    decided = told(until_decided(compared_run({"a": QUIET[:3], "b": FASTER[:3]}), 2))
    assert any(note.startswith(few) for note in decided.notes)


def test_blocks_that_went_there_and_back_may_be_few_where_none_is_lost():
    there_and_back = {"a": QUIET[:4], "b": FASTER[:4]}
    assert not any(note.startswith("With fewer than six") for note in told(back(compared_run(there_and_back))).notes)
    lost = back(compared_run({"a": QUIET[:4], "b": [None, *FASTER[1:4]]}))
    assert any(note.startswith("With fewer than six") for note in told(lost).notes)


def back(run):
    """The run with every second block the other way round."""
    trials = [
        trial
        for block, trials in groupby(run.plan.trials, lambda trial: trial.block)
        for trial in (list(trials) if block % 2 else list(trials)[::-1])
    ]
    return replace(run, plan=replace(run.plan, trials=tuple(trials)))


def test_one_variant_is_refused_with_what_would_do():
    with pytest.raises(UsageError, match="nothing to compare in it; compare it with another run"):
        told(compared_run({"a": QUIET}))


# --- what is said first ----------------------------------------------------------------------------------------------


def test_where_arms_do_not_promise_the_same_the_first_note_says_so():
    run = compared_run({"a": QUIET, "b": FASTER, "c": FASTER}, sealed=False)
    grades = {"a": "durable", "b": "may lose last 600 ms", "c": "durable"}
    report = told(replace(run, records=[replace(each, durability=grades[each.trial.variant]) for each in run.records]))
    guarantees = "a, c durable; b may lose last 600 ms"
    assert report.notes[0] == f"These candidates do not have the same durability guarantee: {guarantees}."


def test_a_run_that_was_not_closed_is_not_complete():
    assert told(compared_run({"a": QUIET, "b": FASTER})).complete
    assert not told(compared_run({"a": QUIET, "b": FASTER}, sealed=False)).complete


def test_arms_of_one_durability_say_nothing_of_it():
    assert told(compared_run({"a": QUIET, "b": FASTER})).notes == ()


def test_a_run_that_is_not_complete_says_how_much_of_it_is_there():
    run = compared_run({"a": QUIET, "b": FASTER})
    report = told(replace(run, records=run.records[:6]))
    assert "This run is not complete: 6 of its 12 trials are here." in report.notes
    assert not report.complete


def test_wal_files_that_a_trial_had_to_create_are_told_with_the_arm():
    run = compared_run({"a": QUIET, "b": FASTER})
    created = [replace(each, wal_files_created=7 if each.trial.variant == "b" else 0) for each in run.records]
    [note] = told(replace(run, records=created)).notes
    assert note.endswith("b up to 7.")
    assert "create WAL files" in note


def test_settings_that_differ_in_effect_stand_beside_the_pair():
    [differing] = pair_of(compared_run({"a": QUIET, "b": FASTER})).differs
    assert (differing.name, differing.baseline, differing.candidate) == ("work_mem", "4MB", "5MB")


# --- many comparisons ------------------------------------------------------------------------------------------------


def test_over_a_matrix_p_values_are_holms_over_all_pairs_of_all_cells():
    run = compared_run({"a": QUIET, "b": FASTER, "c": QUIET[::-1]}, phases=("2", "2-C"))
    pairs = [pair for cell in told(run).cells for pair in cell.pairs]
    assert [pair.adjusted_p for pair in pairs] == holm([pair.settled.p_value for pair in pairs])


def test_over_a_matrix_the_headline_detects_what_survives_the_adjustment():
    report = told(compared_run({"a": QUIET, "b": FASTER, "c": QUIET[::-1]}, phases=("2", "2-C")))
    pair = report.cells[0].pairs[0]
    assert pair.settled.detectable == pytest.approx(among(pair.burst, 4, pair.verdict).detectable)
    assert pair.settled.detectable > pair.burst.detectable == compare(QUIET, FASTER).detectable
    over = report.overall.pairs[0]
    assert over.settled.detectable == pytest.approx(among(over.burst, 2, over.verdict).detectable)


def test_a_verdict_that_the_adjusted_p_value_does_not_bear_is_undecided():
    barely = [rate * wobble for rate, wobble in zip(QUIET, [1.01, 1.09, 1.05, 1.12, 1.02, 1.06], strict=True)]
    alone = pair_of(compared_run({"a": QUIET, "b": barely}))
    among = told(compared_run({"a": QUIET, "b": barely} | {f"c{n}": QUIET for n in range(9)})).cells[0].pairs[0]
    assert alone.verdict == "faster"
    assert (among.settled.verdict, among.verdict) == ("faster", "undecided")
    assert among.adjusted_p > 0.05
    assert alone.settled.more_blocks is None
    assert among.settled.more_blocks > 0


@pytest.mark.parametrize("arms", [2, 4])
def test_under_no_difference_any_false_alarm_of_a_matrix_comes_at_most_6_times_in_100(arms):
    source = random.Random(11)
    alarms = 0
    for _ in range(150):
        rates = {f"v{n}": [1000 * (1 + source.gauss(0, 0.02)) for _ in range(6)] for n in range(arms)}
        pairs = [pair for cell in told(compared_run(rates)).cells for pair in cell.pairs]
        alarms += any(pair.verdict in ("faster", "slower") for pair in pairs)
    assert alarms / 150 <= 0.06


# --- ranks -----------------------------------------------------------------------------------------------------------


def ranks(run):
    [cell] = told(run).cells
    return {rank.arm: (rank.best, rank.worst) for rank in cell.ranking}


def test_arms_that_can_be_told_apart_have_a_rank_each():
    run = compared_run({"a": QUIET, "b": FASTER, "c": [2 * rate for rate in FASTER]})
    assert ranks(run) == {"a": (3, 3), "b": (2, 2), "c": (1, 1)}


def test_ties_share_their_ranks():
    run = compared_run({"a": QUIET, "b": FASTER, "c": FASTER[::-1]})
    assert ranks(run) == {"a": (3, 3), "b": (1, 2), "c": (1, 2)}


def test_no_rank_separates_arms_whose_verdict_is_undecided():
    barely = [rate * wobble for rate, wobble in zip(QUIET, [1.01, 1.09, 1.05, 1.12, 1.02, 1.06], strict=True)]
    assert ranks(compared_run({"a": QUIET, "b": barely})) == {"a": (2, 2), "b": (1, 1)}
    report = told(compared_run({"a": QUIET, "b": barely}, phases=("1", "1-B", "2", "2-B", "2-C", "2-D", "2-G", "2-H")))
    for cell in report.cells:
        assert (cell.pairs[0].settled.verdict, cell.pairs[0].verdict) == ("faster", "undecided")
        assert [(rank.best, rank.worst) for rank in cell.ranking] == [(1, 2), (1, 2)]


def test_a_verdict_of_a_run_until_decided_is_not_taken_back_by_its_ranks():
    run = until_decided(compared_run({"a": QUIET[:3], "b": FASTER[:3]}, phases=("2", "2-C", "2-D")), 0)
    for cell in told(run).cells:
        assert cell.pairs[0].verdict == "faster"
        assert [rank.arm for rank in cell.ranking if rank.best == rank.worst] == ["b", "a"]


@given(st.lists(st.lists(st.floats(1, 1e6), min_size=4, max_size=4), min_size=2, max_size=5))
def test_every_arm_may_stand_where_its_ranks_say_and_none_is_lost(rates):
    found = ranks(compared_run({f"v{n}": each for n, each in enumerate(rates)}))
    assert len(found) == len(rates)
    assert all(1 <= best <= worst <= len(rates) for best, worst in found.values())
    assert min(best for best, _ in found.values()) == 1


# --- several runs of one plan ----------------------------------------------------------------------------------------


def again(run, **changes):
    plan = replace(run.plan, run="20261123T101500-ab12", **changes)
    return replace(run, plan=plan, records=[replace(each, run=plan.run) for each in run.records])


def test_runs_of_one_plan_on_one_box_count_as_one_with_more_blocks():
    run = compared_run({"a": QUIET, "b": FASTER})
    assert pair_of(run, again(run)).burst == compare(QUIET * 2, FASTER * 2)


def test_of_runs_counted_as_one_it_is_told_that_looking_again_is_not_paid_for():
    run = compared_run({"a": QUIET, "b": FASTER})
    assert told(run, again(run)).notes.count(POOLED) == 1
    assert POOLED not in told(run).notes


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"window_s": 20}, "window 2 s and 20 s"), ({"preload_rows": 5}, "rows preloaded 0 and 5")],
)
def test_runs_that_measured_otherwise_are_refused_by_name(changes, named):
    run = compared_run({"a": QUIET, "b": FASTER})
    with pytest.raises(UsageError, match=f"do not belong together: {named}"):
        told(run, again(run, **changes))


def test_runs_of_another_box_are_refused_by_the_fact_that_differs():
    run = compared_run({"a": QUIET, "b": FASTER})
    other = replace(again(run), host=a_host(memory={"ram_bytes": 8 << 30}))
    with pytest.raises(UsageError, match=r"memory.ram_bytes \d+ and \d+"):
        told(run, other)


def test_the_same_run_twice_is_refused():
    run = compared_run({"a": QUIET, "b": FASTER})
    with pytest.raises(UsageError, match="the same run twice"):
        told(run, run)


# --- until decided ---------------------------------------------------------------------------------------------------


def until_decided(run, blocks):
    """The run as far as it came, of a plan of more blocks."""
    trials = [
        replace(trial, number=trial.number + 1000 * more, block=trial.block + 100 * more)
        for more in (1, 2)
        for trial in run.plan.trials
    ]
    left = [trial for trial in trials if trial.block <= 100 + blocks]
    rule = UntilDecided(margin=0.02, alpha=0.05)
    return replace(run, plan=replace(run.plan, trials=(*run.plan.trials, *left), until_decided=rule))


def test_a_run_until_decided_is_told_with_the_spending_rules_intervals():
    run = until_decided(compared_run({"a": QUIET[:3], "b": FASTER[:3]}), 2)
    report = told(run)
    assert (report.decided_after, report.max_blocks, report.complete) == (3, 5, True)
    assert report.cells[0].pairs[0].settled.coverage == 1 - nominal_alpha(3, 5)
    assert report.cells[0].pairs[0].adjusted_p is None
    assert any(note.startswith("Ended after block 3 of at most 5, none undecided by ±2 %.") for note in report.notes)


def test_a_run_until_decided_that_is_not_decided_yet_is_not_complete():
    report = told(until_decided(compared_run({"a": QUIET[:3], "b": QUIET[2::-1]}), 2))
    assert (report.decided_after, report.complete) == (None, False)


def refused_in(run, *names):
    changes = void("refused", "refused: no huge pages")
    return replace(
        run, records=[replace(each, **changes) if each.trial.variant in names else each for each in run.records]
    )


def test_a_baseline_that_was_refused_is_told_at_the_top_with_its_reason():
    report = told(refused_in(compared_run({"a": QUIET, "b": FASTER}), "a"))
    assert [pair.verdict for pair in report.cells[0].pairs] == [None]
    assert report.notes[0] == "The baseline a was refused: nothing is compared with it (refused: no huge pages)."


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["a"], "the baseline a was refused: nothing is compared with it"),
        (["b", "c"], "all others were refused: nothing is compared with a"),
    ],
)
def test_a_run_until_decided_with_nothing_left_to_compare_ends_at_once_and_is_not_called_decided(names, why):
    run = until_decided(refused_in(compared_run({"a": QUIET[:4], "b": FASTER[:4], "c": FASTER[:4]}), *names), 1)
    run = replace(run, records=[each for each in run.records if each.trial.block == 1])
    report = told(run)
    assert report.complete
    assert void_or_partial([report])
    assert any(note.startswith(f"Ended after block 1 of at most 5, as {why}.") for note in report.notes)
    ladder = ladder_report(run)
    assert ladder.notes[0] == f"This run ended after 3 of at most 15 trials: {why}."
    assert not any("decided:" in note or "none undecided" in note for note in (*report.notes, *ladder.notes))


def test_suspect_trials_count_and_are_counted():
    run = compared_run({"a": QUIET, "b": FASTER})
    doubted = [replace(each, validity=doubtful("suspect", "steal")) for each in run.records]
    arms = told(replace(run, records=doubted)).cells[0].arms
    assert [(arm.suspect, arm.void) for arm in arms] == [(6, 0), (6, 0)]


def test_energy_is_told_by_a_thousand_rows():
    run = compared_run({"a": QUIET, "b": FASTER})
    heated = [replace(each, energy_j=each.rows / 500) for each in run.records]
    assert told(replace(run, records=heated)).cells[0].arms[0].joules_per_1000_rows == 2.0
    assert a_record().energy_j is None


# --- the number shown is the number compared -------------------------------------------------------------------------


def shown_ratios(report):
    """Of each pair the ratio told, and that of the rates that stand beside it."""
    for cell in report.cells:
        rates = {arm.name: arm for arm in cell.arms}
        for pair in cell.pairs:
            one, other = rates[pair.baseline], rates[pair.candidate]
            yield pair.settled.ratio, other.settled_rows_per_s / one.settled_rows_per_s
            yield pair.burst.ratio, other.rows_per_s / one.rows_per_s


@pytest.mark.parametrize("fast", [[760.0, 300, 1000, 810], [760.0, None, 1000, 810]])
def test_the_rates_shown_have_the_ratio_that_is_told(fast):
    report = compare_arms([compared_run({"stock": [510.0, 980, 420, 630], "fast": fast})], lambda _cell, _blocks: None)
    for told, shown in shown_ratios(report):
        assert shown == pytest.approx(told)


def with_versions(run, cores):
    """The run with versions in place of variants, whose servers kept so many cores busy."""
    records, trials = [], {}
    for record in run.records:
        version = record.trial.variant
        trial = replace(record.trial, variant="stock", version=version)
        trials[trial.number] = trial
        cpu = replace(record.cpu, server_cores=cores[version])
        records.append(replace(record, trial=trial, cpu=cpu))
    stock = run.plan.variants[0]
    variants = tuple(as_variant("stock", stock.text, version=version) for version in cores)
    return replace(run, records=records, plan=replace(run.plan, variants=variants, trials=tuple(trials.values())))


def test_versions_are_compared_with_what_a_row_costs_of_the_servers_cpu_time():
    run = with_versions(compared_run({"15": QUIET, "17": QUIET, "18": FASTER}), {"15": 1.0, "17": 0.8, "18": 1.2})
    report = told(run)
    [cell] = report.cells
    assert (report.across, report.of_runs, cell.version) == ("version", False, None)
    assert [arm.name for arm in cell.arms] == ["15", "17", "18"]
    by_name = {pair.candidate: pair for pair in cell.pairs}
    assert by_name["17"].server_cpu.ratio == pytest.approx(0.8)
    assert by_name["18"].server_cpu.ratio == pytest.approx(1.2 / 1.5, rel=0.02)
    assert by_name["18"].server_cpu.interval.low < 0.8 < by_name["18"].server_cpu.interval.high
    assert by_name["18"].verdict == "faster"
    seconds, rows = run.records[0].seconds, run.records[0].rows
    assert run.records[0].server_us_per_row == pytest.approx(1e6 * seconds / rows)


def test_where_the_servers_cpu_time_was_not_observed_no_ratio_is_made_of_it():
    run = with_versions(compared_run({"15": QUIET, "17": FASTER}), {"15": 1.0, "17": None})
    [cell] = told(run).cells
    assert cell.pairs[0].server_cpu is None
    assert [arm.server_us_per_row is None for arm in cell.arms] == [False, True]


def test_suite_and_compiler_of_versions_are_said_with_the_answer():
    versions = {
        "15": {"version": "PostgreSQL 15.18 (Debian) on x86_64, compiled by gcc 12.2.0, 64-bit", "suite": "bookworm"},
        "17": {"version": "PostgreSQL 17.12 (Debian) on x86_64, compiled by gcc 14.2.0, 64-bit", "suite": "trixie"},
    }
    run = with_versions(compared_run({"15": QUIET, "17": FASTER}), {"15": 1.0, "17": 1.0})
    host = a_host(postgresql={"version": versions["15"]["version"], "versions": versions})
    said = " ".join(told(replace(run, host=host)).notes)
    assert "PostgreSQL 15.18 (Debian) (bookworm, gcc 12.2.0); PostgreSQL 17.12 (Debian) (trixie, gcc 14.2.0)" in said


def test_of_a_sweep_that_refines_no_block_is_missed_that_was_not_to_be():
    plan = planned()
    run = swept_run(plan, Box(lambda pool: 1000 * min(pool, 6)).carry_out(plan))
    report = compare_arms([run], lambda *_: None, baseline="pool=8")
    assert (report.across, report.complete) == ("pool", True)
    assert [note for note in report.notes if "left out" in note] == []
    [cell] = report.cells
    assert all(pair.verdict for pair in cell.pairs)
