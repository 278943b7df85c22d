"""A record whose own figures or samples make a doubt that it lacks is refused, sealed anew or not."""

import json
from dataclasses import replace

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bench.analysis.judged import check_doubts, doubts_of_record, impossible, lacking, plainly_sound
from bench.analysis.resealed import check_samples, longest_pause
from bench.engines.postgresql.durability import Promise, grade
from bench.engines.postgresql.layout import table_layout
from bench.model.errors import DataError
from bench.model.fingerprint import Unreadable
from bench.model.readings import HOST_FIGURES
from bench.model.record import Cpu, InFlight, Reason, Validity
from bench.results.read import read
from bench.stats.gaps import longest_gap
from bench.store.run_directory import TRIALS, RunDirectory
from bench.validity.judge import validity
from bench.workload.recorder import SECOND_NS, Recorder
from tests.builders import a_host, a_record, changed, compared_run, doubtful, latencies_of, samples_of, void, written
from tests.kept import KEPT, NAMES

RECORD = a_record(rows=140_000)  # 2-C: 1,400 commits of 100 rows in 2 s
HISTOGRAM = latencies_of(RECORD.commits, RECORD.trial.parameters.in_flight)
HOST = a_host()
QUIET = {"host_pct": 61.5, "steal_pct": 0, "client_cores": 0.92, "server_cores": 1.31}


def cpu(**changes):
    return Cpu(**QUIET | changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cpu": cpu(steal_pct=6.0)}, "lacks the doubt 'steal', and its figures make it: the hypervisor gave 6 %"),
        ({"cpu": cpu(steal_pct=2.0)}, "lacks the doubt 'some-steal'"),
        ({"cpu": cpu(steal_pct=None)}, "lacks the doubt 'steal-unknown'"),
        ({"cpu": cpu(host_pct=90)}, "lacks the doubt 'not-alone', and its figures make it: other programs kept 1.4 of"),
        ({"cpu": cpu(host_pct=None)}, "lacks the doubt 'others-unknown'"),
        (
            {"longest_gap_s": 0.5},
            "lacks the doubt 'stalled', and its figures make it: nothing was acknowledged for 0.5",
        ),
        ({"in_flight_check": InFlight(measured=3, expected=5)}, "lacks the doubt 'in-flight'"),
        ({"fsync_per_s": (10.0, 12.0)}, "lacks the doubt 'flush-rate'"),
        ({"steadiness": "slowdown"}, "lacks the doubt 'not-steady'"),
        ({"errors": 2}, "lacks the doubt 'client-error'"),
        ({"rows": 2_000, "commits": 20}, "lacks the doubt 'few-commits'"),
        ({"rows": 0, "commits": 0, "in_flight_check": None}, "lacks the doubt 'no-commits'"),
    ],
)
def test_a_doubt_that_the_record_itself_makes_is_missed_by_host_trial_and_code(changes, told):
    with pytest.raises(DataError, match=f"^here: trial 1 on bench-1 {told}"):
        check_doubts(HOST, [replace(RECORD, **changes)], "here")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"in_flight_check": None}, "has commits, and no in_flight_check"),
        ({"longest_gap_s": None}, "lacks longest_gap_s, which its release measured"),
        ({"longest_gap_s": 2.5}, "had a pause of 2.5 s in a window of 2 s"),
        ({"cpu": cpu(host_pct=120)}, "has a host_pct of 120"),
        ({"cpu": cpu(client_cores=3.5, server_cores=2.5, host_pct=100)}, "used 6.00 cores of 4"),
        ({"cpu": cpu(host_pct=20)}, "used 2.23 cores where all of the host used 0.80"),
        ({"durability_because": "the table is unlogged"}, "is 'durable' in spite of this: the table is unlogged"),
    ],
)
def test_figures_that_cannot_be_true_together_are_refused(changes, told):
    with pytest.raises(DataError, match=f"^trials.jsonl: trial 1 on bench-1 {told}"):
        check_doubts(HOST, [replace(RECORD, **changes)])


def test_what_lies_in_memory_is_not_durable():
    memory = a_host(disk={"kind": "memory"})
    with pytest.raises(DataError, match="is recorded as 'durable', and its data lies in memory"):
        check_doubts(memory, [RECORD])
    check_doubts(memory, [replace(RECORD, durability="in memory", durability_because="the data lies on tmpfs")])


