"""Runs and hosts set beside each other: what must match stops it by name, what differs else is listed."""

from dataclasses import replace

import pytest

from bench.analysis.comparison import Differing
from bench.analysis.noise import box_noise
from bench.analysis.notes import ONE_BLOCK, doubt_notes
from bench.analysis.sides import compare_runs
from bench.engines.postgresql.render import as_variant
from bench.model.errors import UsageError
from bench.model.fingerprint import Unreadable
from bench.questions.compare import equivalent, void_or_partial
from bench.stats.unpaired import compare_unpaired
from tests.builders import RUN, a_histogram, a_host, again, changed, compared_run, doubtful, void

RATES = [100.0, 103, 98, 101, 99, 102]
LATER = "20261123T101500-ab12"


def run(*phases, rates=RATES, name=None, **changes):
    made = compared_run({"stock": rates}, phases or ("2-C",), **changes)
    if name is None:
        return made
    plan = replace(made.plan, run=name)
    return replace(made, plan=plan, records=[replace(each, run=name) for each in made.records])


def pair_of(report):
    [cell] = report.cells
    [pair] = cell.pairs
    return pair


def test_two_runs_are_compared_by_welch_and_the_caveat_comes_first():
    later = run(name=LATER, rates=[2 * rate for rate in RATES])
    report = compare_runs([run(), later], "run")
    assert pair_of(report).burst == compare_unpaired(RATES, [2 * rate for rate in RATES])
    assert (pair_of(report).verdict, pair_of(report).candidate) == ("faster", LATER)
    assert report.notes[0].startswith("These runs' blocks were not interleaved")


def test_of_different_durability_that_comes_even_before():
    later = run(name=LATER)
    later = replace(later, records=[replace(each, durability="not crash-safe") for each in later.records])
    report = compare_runs([run(), later], "run")
    assert report.notes[0].startswith("These candidates do not have the same durability guarantee")


def test_a_run_that_was_stopped_or_cancelled_is_told_before_anything_but_durability():
    cut = run(name=LATER)
    cut = replace(cut, records=cut.records[:4])
    stopped = compare_runs([run(), cut], "run")
    assert stopped.notes[0] == f"Run {LATER} is not complete: 4 of its 6 trials are here."
    assert not stopped.complete
    cancelled = compare_runs([run(), replace(cut, cancelled=True)], "run")
    assert cancelled.notes[0] == f"Run {LATER} was cancelled and is not complete: 4 of its 6 trials are here."


def test_each_variant_is_compared_with_itself():
    both = compared_run({"stock": RATES, "b": RATES})
    later = replace(both, plan=replace(both.plan, run=LATER))
    later = replace(later, records=[replace(each, run=LATER) for each in both.records])
    assert [cell.variant for cell in compare_runs([both, later], "run").cells] == ["stock", "b"]


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (run("2", name=LATER), "phase 2-C is only in"),
        (replace(run(name=LATER), host=a_host(postgresql={"version": "PostgreSQL 16.1"})), "PostgreSQL 15 and 16"),
    ],
)
def test_what_must_match_stops_it_by_name(other, named):
    with pytest.raises(UsageError, match="can't be compared") as refused:
        compare_runs([run(), other], "run")
    assert named in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"window_s": 20}, "window 2 s and 20 s"),
        ({"warm_up_s": 5}, "warm-up 1 s and 5 s"),
        ({"preload_rows": 1000}, "rows preloaded 0 and 1,000"),
    ],
)
def test_another_way_to_measure_stops_it_by_name(changes, named):
    other = run(name=LATER)
    with pytest.raises(UsageError, match=named):
        compare_runs([run(), replace(other, plan=replace(other.plan, **changes))], "run")


@pytest.mark.parametrize(("field", "value"), [("layout", "unlogged"), ("transport", "socket"), ("variant", "mine")])
def test_another_layout_transport_or_variant_stops_it_by_name(field, value):
    other = run(name=LATER)
    trials = tuple(replace(trial, **{field: value}) for trial in other.plan.trials)
    variants = tuple(replace(each, name=value) if field == "variant" else each for each in other.plan.variants)
    records = [changed(each, **{field: value}) for each in other.records]
    other = replace(other, plan=replace(other.plan, trials=trials, variants=variants), records=records)
    with pytest.raises(UsageError, match=f"{field} {value} is only in {LATER}"):
        compare_runs([run(), other], "run")


