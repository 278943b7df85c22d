"""A rung is all its trials as one; void trials are named but not counted, steps go from rung to rung."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.doubts import Doubt
from bench.analysis.ladder import ladder_report, ladders, rung_names, side_by_side, trials_of
from bench.model.fingerprint import Unreadable
from bench.model.record import Cpu, Reason
from tests.builders import (
    a_histogram,
    a_host,
    a_plan,
    a_record,
    a_report,
    a_trial,
    climbed,
    doubtful,
    latencies_of,
    pulled,
    void,
)


def rungs(*records, **more):
    [ladder] = climbed(*records, **more)
    return {rung.phase: rung for rung in ladder.rungs}


def with_rate(trial, phase, rate, **changes):
    return a_record(trial, phase, rows_per_s=rate, **changes)


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_a_rung_is_its_trials_as_one_and_says_how_far_they_differ():
    rung = rungs(with_rate(1, "2", 100), with_rate(2, "2", 150), with_rate(3, "2", 350))["2"]
    assert (rung.rows_per_s, rung.rows_per_s_min, rung.rows_per_s_max, rung.trials) == (200, 100, 350, 3)


def test_every_number_of_a_rung_is_of_all_its_windows():
    records = [
        a_record(
            number,
            settled_rows_per_s=10 * value,
            commits_per_s=20 * value,
            cpu=Cpu(host_pct=value, steal_pct=0, client_cores=value / 10, server_cores=value / 5),
        )
        for number, value in enumerate([3, 1, 2], 1)
    ]
    rung = rungs(*records)["2-C"]
    assert (rung.settled_rows_per_s, rung.commits_per_s, rung.host_pct) == (20, 40, 2)
    assert (rung.client_cores, rung.server_cores) == pytest.approx((0.2, 0.4))


def test_a_settled_rate_is_all_rows_over_all_windows_and_checkpoints():
    quick, slow = (a_record(n, checkpoint_s=s, settled_rows_per_s=35_000 / (2 + s)) for n, s in ((1, 1.0), (2, 7.0)))
    assert rungs(quick, slow)["2-C"].settled_rows_per_s == pytest.approx(70_000 / 12)


def kept_busy(rate_s_by_trial):
    """Trials of 1-B, one commit under way at any time: the faster the server, the shorter each takes."""
    records = [a_record(trial, "1-B", rows=rate * 2) for trial, rate in enumerate(rate_s_by_trial, 1)]
    return records, {(record.trial.number, 1): samples_histogram(record) for record in records}


def samples_histogram(record):
    return latencies_of(record.commits, record.trial.parameters.in_flight)


@pytest.mark.parametrize("rates", [(1240, 1300, 700), (900, 910, 905), (500, 2000), (1240,)])
def test_rate_and_latency_of_a_rung_are_of_one_story(rates):
    records, histograms = kept_busy(rates)
    rung = rungs(*records, histograms=histograms)["1-B"]
    assert 0.85 < rung.commits_per_s * rung.latency_ms.mean / 1000 <= 1
    assert (rung.doubts, rung.suspect) == ((), 0)


def test_a_rung_of_which_more_was_under_way_than_can_be_is_doubted():
    records, histograms = kept_busy((1240, 1240, 1240))
    slower = {key: a_histogram(871, times=each.get_total_count()) for key, each in histograms.items()}
    rung = rungs(*records, histograms=slower)["1-B"]
    [doubt] = rung.doubts
    assert (doubt.state, doubt.trials, doubt.reason.code, rung.suspect) == ("suspect", (1, 2, 3), "in-flight", 3)
    assert doubt.reason.detail.startswith("rate × mean latency is 1.08 commits under way where 1 are possible")


def test_what_was_under_way_when_the_window_opened_is_no_doubt():
    histograms = {(1, 1): a_histogram(1_000_000, times=3)}  # in 2 s one after the other, the first begun before
    record = a_record(1, "1-B", commits_per_s=1.5)
    assert rungs(record, histograms=histograms)["1-B"].doubts == ()


def test_what_some_trials_do_not_know_is_the_rate_of_the_others_and_what_none_knows_is_none():
    known = a_record(1, settled_rows_per_s=10)
    unknown = [a_record(number, settled_rows_per_s=None) for number in (2, 3)]
    assert rungs(known, *unknown)["2-C"].settled_rows_per_s == 10
    assert rungs(*unknown)["2-C"].settled_rows_per_s is None


def test_percentiles_come_from_the_merged_histograms_and_are_no_means_of_percentiles():
    histograms = {(1, 1): a_histogram(1000, times=19), (2, 1): a_histogram(9000)}
    rung = rungs(a_record(1), a_record(2), histograms=histograms)["2-C"]
    assert rung.latency_ms.p50 == 1.0
    assert rung.latency_ms.max == pytest.approx(9, rel=1e-3)
    assert rung.latency_ms.mean == pytest.approx((19 * 1 + 9) / 20, rel=1e-3)
    assert rung.row_latency_ms is None  # one commit of twenty makes a third of it


# --- void and suspect ------------------------------------------------------------------------------------------------


def test_a_void_trial_does_not_count_but_is_named_with_its_reason():
    histograms = {(1, 1): a_histogram(50), (2, 1): a_histogram(50_000)}
    records = [with_rate(1, "2", 100), a_record(2, "2", **void("rows-lost", "3 rows") | {"rows_per_s": 9e9})]
    rung = rungs(*records, histograms=histograms)["2"]
    assert (rung.rows_per_s, rung.rows_per_s_max, rung.latency_ms.max) == (100, 100, 0.05)
    assert (rung.trials, rung.void, rung.suspect) == (2, 1, 0)
    assert rung.doubts == (Doubt(state="void", trials=(2,), reason=Reason(code="rows-lost", detail="3 rows")),)


def test_a_suspect_trial_counts_and_is_named():
    rung = rungs(with_rate(1, "2", 100), with_rate(2, "2", 200, validity=doubtful("suspect", "steal")))["2"]
    assert (rung.rows_per_s, rung.void, rung.suspect) == (150, 0, 1)
    assert [(doubt.state, doubt.trials) for doubt in rung.doubts] == [("suspect", (2,))]


def test_a_rung_of_void_trials_has_no_number_and_no_step_goes_over_it():
    found = rungs(with_rate(1, "1", 100), a_record(2, "1-B", **void()), with_rate(3, "2", 300))
    assert found["1-B"].rows_per_s is None
    assert found["1-B"].step is None
    assert found["1-B"].vs_phase_1 is None
    assert found["2"].step is None
    assert found["2"].vs_phase_1 == 3


def test_the_same_reason_of_several_trials_is_one_doubt_in_the_words_of_the_gravest():
    records = [a_record(number, validity=doubtful("suspect", "steal", f"{number} %")) for number in (1, 2, 3)]
    [doubt] = rungs(*records)["2-C"].doubts
    assert (doubt.trials, doubt.worst, doubt.reason.detail) == ((1, 2, 3), 3, "3 %")


def test_a_suspect_trial_is_not_called_void_for_sharing_a_reason_with_a_void_one():
    records = [a_record(1, **void("in-flight")), a_record(2, validity=doubtful("suspect", "in-flight"))]
    doubts = rungs(*records)["2-C"].doubts
    assert [(doubt.state, doubt.trials) for doubt in doubts] == [("void", (1,)), ("suspect", (2,))]


# --- attempts --------------------------------------------------------------------------------------------------------


def test_a_later_attempt_replaces_the_one_that_was_cut_short():
    cut, again = a_record(1, "2", **void("agent-ended")), with_rate(1, "2", 100, attempt=2)
    rung = rungs(cut, again)["2"]
    assert (rung.trials, rung.void, rung.rows_per_s, rung.doubts) == (1, 0, 100, ())


# --- steps -----------------------------------------------------------------------------------------------------------


def test_each_rung_is_told_against_the_one_below_and_against_phase_1():
    found = rungs(with_rate(1, "2-C", 17_400), with_rate(2, "1", 70), with_rate(3, "2-B", 5_100))
    assert list(found) == ["1", "2-B", "2-C"]
    assert [rung.step for rung in found.values()] == pytest.approx([None, 5100 / 70, 17_400 / 5_100])
    assert [rung.vs_phase_1 for rung in found.values()] == pytest.approx([1, 5100 / 70, 17_400 / 70])


def test_without_phase_1_nothing_is_told_against_it():
    found = rungs(with_rate(1, "2-B", 5_100), with_rate(2, "2-C", 17_400))
    assert [rung.vs_phase_1 for rung in found.values()] == [None, None]
    assert found["2-C"].step == pytest.approx(17_400 / 5_100)


@given(st.permutations(range(6)))
def test_the_order_in_which_trials_ran_changes_nothing(order):
    records = [with_rate(n, phase, 100 * n) for n, phase in enumerate(["1", "1", "2", "2", "2-C", "2-C"], 1)]
    assert climbed(*(records[i] for i in order)) == climbed(*records)


# --- what is pooled --------------------------------------------------------------------------------------------------


def test_every_variant_layout_and_transport_has_a_ladder_of_its_own():
    records = [
        a_record(1, variant="stock"),
        a_record(2, variant="async-commit", durability="may lose last 600 ms"),
        a_record(3, layout="unlogged", durability="not crash-safe"),
        a_record(4, transport="socket"),
    ]
    found = climbed(*records)
    assert [(each.variant, each.layout, each.transport, each.durability) for each in found] == [
        ("async-commit", "plain", "tcp", ("may lose last 600 ms",)),
        ("stock", "plain", "socket", ("durable",)),
        ("stock", "plain", "tcp", ("durable",)),
        ("stock", "unlogged", "tcp", ("not crash-safe",)),
    ]


@pytest.mark.parametrize(
    "other", [{"batch": 500}, {"processes": 2}, {"in_flight": 9}, {"pool_max": 7}, {"payload_bytes": 640}]
)
def test_trials_of_one_phase_with_other_parameters_are_another_rung(other):
    [ladder] = climbed(with_rate(1, "2-C", 100), with_rate(2, "2-C", 900, **other))
    assert sorted(rung.rows_per_s for rung in ladder.rungs) == [100, 900]


def test_a_grade_that_a_void_trial_never_came_to_know_does_not_blur_the_others():
    [ladder] = climbed(a_record(1), a_record(2, durability="unknown", **void()))
    assert ladder.durability == ("durable",)


def test_without_records_there_is_no_ladder():
    assert ladders([], {}) == []


# --- the report ------------------------------------------------------------------------------------------------------


def report(*records, host=None, sealed=True):
    return ladder_report(pulled(*records, plan=a_plan(a_trial(1), a_trial(2)), host=host, sealed=sealed))


def test_a_container_lists_what_only_its_host_can_set():
    shared = {
        "swappiness": "not applicable: shared kernel (lxc)",
        "CPU governor": "not applicable: shared kernel (lxc)",
    }
    knobs = {**shared, "read-ahead of sda (KiB)": "not applicable: this machine has no /sys/block/sda"}
    host = a_host(system={"container": "lxc", "knobs": knobs})
    notes = report(a_record(1), a_record(2), host=host).notes
    assert "In this container (lxc) these are its host's to set: swappiness, CPU governor." in notes
    unprovisioned = a_host(system={"container": "lxc", "knobs": Unreadable(unreadable="not provisioned")})
    assert not [note for note in report(a_record(1), host=unprovisioned).notes if "its host's to set" in note]


def test_whole_results_without_checksums_are_noted():
    [note] = report(a_record(1), a_record(2), host=a_host(), sealed=False).notes
    assert note.startswith("This run has no checksums, although all its trials are recorded:")


def test_a_run_with_a_record_for_every_trial_is_complete():
    whole = report(a_record(1), a_record(2), host=a_host())
    assert (whole.complete, whole.notes) == (True, ())


def test_a_run_that_is_not_complete_says_so_first():
    part = report(a_record(2), host=a_host(disk={"kind": "memory"}))
    assert not part.complete
    assert part.notes[0] == "This run is not complete: 1 of its 2 trials are here."
    assert part.notes[1].startswith("The data is in memory")


def test_attempts_of_one_trial_do_not_make_a_run_complete():
    assert not report(a_record(1, **void("interrupted")), a_record(1, attempt=2)).complete


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ({"system": {"hypervisor": True}}, "a virtual machine"),
        ({"system": {"container": "docker"}}, "a container (docker)"),
        ({"disk": {"kind": "memory"}}, "in memory"),
        (
            {"pgladder": {"limits": ["used as found"]}},
            "This is an external server: used as found",
        ),
        ({"system": {"hypervisor": Unreadable(unreadable="no cpuinfo")}}, None),
    ],
)
def test_what_of_the_host_must_be_known_before_its_numbers_is_noted(groups, words):
    notes = report(a_record(1), a_record(2), host=a_host(**groups)).notes
    assert len(notes) == (words is not None)
    assert not words or words in notes[0]


def test_a_run_without_a_fingerprint_says_so():
    assert "no fingerprint" in report(a_record(1), a_record(2)).notes[0]


def test_a_rung_is_named_by_its_phase_and_method():
    [ladder] = climbed(a_record(1, "1"), a_record(2, "2-C"))
    assert rung_names(ladder) == ["1 connect each", "2-C executemany"]


def test_rungs_of_one_phase_are_told_apart_by_what_differs():
    [ladder] = climbed(a_record(1, "2-C", batch=10), a_record(2, "2-C", batch=100))
    assert rung_names(ladder) == ["2-C executemany, batch 10", "2-C executemany, batch 100"]


def test_rungs_that_wrote_payloads_of_other_sizes_are_named_by_them():
    [ladder] = climbed(a_record(1, "2-C"), a_record(2, "2-C", payload_bytes=1024))
    assert rung_names(ladder) == ["2-C executemany, payload_bytes 64", "2-C executemany, payload_bytes 1024"]


def test_a_rung_has_its_trials_the_void_ones_too_and_of_each_the_last_attempt():
    records = [a_record(1, **void("agent-ended")), a_record(2), a_record(3, "1"), a_record(1, attempt=2)]
    [ladder] = climbed(*records)
    rung = ladder.rungs[-1]
    assert [record.key for record in trials_of(ladder, rung, records)] == [(1, 2), (2, 1)]


def test_hosts_stand_side_by_side_rung_by_rung():
    reports = [a_report(a_record(1, "1"), a_record(2, "2-C")), a_report(a_record(1, "2-C", rows_per_s=20_000))]
    [(conditions, rungs)] = side_by_side(reports).items()
    assert conditions == ("stock", "plain", "tcp", None)
    assert [rung and rung.rows_per_s for rung in rungs["2-C executemany"]] == [17_500, 20_000]
    assert rungs["1 connect each"][1] is None


# --- rungs of other engines ------------------------------------------------------------------------------------------


def of_engine(trial, phase, **changes):
    return a_record(trial, phase, engine="timescaledb", layout="hypertable", **changes)


def test_a_rung_of_another_engine_stands_in_the_ladder_of_the_plans_own_with_its_layout():
    [ladder] = climbed(with_rate(1, "1", 100), with_rate(2, "2-D", 400), of_engine(3, "3-T", rows_per_s=300))
    assert ladder.layout == "plain"
    assert [(rung.phase, rung.engine, rung.layout, rung.durability) for rung in ladder.rungs] == [
        ("1", None, None, None),
        ("2-D", None, None, None),
        ("3-T", "timescaledb", "hypertable", "durable"),
    ]
    assert [(rung.step, rung.vs_phase_1) for rung in ladder.rungs] == [(None, 1), (4, 4), (0.75, 3)]


def test_its_durability_is_not_the_ladders():
    [ladder] = climbed(with_rate(1, "1", 100), of_engine(2, "3-T", durability="not crash-safe"))
    assert ladder.durability == ("durable",)
    assert ladder.rungs[1].durability == "not crash-safe"


def test_of_several_layouts_it_stands_in_that_of_the_plain_table_once():
    records = [with_rate(1, "1", 100, layout="no-index"), with_rate(2, "1", 90), of_engine(3, "3-T")]
    found = {ladder.layout: [rung.phase for rung in ladder.rungs] for ladder in climbed(*records)}
    assert found == {"no-index": ["1"], "plain": ["1", "3-T"]}


def test_a_rung_that_both_engines_have_stands_in_a_ladder_of_each_layout():
    records = [with_rate(1, "2-D", 400), of_engine(2, "2-D"), of_engine(3, "3-T")]
    found = {ladder.layout: [rung.phase for rung in ladder.rungs] for ladder in climbed(*records)}
    assert found == {"plain": ["2-D"], "hypertable": ["2-D", "3-T"]}


def test_the_trials_of_such_a_rung_are_found_by_its_own_layout():
    records = [with_rate(1, "2-D", 400), of_engine(2, "3-T"), of_engine(3, "3-T")]
    [ladder] = climbed(*records)
    assert trials_of(ladder, ladder.rungs[1], records) == records[1:]