@pytest.mark.parametrize(
    ("promise", "layout"),
    [({}, "plain"), ({}, "unlogged"), ({"fsync": "off"}, "plain"), ({"synchronous_commit": "off"}, "plain")],
)
def test_what_lies_on_a_disk_of_memory_has_the_grade_that_its_settings_give(promise, layout):
    on = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "wal_writer_delay_ms": 200}
    given = grade(Promise(**on | promise), table_layout(layout).risk, [Unreadable(unreadable="/d is on pmem0")], [])
    assert given.word != "durable"
    record = changed(RECORD, layout=layout, durability=given.word, durability_because=given.because)
    check_doubts(a_host(disk={"kind": "memory"}), [record])


def test_a_doubt_made_smaller_is_refused_and_one_of_its_size_is_not():
    stolen = replace(RECORD, cpu=cpu(steal_pct=20.0))
    with pytest.raises(DataError, match=r"has the doubt 'steal' of 1.00%, and its figures make 20.00%"):
        check_doubts(HOST, [replace(stolen, validity=doubtful("suspect", "steal", share=0.01))])
    check_doubts(HOST, [replace(stolen, validity=doubtful("suspect", "steal", share=0.2))])


def test_a_state_that_its_doubts_do_not_make_is_refused():
    with pytest.raises(DataError, match=r"is suspect, and its doubts .rows-lost. make it void"):
        check_doubts(HOST, [replace(RECORD, validity=doubtful("suspect", "rows-lost"))])


def test_records_that_have_their_doubts_are_taken_and_so_are_those_without_a_window():
    reasons = [Reason(code="steal", detail="", share=0.06), Reason(code="in-flight", detail="", share=0.4)]
    doubted = replace(
        RECORD, cpu=cpu(steal_pct=6.0), in_flight_check=InFlight(measured=3, expected=5), validity=validity(reasons)
    )
    check_doubts(HOST, [RECORD, doubted, a_record(**void())])
    check_doubts(None, [RECORD, doubted])


def test_an_earlier_release_is_asked_for_no_doubt_that_it_did_not_have():
    earlier = replace(RECORD, longest_gap_s=None, latency_ms=replace(RECORD.latency_ms, intervals={}))
    check_doubts(a_host(disk={"kind": "memory"}), [replace(earlier, cpu=cpu(steal_pct=2.0, server_cores=None))])
    with pytest.raises(DataError, match="lacks the doubt 'steal'"):
        check_doubts(HOST, [replace(earlier, cpu=cpu(steal_pct=6.0))])