def test_the_same_phase_with_other_parameters_is_no_pair():
    other = run(name=LATER)
    trials = tuple(replace(each, parameters=replace(each.parameters, batch=7)) for each in other.plan.trials)
    with pytest.raises(UsageError, match=r"phase 2-C \(.*\) with these parameters"):
        compare_runs([run(), replace(other, plan=replace(other.plan, trials=trials))], "run")


def test_runs_that_share_some_rungs_are_compared_in_those_and_the_rest_is_named():
    report = compare_runs([run("1", "2-C", "2-D", "2-G"), run("2-C", "2-D", "2-H", name=LATER)], "run")
    assert [cell.phase for cell in report.cells] == ["2-C", "2-D"]
    assert f"Not compared: phase 1 is only in {RUN}; phase 2-G is only in {RUN}; phase 2-H is only in {LATER}." in (
        report.notes
    )


def test_of_three_runs_what_not_all_have_is_named():
    third = run("2", "2-C", name="20261124T101500-ab12")
    report = compare_runs([run("2", "2-C"), run("2-C", "2-D", name=LATER), third], "run")
    assert [cell.phase for cell in report.cells] == ["2-C"]
    assert f"Not compared: phase 2 is only in {RUN}; phase 2-D is only in {LATER}." in report.notes


def test_runs_that_share_all_rungs_name_none():
    assert not [note for note in compare_runs([run(), run(name=LATER)], "run").notes if "Not compared" in note]


@pytest.mark.parametrize("kind", ["run", "host"])
def test_the_rates_shown_have_the_ratio_that_is_told(kind):
    one = run(rates=[510.0, 980, 420])
    other = run(rates=[760.0, 300, None], name=LATER)
    [cell] = compare_runs([one, replace(other, host=replace(a_host(), host="bench-2"))], kind).cells
    first, second = cell.arms
    assert second.rows_per_s / first.rows_per_s == pytest.approx(cell.pairs[0].burst.ratio)
    assert second.settled_rows_per_s / first.settled_rows_per_s == pytest.approx(cell.pairs[0].settled.ratio)


def test_the_same_run_twice_is_refused():
    with pytest.raises(UsageError, match="is there twice"):
        compare_runs([run(), run()], "run")


def test_facts_that_differ_are_listed_and_serve_as_explanation():
    other = replace(run(), host=replace(a_host(cpu={"model": "Ryzen", "logical_cpus": 8}), host="bench-2"))
    report = compare_runs([run(), other], "host")
    told = {each.name: each.values for each in report.explanations}
    assert told["cpu.model"] == ("Intel(R) N100", "Ryzen")
    assert told["host"] == ("bench-1", "bench-2")
    assert "memory.ram_bytes" not in told
    assert report.hosts == ("bench-1", "bench-2")


def test_hosts_are_told_by_processor_energy_and_latency_too():
    other = replace(run(), host=replace(a_host(cpu={"logical_cpus": 8}), host="bench-2"))
    other = replace(other, records=[replace(each, energy_j=each.rows / 1000) for each in other.records])
    first = replace(run(), histograms={(trial, 1): a_histogram(26_100, times=9) for trial in range(1, 7)})
    one, two = compare_runs([first, other], "host").cells[0].arms
    assert one.rows_per_s_per_cpu == pytest.approx(2 * two.rows_per_s_per_cpu)
    assert (one.joules_per_1000_rows, two.joules_per_1000_rows) == (None, 1.0)
    assert one.p50_ms == pytest.approx(26.1, rel=0.01)


def test_processors_that_nobody_could_count_give_no_figure_by_processor():
    one = replace(run(), host=a_host(cpu={"logical_cpus": Unreadable(unreadable="no /proc here")}))
    arms = compare_runs([one, run(name=LATER)], "run").cells[0].arms
    assert arms[0].rows_per_s_per_cpu is None


def test_void_trials_are_left_out_by_name():
    report = compare_runs([run(), run(name=LATER, rates=[*RATES[:5], None])], "run")
    assert pair_of(report).left_out == (f"trial 6 of {LATER}: void, the connection was lost",)
    assert pair_of(report).burst.blocks == 5


def test_p_values_over_a_matrix_are_adjusted():
    report = compare_runs([run("2", "2-C"), run("2", "2-C", name=LATER)], "run")
    assert all(cell.pairs[0].adjusted_p >= cell.pairs[0].settled.p_value for cell in report.cells)


def test_postgresql_that_nobody_knows_of_either_run_is_told():
    report = compare_runs([run(host=None), run(name=LATER, host=None)], "run")
    assert any(note.startswith("The version of PostgreSQL is not known of") and LATER in note for note in report.notes)
    assert not any("version" in note for note in compare_runs([run(), run(name=LATER)], "run").notes)
    with pytest.raises(UsageError, match="PostgreSQL 15 and unknown"):
        compare_runs([run(), run(name=LATER, host=None)], "run")


def test_runs_of_different_boxes_are_told_before_the_caveat():
    other = run(name=LATER, host=replace(a_host(), host="shelf"))
    assert (
        compare_runs([run(), other], "run").notes[0].startswith("These runs are of different boxes, bench-1 and shelf")
    )


def test_settings_that_differ_in_effect_between_runs_are_listed():
    other = run(name=LATER)
    mine = as_variant("stock", "work_mem = 64MB\n")
    pair = pair_of(compare_runs([run(), replace(other, plan=replace(other.plan, variants=(mine,)))], "run"))
    assert pair.differs == (Differing(name="work_mem", baseline="4MB", candidate="64MB"),)
    assert pair_of(compare_runs([run(), run(name=LATER)], "run")).differs == ()


def test_a_run_without_checksums_is_not_whole():
    assert compare_runs([run(), run(name=LATER)], "run").complete
    assert not compare_runs([run(), run(name=LATER, sealed=False)], "run").complete


def unsettled(pulled):
    return replace(pulled, records=[replace(each, settled_rows_per_s=None) for each in pulled.records])


def test_where_one_run_has_no_settled_rate_the_burst_rate_decides_and_the_run_is_named():
    said = "has a settled rate (the server refused the closing CHECKPOINT): the burst rate decides."
    report = compare_runs([run(), unsettled(run(name=LATER))], "run")
    assert (report.headline, pair_of(report).verdict) == ("burst", pair_of(report).burst.verdict)
    assert f"No trial of {LATER} {said}" in report.notes
    assert f"No trial {said}" in compare_runs([unsettled(run()), unsettled(run(name=LATER))], "run").notes


def test_a_run_in_which_nothing_was_measured_does_not_make_the_burst_rate_decide():
    report = compare_runs([run(), run(name=LATER, rates=[None] * 6)], "run")
    assert (report.headline, pair_of(report).verdict) == ("settled", None)
    assert not any("CHECKPOINT" in note for note in report.notes)


def test_a_pair_without_a_verdict_is_less_than_was_asked_for():
    both = compared_run({"stock": RATES, "b": RATES})
    records = [replace(each, settled_rows_per_s=None) if each.trial.variant == "b" else each for each in both.records]
    later = replace(both, plan=replace(both.plan, run=LATER), records=[replace(each, run=LATER) for each in records])
    assert void_or_partial([compare_runs([both, later], "run")])
    assert not void_or_partial([compare_runs([run(), run(name=LATER)], "run")])


EVEN = {"stock": [100.0, 101, 100, 101], "b": [100.0, 101, 100, 101], "c": [100.0, 101, 100, 101]}


def refusing(*variants, name=None):
    """A quiet run of three variants that refuses these."""
    made = compared_run(EVEN)
    plan = replace(made.plan, run=name or made.plan.run)
    records = [
        replace(
            each,
            run=plan.run,
            **(void("refused", f"refused: no {each.trial.variant}") if each.trial.variant in variants else {}),
        )
        for each in made.records
    ]
    return replace(made, plan=plan, records=records)


def refusals(report):
    return [note for note in report.notes if "refused" in note]


def test_of_several_variants_that_only_one_run_refused_each_is_told_as_a_difference():
    report = compare_runs([refusing(), refusing("b", "c", name=LATER)], "run")
    assert refusals(report) == [
        f"{each} was refused by {LATER}, and not by {RUN}, which is a difference (refused: no {each})." for each in "bc"
    ]
    assert [cell.pairs[0].verdict for cell in report.cells] == ["equivalent", None, None]
    assert not equivalent(report)
    assert void_or_partial([report])


def test_what_both_runs_refused_is_said_and_the_rest_is_shown_to_be_equivalent():
    report = compare_runs([refusing("b"), refusing("b", name=LATER)], "run")
    assert refusals(report) == [
        f"b was refused by {RUN} and {LATER}, so there is nothing of it to compare (refused: no b)."
    ]
    assert equivalent(report)
    assert not void_or_partial([report])


def test_runs_that_refused_everything_are_not_equivalent():
    report = compare_runs([refusing(*EVEN), refusing(*EVEN, name=LATER)], "run")
    assert not equivalent(report)