@pytest.mark.parametrize("name", NAMES)
def test_runs_that_the_project_keeps_are_still_read_and_their_doubts_cannot_be_erased(name, tmp_path):
    kept = read(RunDirectory(KEPT / name))
    run = tmp_path / name
    run.mkdir()
    for file in ("plan.json", "host.json", TRIALS):
        (run / file).write_bytes((KEPT / name / file).read_bytes())
    stolen = next(record.trial.number for record in kept.records if "steal" in _codes(record))
    lines = [json.loads(line) for line in (run / TRIALS).read_text().splitlines()]
    for line in lines:
        if line["trial"] == stolen:
            line["validity"] = {"state": "valid", "reasons": []}
    (run / TRIALS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    RunDirectory(run).finish()
    with pytest.raises(DataError, match=f"trial {stolen} on .* lacks the doubt 'steal'"):
        read(RunDirectory(run))


def _codes(record):
    return {reason.code for reason in record.validity.reasons}


# --- what the samples make -------------------------------------------------------------------------------------------

ZONE = "intel-rapl:0"


def readings(**last):
    """Two readings of a quiet host, the last one changed."""
    host = {
        "throttle_counts": {"core_throttle_count": 8},
        "energy_uj": {ZONE: 1_000_000},
        "swap": {"swapped_in": 12, "swapped_out": 340},
        "cpu": {"busy": 1000, "steal": 0, "total": 8000},
    }
    later = {"energy_uj": {ZONE: 21_000_000}, "cpu": {"busy": 1492, "steal": 0, "total": 8800}}
    wal = {"wal_sync": 3}
    return [
        {"at_s": 0.0, "host": host, "server": wal},
        {"at_s": 2.0, "host": host | later | last, "server": {"wal_sync": 353}},
    ]


SAMPLED = replace(RECORD, energy_j=20.0)


def checked(record, commits=None, **last):
    samples = replace(samples_of(record), readings=readings(**last))
    if commits:
        samples = replace(samples, commits_per_second=commits)
    check_samples(record, samples, HISTOGRAM, "here")


def test_a_record_that_its_readings_bear_is_taken():
    checked(SAMPLED)
    checked(replace(SAMPLED, energy_j=7.0), energy_uj={ZONE: 1000})  # it began again: where, is not kept


@pytest.mark.parametrize(
    ("changes", "last", "told"),
    [
        ({}, {"throttle_counts": {"core_throttle_count": 9}}, "trial 1 lacks the doubt 'throttled'"),
        ({}, {"swap": {"swapped_in": 15, "swapped_out": 340}}, "lacks the doubt 'swapped', .* 3 pages were"),
        ({}, {"swap": {"unreadable": "no /proc here"}}, "lacks the doubt 'swapped-unknown'"),
        ({"cpu": cpu(host_pct=50)}, {}, "the host_pct of trial 1 is 50, and its samples make 61.5"),
        ({}, {"cpu": {"busy": 1492, "steal": 80, "total": 8800}}, "the steal_pct of trial 1 is 0, and .* make 10.0"),
        ({"energy_j": 2.0}, {}, "the energy_j of trial 1 is 2.0, and its samples make 20.0"),
        ({"energy_j": None}, {}, "the energy_j of trial 1 is None, and its samples make 20.0"),
        ({"energy_j": 2.0}, {"energy_uj": {ZONE: 1_000_000}}, "the energy_j of trial 1 is 2.0, and .* make None"),
        ({"longest_gap_s": 0.3}, {}, "trial 1 lacks the doubt 'stalled'"),
        ({"fsync_per_s": (80.0, 70.0)}, {}, "trial 1 lacks the doubt 'flush-rate', .* the server counted 175"),
    ],
)
def test_what_the_readings_make_is_looked_for_in_the_record(changes, last, told):
    with pytest.raises(DataError, match=f"^here: .*{told}"):
        checked(replace(SAMPLED, **changes), **last)


def test_what_the_probe_of_the_host_made_of_its_readings_is_looked_for_in_the_record():
    observed = dict.fromkeys(HOST_FIGURES) | {"throttle_events": 0.0}
    checked(replace(SAMPLED, observed={"host": observed, "a-users": {"sense": 7.0}}))
    with pytest.raises(DataError, match=r"the host\.temperature_c of trial 1 is None, and its samples make 91\.0"):
        checked(replace(SAMPLED, observed={"host": observed}), temperature_c=91.0)
    with pytest.raises(DataError, match=r"the host\.disk_busy_pct of trial 1 is 12\.0, and its samples make None"):
        checked(replace(SAMPLED, observed={"host": observed | {"disk_busy_pct": 12.0}}))
    with pytest.raises(DataError, match=r"the host\.throttle_events of trial 1 is 3\.0, and its samples make 0\.0"):
        checked(replace(SAMPLED, observed={"host": observed | {"throttle_events": 3.0}}))


def test_a_record_that_was_made_before_a_figure_was_thought_of_is_taken():
    before = {name: None for name in HOST_FIGURES if name != "throttle_events"}
    checked(replace(SAMPLED, observed={"host": before}))


def test_seconds_without_a_commit_are_a_pause():
    with pytest.raises(DataError, match=r"longest_gap_s of trial 1 is 0\.05, and its samples make at least 0\.5"):
        checked(SAMPLED, commits=[1400, 0])


def acknowledged(window_s, *readings_s):
    """Have one client process measure commits; each by when it was asked for, answered and given back, in s."""
    recorder = Recorder(0, window_s * SECOND_NS, 100)
    for readings in readings_s:
        asked, answered, released = (int(each * SECOND_NS) for each in readings)
        recorder.acknowledge(asked, asked, asked, answered, released)
    recorder.fold()
    return recorder


def test_a_commit_given_back_in_an_idle_second_is_no_contradiction():
    busy = [(n * 0.009, n * 0.009 + 0.005, (n + 1) * 0.009) for n in range(110)]
    one = acknowledged(3, *busy, (0.993, 0.998, 1.002), (1.002, 2.0, 2.0), (2.0, 2.005, 2.009))
    first = acknowledged(3, (0, 0.99, 1.05), (1.05, 2.01, 2.07))
    second = acknowledged(3, (0, 0.97, 0.98), (0.98, 2.005, 2.01))
    for recorders in ([one], [first, second]):
        seconds = [sum(each) for each in zip(*(each.commits_per_second() for each in recorders), strict=True)]
        gap_s = longest_gap([each.gaps() for each in recorders]) / SECOND_NS
        assert (seconds[1], gap_s < 1) == (0, True)
        record = replace(SAMPLED, longest_gap_s=gap_s, seconds=3.0)
        assert not list(longest_pause(record, replace(samples_of(record), commits_per_second=seconds)))


def test_a_long_pause_that_was_erased_is_seen():
    record = replace(SAMPLED, longest_gap_s=2.9, seconds=60.0)
    seconds = [100] * 50 + [0] * 10
    assert [*longest_pause(record, replace(samples_of(record), commits_per_second=seconds))] == [
        ("longest_gap_s", 2.9, "at least 5")
    ]


def test_a_late_agent_has_no_cpu_time_and_a_damaged_reading_is_named():
    unknown = cpu(host_pct=None, steal_pct=None, client_cores=None, server_cores=None)
    late = Validity(state="suspect", reasons=(Reason(code="agent-late", detail=""),))
    checked(replace(SAMPLED, cpu=unknown, validity=late))
    with pytest.raises(DataError, match="the host_pct of trial 1 is None"):
        checked(replace(SAMPLED, cpu=unknown))
    with pytest.raises(DataError, match="here: a reading of trial 1 is damaged"):
        checked(SAMPLED, cpu=7)


def test_a_sealed_run_whose_doubts_were_erased_is_refused_by_all_that_read_it(tmp_path):
    run = compared_run({"stock": [100.0], "b": [101.0]})
    stolen = [replace(record, cpu=cpu(steal_pct=9.0)) for record in run.records]
    with pytest.raises(DataError, match="trial 1 on bench-1 lacks the doubt 'steal'"):
        read(RunDirectory(written(tmp_path / "bench-1", replace(run, records=stolen))))


def near(*edges):
    """Values at, just below and just above some edges, and None."""
    close = [edge * factor for edge in edges for factor in (0.999999, 1, 1.000001)]
    return st.sampled_from([*close, None])


CHANGED = {
    "cpu": st.builds(
        Cpu,
        host_pct=near(0.0, 55.75, 61.5, 66.0, 100.0, 101.0, -1.0),
        steal_pct=near(0.0, 1.0, 5.0, -1.0, 101.0),
        client_cores=near(0.0, 0.92, 2.69, 4.0),
        server_cores=near(0.0, 1.31, 2.0),
    ),
    "in_flight_check": st.builds(
        InFlight, measured=near(4.75, 5.0, 5.25).filter(bool), expected=st.sampled_from([5, 1, 4])
    ),
    "longest_gap_s": near(0.0, 0.1, 0.13, 2.0),
    "fsync_per_s": st.sampled_from([(), (1.0,), (3.5, 2.0), (1000.0,)]),
    "commits": st.sampled_from([0, 29, 30, 149, 150, 350]),
    "seconds": st.sampled_from([0, 0.001, 2, 2000]),
    "steadiness": st.sampled_from(["flat", "not assessed", "slowdown"]),
    "durability": st.sampled_from(["durable", "unknown", "may lose last 600 ms"]),
    "durability_because": st.sampled_from([None, "why"]),
    "validity": st.sampled_from([Validity(state="suspect"), doubtful("valid", "some-steal", share=0.03)]),
    "errors": st.integers(0, 1),
}


@settings(max_examples=500, deadline=None)
@given(st.data(), st.sets(st.sampled_from(sorted(CHANGED)), max_size=2), st.sampled_from([4, 4, 4, 1]))
def test_what_is_plainly_sound_has_nothing_to_be_said_against_it(data, names, cpus):
    record = replace(RECORD, **{name: data.draw(CHANGED[name], name) for name in sorted(names)})
    if plainly_sound(record, cpus, 812.5):
        event("plainly sound")
        assert not list(impossible(record, cpus, in_memory=False))
        assert lacking(record, doubts_of_record(record, cpus, [812.5])) is None


def test_a_record_of_a_quiet_box_is_plainly_sound():
    assert plainly_sound(RECORD, 4, 812.5)