def test_runs_of_one_box_are_no_comparison_of_hosts():
    with pytest.raises(UsageError, match="are of one box, bench-1: as runs they are compared by pgladder compare A"):
        compare_runs([run(), run(name=LATER)], "host")


# --- what a comparison within one run warns of too -------------------------------------------------------------------


def test_one_block_is_told_of_runs_too():
    report = compare_runs([run(rates=RATES[:1]), run(name=LATER, rates=RATES[:1])], "run")
    assert report.notes.count(ONE_BLOCK) == 1
    assert ONE_BLOCK not in compare_runs([run(), run(name=LATER)], "run").notes


def suspect(made, detail):
    return replace(
        made, records=[replace(each, validity=doubtful("suspect", "short", detail)) for each in made.records]
    )


def test_why_trials_are_suspect_is_told_by_run_and_once_where_it_is_the_same():
    one, other = suspect(run(), "the window is short"), suspect(run(name=LATER), "the window is short")
    notes = compare_runs([one, other], "run").notes
    assert notes.count("Each: 6 of 6 trials are suspect, short: the window is short.") == 1
    notes = compare_runs([run(), other], "run").notes
    assert f"{LATER}: 6 of 6 trials are suspect, short: the window is short." in notes


def test_a_virtual_box_is_told_by_its_name_and_once_where_all_are():
    virtual = a_host(system={"hypervisor": True})
    one, other = (replace(run(), host=replace(virtual, host=name)) for name in ("bench-1", "bench-2"))
    said = "This is a virtual machine: its numbers describe the machine it ran on."
    assert compare_runs([one, other], "host").notes.count(said) == 1
    real = replace(run(), host=replace(a_host(), host="bench-1"))
    assert f"bench-2: {said}" in compare_runs([real, other], "host").notes


def noise_of(rates):
    return box_noise(again(compared_run({"stock": RATES, "stock-again": rates})))


def test_of_runs_of_one_box_a_cell_has_its_noise():
    known = noise_of(RATES[::-1])
    [cell] = compare_runs([run(), run(name=LATER)], "run", [known, known]).cells
    assert cell.noise.spread == known.floors[0].floor.spread
    assert cell.noise.detectable == known.floors[0].floor.detectable(6)
    assert [arm.noise for arm in cell.arms] == [None, None]


def test_of_hosts_each_has_the_noise_of_its_own():
    one, other = noise_of(RATES[::-1]), noise_of([99.0, 104, 90, 107, 98, 100])
    shelf = replace(run(), host=replace(a_host(), host="shelf"))
    [cell] = compare_runs([run(), shelf], "host", [one, other]).cells
    assert cell.noise is None
    assert [arm.noise.spread for arm in cell.arms] == [each.floors[0].floor.spread for each in (one, other)]


def test_a_figure_that_was_measured_has_no_more_digits_than_mean_something():
    fast, slow = (a_host(disk={"fsync_per_s": flushes}) for flushes in (1578.5997346876372, 61.23456))
    report = compare_runs([replace(run(), host=fast), replace(run(name=LATER), host=slow)], "run")
    assert {each.name: each.values for each in report.explanations}["disk.fsync_per_s"] == ("1,579", "61.2")


def test_one_trial_is_suspect_and_several_are():
    made = suspect(run(), "the window is short")
    valid = [replace(each, validity=run().records[0].validity) for each in made.records[1:]]
    one = replace(made, records=[made.records[0], *valid])
    assert doubt_notes(one.records) == ["1 of 6 trials is suspect, short: the window is short."]
    assert doubt_notes(made.records) == ["6 of 6 trials are suspect, short: the window is short."]


def test_two_versions_are_compared_as_such_and_nothing_else_stops_it():
    newer = replace(run(), host=a_host(postgresql={"version": "PostgreSQL 17.2 on x86_64"}))
    report = compare_runs([run(), newer], "version")
    assert [arm.name for arm in report.cells[0].arms] == ["PostgreSQL 15", "PostgreSQL 17"]
    assert report.across == "version"
    with pytest.raises(UsageError, match="Several of these runs are of PostgreSQL 15: give one run of each version"):
        compare_runs([run(), run(name=LATER)], "version")


def test_two_engines_are_compared_as_such():
    other = run(name=LATER)
    other = replace(other, records=[replace(each, engine="timescaledb") for each in other.records])
    report = compare_runs([run(), other], "engine")
    assert [arm.name for arm in report.cells[0].arms] == ["postgresql", "timescaledb"]
